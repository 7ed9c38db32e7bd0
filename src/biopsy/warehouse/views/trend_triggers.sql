-- Accused dossiers by day, ecosystem and the moment at which it happens: a phase, or `read` and a moment.
SELECT day, ecosystem, phase, count(*) AS dossiers
FROM (SELECT day, ecosystem, unnest(triggers) AS phase FROM verdicts) GROUP BY ALL
