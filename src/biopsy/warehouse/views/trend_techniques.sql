-- Accused dossiers by day, ecosystem and ATT&CK technique of the findings that accuse them.
SELECT day, ecosystem, technique, count(*) AS dossiers
FROM (SELECT day, ecosystem, unnest(techniques) AS technique FROM verdicts) GROUP BY ALL
