-- Which hosts were seen for the first time, and by whom?
-- New infrastructure shows before anybody reports it.
-- $days = 7
SELECT first, host, contacted, ecosystem, name, version, packages
FROM first_seen
WHERE first >= current_date - CAST($days AS INTEGER)
ORDER BY contacted DESC, first DESC
