-- Where does the time go?
-- Seconds of each phase: half of them take less than p50, one in twenty more than p95.
SELECT ecosystem, profile, phase, count(*) AS phases, round(quantile_cont(duration_s, 0.5), 2) AS p50_s,
  round(quantile_cont(duration_s, 0.95), 2) AS p95_s, round(sum(duration_s)) AS total_s
FROM phases
GROUP BY ALL
ORDER BY total_s DESC
