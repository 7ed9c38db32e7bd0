-- Hosts that at most three packages know, with these packages.
SELECT host, count(*) AS packages, bool_or(contacted) AS contacted, min(first) AS first,
  list_sort(list(ecosystem || '/' || name)) AS names
FROM (
  SELECT host, ecosystem, name, min(created) AS first, bool_or(source = 'trace') AS contacted
  FROM behaviours WHERE host IS NOT NULL AND actor <> 'tool'
  GROUP BY host, ecosystem, name
) GROUP BY host HAVING count(*) <= 3
