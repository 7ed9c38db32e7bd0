"""The report database over HTTP: OSV's API, npm's bulk advisories, and what neither of them has."""
