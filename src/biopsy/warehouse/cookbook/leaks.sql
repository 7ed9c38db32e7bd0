-- Which planted credentials left the sandbox, to where, and how were they encoded?
-- The strongest proof there is; the encodings say what a detector on the wire must undo.
SELECT created, ecosystem, name, version, split_part(value, ' > ', 1) AS canary, host,
  nullif(regexp_extract(value, ' as (.*)$', 1), '') AS encoding, phase, run_id
FROM behaviours
WHERE kind = 'canary.leak'
ORDER BY created DESC
