-- Every fact (a kind and its value), when it was first seen, where, and in how many packages by now.
SELECT kind, value, min(created) AS first, arg_min(ecosystem, created) AS ecosystem,
  arg_min(name, created) AS name, arg_min(version, created) AS version, arg_min(run_id, created) AS run_id,
  count(DISTINCT (ecosystem, name)) AS packages
FROM behaviours WHERE actor <> 'tool'
GROUP BY kind, value
