-- Hosts that at most three packages know, with these packages.
SELECT host, count(DISTINCT (ecosystem, name)) AS packages, bool_or(source = 'trace') AS contacted,
  min(created) AS first, list_sort(list(DISTINCT ecosystem || '/' || name)) AS names
FROM behaviours WHERE host IS NOT NULL AND actor <> 'tool'
GROUP BY host HAVING packages <= 3
