-- How long does it take from publication to the first verdict?
-- By day and ecosystem: half of the releases are faster than p50, one in twenty is slower than p95.
-- $days = 30
SELECT day, ecosystem, dossiers, p50, p95, longest
FROM trend_times
WHERE day >= current_date - CAST($days AS INTEGER)
ORDER BY day DESC, ecosystem
