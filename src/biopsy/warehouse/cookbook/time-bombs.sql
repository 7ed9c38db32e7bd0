-- What happens only later?
-- Behaviours seen only once the clock was moved, or at a later start.
SELECT created, ecosystem, name, version, kind, value, profile, run_id
FROM behaviours
WHERE kind IN ('differs.clock', 'differs.again', 'differs.once')
ORDER BY created DESC
