-- Every artifact of every release with its newest dossier, and the verdict that holds for it (none: it was never judged).
SELECT d.*, v.call, v.reason, v.because, v.categories, v.classes, v.techniques, v.triggers, v.judged
FROM (
  SELECT * FROM dossiers
  QUALIFY row_number() OVER (PARTITION BY ecosystem, name, version, sha256 ORDER BY created DESC, run_id DESC) = 1
) d LEFT JOIN verdicts v ON d.run_id = v.run_id
