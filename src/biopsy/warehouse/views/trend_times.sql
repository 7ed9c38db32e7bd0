-- Seconds from the publication of a release to its first verdict, by the day of the dossier.
SELECT day, ecosystem, count(*) AS dossiers, round(quantile_cont(seconds, 0.5), 1) AS p50,
  round(quantile_cont(seconds, 0.95), 1) AS p95, max(seconds) AS longest
FROM (
  SELECT day, ecosystem, seconds FROM judgements WHERE seconds IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY judged) = 1
) GROUP BY ALL
