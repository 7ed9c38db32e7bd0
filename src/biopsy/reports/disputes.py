"""Objections to reports: opened by whom, with what proof, and what became of them.

A dispute changes nothing by itself but that the report shows it. Accepted, it withdraws the report, or clears
the versions it is about; rejected, it is closed; retracted, its opening was undone. Nothing is deleted, and
everything is in the log.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from biopsy.errors import UsageError
from biopsy.reports.claim import Package
from biopsy.reports.record import Report, timestamp

PROOFS = ("dns", "registry", "repository", "mail", "none")
"""How somebody shows that a package is theirs: a DNS record of its site, a release or token at its registry,
a file in its repository, mail from the address that the registry names, or not at all."""

DAYS = 14  # until a dispute is overdue


@dataclass(frozen=True, slots=True)
class Dispute:
    """One objection, and how it stands; `versions` are empty where it is about the whole report."""

    number: int
    package: Package
    state: str
    opened: str
    closed: str
    actor: str
    reason: str
    proof: str
    versions: tuple[str, ...]

    @property
    def due(self) -> str:
        """Until when it is to be answered."""
        return timestamp(datetime.fromisoformat(self.opened) + timedelta(days=DAYS))

    def data(self) -> Report:
        """As schema/report-1.json has it."""
        made: Report = {"state": self.state, "opened": self.opened, "reason": self.reason}
        made |= {"closed": self.closed} if self.closed else {}
        made |= {"proof": self.proof} if self.proof else {}
        return made | ({"versions": list(self.versions)} if self.versions else {})


class Disputes:
    """The disputes of a database; part of `Database`."""

    _db: sqlite3.Connection

    def dispute(
        self, number: int, opened: tuple[str, str, str], proof: str = "", versions: Sequence[str] = ()
    ) -> int:
        """Keep a new dispute on a package; `opened` is when, by whom and why. Returns its number.

        Raises UsageError for a proof that is none of PROOFS, with what there is to see after a colon.
        """
        if proof and proof.partition(":")[0] not in PROOFS:
            raise UsageError(f"proof: one of {', '.join(PROOFS)}, and after a colon where it can be seen")
        row = (number, *opened, proof, json.dumps(list(versions)))
        return int(self._db.execute(_OPEN, row).lastrowid or 0)

    def close_dispute(self, dispute: int, state: str, at: str) -> None:
        """Accept or reject a dispute; raises UsageError where it is not open."""
        sql = "UPDATE disputes SET state = ?, closed = ? WHERE id = ? AND state = 'open'"
        if not self._db.execute(sql, (state, at, dispute)).rowcount:
            raise UsageError(f"dispute {dispute}: there is none of this number that is open")

    def set_dispute(self, dispute: int, state: str, closed: str) -> None:
        """Put a dispute into a state, whatever it was before: for what is undone."""
        self._db.execute("UPDATE disputes SET state = ?, closed = ? WHERE id = ?", (state, closed, dispute))

    def disputes(self, *, package: int = 0, number: int = 0, state: str = "") -> list[Dispute]:
        """Disputes on a package, of a number, in a state, or all; the oldest first."""
        found = self._db.execute(_LIST, (package, number, state))
        return [
            Dispute(int(n), Package(e, m), s, opened, closed, actor, reason, proof, tuple(json.loads(v)))
            for n, e, m, s, opened, closed, actor, reason, proof, v in found
        ]


_OPEN = (
    "INSERT INTO disputes (package, state, opened, actor, reason, proof, versions)"
    " VALUES (?, 'open', ?, ?, ?, ?, ?)"
)
_LIST = (
    "SELECT disputes.id, ecosystem, name, state, opened, closed, actor, reason, proof, versions FROM disputes"
    " JOIN packages ON packages.id = package WHERE (?1 = 0 OR package = ?1) AND (?2 = 0 OR disputes.id = ?2)"
    " AND (?3 = '' OR state = ?3) ORDER BY disputes.id"
)
