-- Dossiers by day, ecosystem and verdict.
SELECT day, ecosystem, call, count(*) AS dossiers FROM verdicts GROUP BY ALL
