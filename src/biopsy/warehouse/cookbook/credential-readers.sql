-- Who opens credentials at installation?
-- Reading is no proof, but few have a reason to.
SELECT value, count(DISTINCT (ecosystem, name)) AS packages, count(DISTINCT run_id) AS dossiers,
  list(DISTINCT ecosystem || '/' || name)[:5] AS some
FROM behaviours
WHERE actor = 'package' AND phase = 'install'
  AND (kind = 'canary.read' OR (kind = 'file.read' AND regexp_matches(value, '/\.(npmrc|pypirc|netrc|ssh/|aws/|gnupg/|kube/|docker/)')))
GROUP BY value
ORDER BY packages DESC
