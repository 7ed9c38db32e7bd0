-- Which hosts do only one or two packages speak to?
-- What everybody speaks to is a CDN; what one package speaks to in a run is worth a look.
SELECT first, host, packages, names
FROM rare_hosts
WHERE contacted AND packages <= 2
ORDER BY first DESC
