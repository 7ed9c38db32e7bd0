-- Every fact (a kind and its value), when it was first seen, where, and in how many packages by now.
SELECT kind, value, min(first) AS first, arg_min(ecosystem, first) AS ecosystem,
  arg_min(name, first) AS name, arg_min(version, first) AS version, arg_min(run_id, first) AS run_id,
  count(*) AS packages
FROM (
  SELECT kind, value, ecosystem, name, min(created) AS first, arg_min(version, created) AS version,
    arg_min(run_id, created) AS run_id
  FROM behaviours WHERE actor <> 'tool'
  GROUP BY kind, value, ecosystem, name
) GROUP BY kind, value
