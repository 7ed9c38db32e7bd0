-- Which verdicts have changed, and since which rules?
-- What a new rule, or a mended one, made of what is kept.
SELECT judged, ecosystem, name, version, before, call, rules, reason, run_id
FROM (
  SELECT *, lag(call) OVER (PARTITION BY run_id ORDER BY judged) AS before FROM judgements
)
WHERE before IS NOT NULL AND before <> call
ORDER BY judged DESC
