-- What was found malicious lately?
-- The morning list: releases by verdict, newest first, with the reason.
-- $days = 7
SELECT created, ecosystem, name, version, call, reason, run_id
FROM verdicts
WHERE call IN ('malicious', 'suspicious') AND day >= current_date - CAST($days AS INTEGER)
ORDER BY created DESC
