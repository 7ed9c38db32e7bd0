-- Which artifacts are published under several names?
-- The same bytes, another name: a republished package, or the same dropper.
SELECT sha256, count(DISTINCT (ecosystem, name)) AS names, min(created) AS first,
  list(DISTINCT ecosystem || '/' || name || '@' || version)[:10] AS releases
FROM dossiers
GROUP BY sha256
HAVING names > 1
ORDER BY first DESC
