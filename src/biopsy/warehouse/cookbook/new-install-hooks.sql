-- Which packages have an install hook in the newest version, and had none before?
-- The commonest way in: code that runs at installation appears in a package that never had any.
-- $days = 30
WITH hooks AS (
  SELECT ecosystem, name, version, min(created) AS created,
    list_sort(list(DISTINCT value) FILTER (kind = 'pkg.hook')) AS hooks
  FROM behaviours WHERE kind IN ('pkg.hook', 'pkg.entry', 'pkg.release', 'pkg.description', 'net.url', 'code.eval')
  GROUP BY ecosystem, name, version
), steps AS (
  SELECT *, lag(hooks) OVER w AS before, lag(version) OVER w AS version_before
  FROM hooks WINDOW w AS (PARTITION BY ecosystem, name ORDER BY created)
)
SELECT created, ecosystem, name, version_before, version, hooks
FROM steps
WHERE version_before IS NOT NULL AND hooks IS NOT NULL AND before IS NULL
  AND created >= current_date - CAST($days AS INTEGER)
ORDER BY created DESC
