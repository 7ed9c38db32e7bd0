-- What rules found in each dossier, in the judgement that holds.
SELECT f.* EXCLUDE (pack) FROM judgement_findings f
SEMI JOIN verdicts v ON f.run_id = v.run_id AND f.judged IS NOT DISTINCT FROM v.judged AND f.rules = v.rules
QUALIFY row_number() OVER (PARTITION BY run_id, rule ORDER BY pack DESC) = 1
