-- Which packages share a rare host?
-- Campaigns publish under many names and collect at one place.
-- $packages = 30
SELECT host, count(DISTINCT (ecosystem, name)) AS packages, min(created) AS first,
  list_sort(list(DISTINCT ecosystem || '/' || name))[:10] AS names
FROM hosts
WHERE contacted
GROUP BY host
HAVING packages BETWEEN 2 AND CAST($packages AS INTEGER)
ORDER BY packages DESC, first DESC
