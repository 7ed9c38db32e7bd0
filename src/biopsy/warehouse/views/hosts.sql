-- Every host of every dossier, whether it was spoken to (seen in a run) or only stands in the code.
SELECT ecosystem, day, run_id, name, version, created, host,
  bool_or(source = 'trace') AS contacted, list_sort(list(DISTINCT kind)) AS kinds, count(*) AS behaviours
FROM behaviours WHERE host IS NOT NULL AND actor <> 'tool'
GROUP BY ALL
