-- Accused dossiers by day, ecosystem and category of what they are accused of; one may have several.
SELECT day, ecosystem, category, count(*) AS dossiers
FROM (SELECT day, ecosystem, unnest(categories) AS category FROM verdicts) GROUP BY ALL
