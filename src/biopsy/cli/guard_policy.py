"""A policy of the guard to begin with, and whether a file is one."""

from pathlib import Path

POLICY = """\
# What `biopsy guard` lets through. What stands further down is more particular, and wins.
malicious: block          # or warn
suspicious: warn          # block, warn or allow
minimum-age: 1d           # of a release: 90m, 12h, 3d, 2w; 0 for none
undated: allow            # where the registry gives no date: allow or block
install-scripts: allow    # npm's install hooks, Python's source archives: block, warn or allow
unseen: hold              # with --analyze: what nobody has analysed; or allow
unknown: warn             # …and of which an analysis could not tell: block, warn or allow
stale: {after: 7d, then: allow}   # reports older than that: block everything, warn, or allow

ecosystems: {}
#  npm: {minimum-age: 3d, install-scripts: block}

packages: []
#  - names: ["pkg:npm/@types/*", "pkg:pypi/boto3"]
#    minimum-age: 0
#    because: we publish them ourselves, several times a day
#  - names: ["pkg:npm/esbuild"]
#    install-scripts: allow

reserved: []              # names of your own, which a public registry is never asked for
#  - names: ["pkg:pypi/acme-*", "pkg:npm/@acme/*"]
#    registry: https://packages.acme.example/simple/

overrides: []             # licences: let through whatever is said, until a day has passed
#  - release: pkg:npm/left-pad@1.3.0
#    reason: looked at by hand, see ticket 17
#    by: jane
#    expires: 2026-12-31
"""


def check(file: Path) -> None:
    """Read a policy; raises PolicyError."""
    from biopsy.web.guard.gate import load  # noqa: PLC0415

    load(file)
