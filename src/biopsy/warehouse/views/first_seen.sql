-- Every host, when it was first seen, in which release, and in how many packages by now.
SELECT host, min(created) AS first, arg_min(ecosystem, created) AS ecosystem, arg_min(name, created) AS name,
  arg_min(version, created) AS version, arg_min(run_id, created) AS run_id, bool_or(source = 'trace') AS contacted,
  count(DISTINCT (ecosystem, name)) AS packages, count(DISTINCT run_id) AS dossiers
FROM behaviours WHERE host IS NOT NULL AND actor <> 'tool'
GROUP BY host
