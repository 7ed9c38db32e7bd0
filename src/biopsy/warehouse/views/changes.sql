-- What each version of one package does that the one seen before it did not, and what it no longer does.
-- (for_ecosystem, for_name)
WITH newest AS (
  SELECT version, static_only, arg_max(run_id, created) AS run_id, min(created) AS first
  FROM dossiers WHERE ecosystem = for_ecosystem AND name = for_name GROUP BY ALL
), steps AS (
  SELECT *, lag(version) OVER w AS before, lag(run_id) OVER w AS before_run
  FROM newest WINDOW w AS (PARTITION BY static_only ORDER BY first, version)
), facts AS (
  SELECT run_id, kind, value, min(place) AS place FROM behaviours
  WHERE ecosystem = for_ecosystem AND name = for_name AND actor = 'package' GROUP BY ALL
)
SELECT s.first, s.version, s.before, 'new' AS change, f.kind, f.value, f.place, s.run_id
FROM steps s JOIN facts f ON f.run_id = s.run_id
WHERE s.before IS NOT NULL
  AND NOT EXISTS (FROM facts p WHERE p.run_id = s.before_run AND p.kind = f.kind AND p.value = f.value)
UNION ALL
SELECT s.first, s.version, s.before, 'gone', f.kind, f.value, f.place, s.run_id
FROM steps s JOIN facts f ON f.run_id = s.before_run
WHERE NOT EXISTS (FROM facts n WHERE n.run_id = s.run_id AND n.kind = f.kind AND n.value = f.value)
