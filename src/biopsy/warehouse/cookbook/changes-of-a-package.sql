-- What changed between the versions of a package?
-- Takeovers show as something new in the newest version. (What runs under different profiles differs, too.)
-- $ecosystem = npm
-- $name = thing
SELECT first, version, before, change, kind, value, place
FROM changes($ecosystem, $name)
WHERE kind NOT LIKE 'pkg.%'
ORDER BY first DESC, change DESC, kind, value
