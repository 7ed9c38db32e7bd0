-- Which evasions are used, and how often do they come with a verdict?
-- Where evasion is rare among the benign it is worth a rule.
SELECT kind, split_part(value, ' ', 1) AS what, count(DISTINCT b.run_id) AS dossiers,
  count(DISTINCT b.run_id) FILTER (v.call = 'malicious') AS malicious,
  count(DISTINCT b.run_id) FILTER (v.call = 'benign') AS benign
FROM behaviours b LEFT JOIN verdicts v USING (run_id)
WHERE b.family = 'evasion' AND b.actor <> 'tool'
GROUP BY ALL
ORDER BY malicious DESC, dossiers DESC
