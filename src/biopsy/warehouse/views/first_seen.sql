-- Every host, when it was first seen, in which release, and in how many packages by now.
SELECT host, min(first) AS first, arg_min(ecosystem, first) AS ecosystem, arg_min(name, first) AS name,
  arg_min(version, first) AS version, arg_min(run_id, first) AS run_id, bool_or(contacted) AS contacted,
  count(*) AS packages
FROM (
  SELECT host, ecosystem, name, min(created) AS first, arg_min(version, created) AS version,
    arg_min(run_id, created) AS run_id, bool_or(source = 'trace') AS contacted
  FROM behaviours WHERE host IS NOT NULL AND actor <> 'tool'
  GROUP BY host, ecosystem, name
) GROUP BY host
