-- Who sent the most, to where?
-- Bytes that left for hosts other than the registry.
SELECT ecosystem, name, version, host, port, count(*) AS exchanges, sum(sent) AS bytes, run_id
FROM exchanges
WHERE NOT gateway AND actor <> 'tool'
GROUP BY ALL
ORDER BY bytes DESC
