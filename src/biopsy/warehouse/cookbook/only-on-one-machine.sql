-- What happens only on a certain machine?
-- Malware for CI runners does nothing on a laptop, and the other way round.
SELECT split_part(value, ' ', 1) AS profile, split_part(value, ' ', 2) AS kind, count(*) AS behaviours,
  count(DISTINCT (ecosystem, name)) AS packages
FROM behaviours
WHERE kind = 'differs.profile'
GROUP BY ALL
ORDER BY packages DESC
