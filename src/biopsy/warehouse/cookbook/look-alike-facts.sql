-- Which packages do the same rare thing?
-- Facts that two to ten packages share and nobody else: copies of one code base. $kind narrows it.
-- $kind = process.exec
SELECT kind, value, packages, first, ecosystem, name
FROM first_facts
WHERE kind LIKE $kind AND packages BETWEEN 2 AND 10
ORDER BY first DESC
