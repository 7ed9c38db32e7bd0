-- Which phases do not finish, and why?
-- What was not run was not seen: the reasons say what to mend first.
SELECT ecosystem, phase, status, code, count(*) AS phases, count(DISTINCT name) AS packages,
  round(quantile_cont(duration_s, 0.95), 1) AS p95_s
FROM phases
WHERE status NOT IN ('completed', 'skipped')
GROUP BY ALL
ORDER BY phases DESC
