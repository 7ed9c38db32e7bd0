-- Which packages read SSH keys and contact a host that is new?
-- A key that was read, and somewhere to send it that nobody contacted before.
-- $days = 30
SELECT b.ecosystem, b.name, b.version, b.run_id, list(DISTINCT b.value)[:3] AS keys,
  list(DISTINCT f.host)[:5] AS hosts
FROM behaviours b
JOIN hosts h ON h.run_id = b.run_id AND h.contacted
JOIN first_seen f ON f.host = h.host AND f.first >= current_date - CAST($days AS INTEGER)
WHERE b.actor = 'package' AND b.kind IN ('canary.read', 'file.read')
  AND (b.value LIKE '%/.ssh/%' OR b.value LIKE '%ssh%key%')
GROUP BY ALL
ORDER BY b.ecosystem, b.name, b.version
