-- Which releases know a host?
-- An indicator came in: who has it in the code, and who spoke to it in a run. % stands for anything.
-- $host = collect.example
SELECT ecosystem, name, version, host, contacted, kinds, run_id
FROM hosts
WHERE host LIKE $host
ORDER BY contacted DESC, created DESC
