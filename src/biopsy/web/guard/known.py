"""What is known of releases: the reports of malicious ones, and what this biopsy's own analyses came to."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from biopsy.errors import BiopsyError
from biopsy.formats.views.visible import visible
from biopsy.guard.policy import Policy
from biopsy.guard.ruling import Known, State, words
from biopsy.model.check import Entry, Verdict
from biopsy.reports import naming
from biopsy.reports.claim import Package
from biopsy.reports.reader import Reader
from biopsy.reports.verdict import Store, judged

LOOK = 2.0
"""Seconds between looks whether the reports have changed."""

MAX_WORDS, MAX_LINK = 300, 1000
"""Characters of a reason and of a link: they stand in every answer, in the log, and on terminals."""

MAX_LEARNED = 10_000
"""Releases of which what an analysis just came to is kept, until the analyses themselves say it."""

REPORT = "/report/"
"""Where the site has reports, by their ids."""

LOG = logging.getLogger("biopsy.guard")
_OSV = {"pypi": "PyPI", "npm": "npm"}

TYPES: Mapping[str, Callable[[str], str]] = {
    purl: naming.RULES[name].canonical for purl, name in _OSV.items()
}
"""The purl types that policies may name, each with the one spelling of a name: those that are guarded.

A policy that names another would be believed to hold for it.
"""


class Analyses(Protocol):
    """What analyses came to."""

    def of(self, ecosystem: str, name: str) -> Mapping[str, Known]:
        """By version, of one package; `ecosystem` is a purl type."""

    def change(self) -> object:
        """Something that differs when anything has changed."""


@dataclass(slots=True)
class _One:
    """The reports on one package, as `judged` asks for them."""

    package: Package
    reports: tuple[dict[str, Any], ...]

    def on(self, package: Package) -> Iterator[dict[str, Any]]:
        """Those reports, of that package alone."""
        return iter(self.reports if package == self.package else ())


@dataclass(slots=True)
class Knowledge:
    """The database of reports, where there is one, and analyses, where there are some.

    `site` is where people read more, without a slash at its end; empty where there is no such place.
    """

    database: Path | None
    site: str = ""
    analyses: Analyses | None = None
    clock: Callable[[], float] = time.time
    _reader: Reader | None = None
    _looked: float = -1e9
    _change: tuple[object, ...] = ()
    _heard: float | None = None
    _trouble: str = field(default="")
    _learned: dict[tuple[str, str], dict[str, Known]] = field(default_factory=dict)
    _lessons: int = 0

    def learn(self, ecosystem: str, name: str, version: str, known: Known) -> None:
        """Go by what an analysis has just come to, from the next listing on."""
        versions = self._learned.setdefault((ecosystem, name), {})
        versions[version] = known.joined(versions.get(version))
        self._lessons += 1
        while len(self._learned) > MAX_LEARNED:
            del self._learned[next(iter(self._learned))]

    def _analysed(self, ecosystem: str, name: str) -> dict[str, Known]:
        """What analyses came to; what was just learned counts as long as they do not have its files."""
        found = dict(self.analyses.of(ecosystem, name)) if self.analyses else {}
        for version, known in self._learned.get((ecosystem, name), {}).items():
            there = found.get(version)
            if there is None or not known.files <= there.files:
                found[version] = known.joined(there)
        return found

    def change(self) -> tuple[object, ...]:
        """Something that differs when what is known has changed; looked at now and then."""
        return (*self._looked_at(), self._lessons)

    def _looked_at(self) -> tuple[object, ...]:
        now = time.monotonic()
        if now - self._looked > LOOK:
            self._looked = now
            try:
                if self._reader is None and self.database is not None and self.database.is_file():
                    self._reader = Reader(self.database)
                last = self._reader.last() if self._reader else -1
                self._heard = _seconds(self._reader.heard()) if self._reader else None
                self._change = (last, self.analyses.change() if self.analyses else None)
                self._trouble = ""
            except (BiopsyError, OSError, ValueError) as error:
                self._say(str(error))
                self._heard = None
                self._change = ("trouble",)
        return self._change

    @property
    def trouble(self) -> str:
        """Why the reports cannot be read; empty where they can, and where there are none."""
        self.change()
        return self._trouble

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            LOG.warning("the reports cannot be read: %s", trouble)
        self._trouble = trouble

    def state(self, policy: Policy) -> State:
        """What holds now: the time, and whether reports are too old by a policy."""
        self.change()
        now = self.clock()
        if self._heard is None:
            return State(now, "there are no reports of malicious packages to go by")
        if not policy.stale_after or now - self._heard <= policy.stale_after:
            return State(now)
        return State(now, f"the last news of malicious packages is {words(now - self._heard)} old")

    def of(self, ecosystem: str, name: str, versions: Mapping[str, Iterable[str]]) -> dict[str, Known]:
        """What is known of versions of a package, each with the hashes of its files, `sha256:<hex>`."""
        self.change()
        found = self._analysed(ecosystem, name)
        if self._reader is None:
            return {v: found[v] for v in versions if v in found}
        osv = _OSV[ecosystem]
        package = Package(osv, naming.canonical(osv, name))
        store = _One(package, tuple(self._reader.on(package)))
        if store.reports:
            found |= self._reported(store, osv, name, versions)
        return {v: found[v] for v in versions if v in found}

    def _reported(
        self, store: Store, osv: str, name: str, versions: Mapping[str, Iterable[str]]
    ) -> dict[str, Known]:
        made = {}
        for version, hashes in versions.items():
            checked = judged(Entry(osv, name, version, hashes=tuple(hashes)), store)
            if checked.verdict is Verdict.MALICIOUS:
                cited = checked.reports[0]
                link = f"{self.site}{REPORT}{cited.id}" if self.site else cited.link
                said = visible(checked.reason, limit=MAX_WORDS)
                made[version] = Known("malicious", said, cited.id, link if len(link) <= MAX_LINK else "")
        return made

    def ask(self, question: Callable[[Reader], object]) -> Any:
        """What the reports say to a question; None where there are none."""
        self.change()
        return question(self._reader) if self._reader else None

    def close(self) -> None:
        """Let go of the database."""
        if self._reader:
            self._reader.close()


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
