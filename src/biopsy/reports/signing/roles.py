"""Which roles sign, with how many keys, for how long: `[signing]` of the configuration.

`root` says whose keys count, and its own are kept offline; `targets` signs what the files are, `snapshot`
that they belong together, `timestamp` that this is the newest (TUF specification 1.0, section 4).
"""

import msgspec

from biopsy.errors import UsageError

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
ONLINE = (TARGETS, SNAPSHOT, TIMESTAMP)
VERDICTS = "verdicts"
"""Whose key signs attestations; no role of TUF, but its public key is one of the files that targets signs."""

MAX_KEYS = 20
MAX_DAYS = 3650


class Role(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How many keys a role has, how many of them must sign, and for how many days that holds."""

    keys: int = 1
    threshold: int = 1
    days: int = 30


DEFAULTS = {
    ROOT: Role(days=365),
    TARGETS: Role(days=90),
    SNAPSHOT: Role(days=14),
    TIMESTAMP: Role(days=3),
}


class Signing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`[signing]`: what it says of roles; of the others the defaults hold."""

    roles: dict[str, Role] = {}

    def role(self, name: str) -> Role:
        """One role."""
        return self.roles.get(name) or DEFAULTS[name]

    def checked(self) -> "Signing":
        """The same; UsageError says what is wrong with it."""
        for name, one in self.roles.items():
            if name not in DEFAULTS:
                raise UsageError(f"roles: {name}: there are {', '.join(DEFAULTS)}")
            if not 1 <= one.threshold <= one.keys <= MAX_KEYS:
                raise UsageError(
                    f"roles.{name}: at least 1 of at most {MAX_KEYS} keys must sign, and no more than all"
                )
            if not 1 <= one.days <= MAX_DAYS:
                raise UsageError(f"roles.{name}.days: from 1 to {MAX_DAYS:,}")
        return self
