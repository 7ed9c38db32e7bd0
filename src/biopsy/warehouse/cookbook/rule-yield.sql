-- How often does each rule fire, and on what?
-- A rule that fires on the benign wants work; one that never fires wants a reason to be there.
SELECT rule, status, severity, confidence, count(DISTINCT run_id) AS dossiers,
  count(DISTINCT run_id) FILTER (call = 'malicious') AS malicious,
  count(DISTINCT run_id) FILTER (call = 'suspicious') AS suspicious,
  count(DISTINCT run_id) FILTER (call IN ('benign', 'unknown')) AS others
FROM findings
GROUP BY ALL
ORDER BY dossiers DESC
