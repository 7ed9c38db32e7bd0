"""How far a source is trusted: whether what it says counts at once, waits, or needs a person's word.

Most wrongly accused packages were published because a trusted automatic source was believed at once, on a
name that half the world installs. So what a source says is kept at once, and counts when its policy says.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from biopsy.reports.changes import Waiting
from biopsy.reports.claim import COUNTED, HELD, REVIEW, Claim, Package
from biopsy.reports.record import Report, timestamp

TRUST = ("publish", "hold", "popular", "known", "approve")
MAX_HOLD = 60 * 24 * 30  # minutes
FILTERED = ("aliases", "related", "references", "credits", "upstream")


def _never(_: Package) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of a source's claims.

    `publish` counts them at once, `hold` after some minutes, `popular` at once but on popular names only once
    approved, `known` at once on what has a published report and else once approved, `approve` never before.
    `ids`: whether the source may bring ids of ours, as a repository does that is taken over. `alias`: whether
    its own ids are aliases of our reports. `drops`: (field, pattern) of entries that are left out of claims.
    `needs` is said of what waits for a person.
    """

    trust: str = "known"
    minutes: int = 30
    ids: bool = True
    alias: bool = False
    drops: tuple[tuple[str, re.Pattern[str]], ...] = ()
    popular: Callable[[Package], bool] = field(default=_never)
    needs: str = ""

    def judge(self, package: Package, claim: Claim, said: Sequence[Claim]) -> tuple[str, Waiting]:
        """Say whether a claim counts, and if not why. `said` is what else is claimed on the package.

        A source takes back what counts at once, whatever its trust; a report that came with an id of ours
        counts; on a name that was withdrawn nothing does until a person looked.
        """
        if claim.base:
            return COUNTED, Waiting()
        mine = any(c.state == COUNTED and (c.source, c.key) == (claim.source, claim.key) for c in said)
        if self.trust == "publish" or (claim.withdrawn and mine):
            return COUNTED, Waiting()
        if self.trust == "hold":
            return HELD, Waiting(later(claim.imported, self.minutes), f"held for {self.minutes} minutes")
        if self.trust == "popular":
            if self.popular(package):
                return REVIEW, Waiting(reason="a popular name")
            return COUNTED, Waiting()
        if self.trust == "known" and any(c.state == COUNTED for c in said):
            return COUNTED, Waiting()
        return REVIEW, Waiting(reason=self.needs or "needs approval")

    def shaped(self, record: Report) -> Report:
        """Leave out what is dropped, and put in the alias; the record itself stays as it came."""
        made = record
        for name, pattern in self.drops:
            held = made.get(name)
            if isinstance(held, list):
                kept = [one for one in held if not (isinstance(one, str) and pattern.search(one))]
                made = {**made, name: kept}
        own = record.get("id")
        if self.alias and isinstance(own, str) and own:
            held = made.get("aliases")
            aliases = held if isinstance(held, list) else []
            made = made if own in aliases else {**made, "aliases": [*aliases, own]}
        return made


def later(at: str, minutes: int) -> str:
    """A time in UTC, some minutes after another."""
    return timestamp(datetime.fromisoformat(at) + timedelta(minutes=minutes))
