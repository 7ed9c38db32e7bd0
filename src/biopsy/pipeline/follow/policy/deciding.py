"""What a policy makes of a feed's item, and of what a look at a package found."""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import ecosystems
from biopsy.ecosystems import Listing, Published
from biopsy.ecosystems.names import Habits, listed, resemblances
from biopsy.errors import RuleError, UsageError
from biopsy.model.feed import Change, Item
from biopsy.model.job import Depth, Job
from biopsy.model.release import Release
from biopsy.pipeline.follow.policy.lines import Line, Policy, Subject
from biopsy.pipeline.follow.policy.offered import horizon, is_first, is_new, moment, strongest, wanted
from biopsy.pipeline.follow.policy.read import load, stamp

KEPT_NAMES = 20_000
"""Names of which is kept what they resemble."""

KEPT_FIRSTS = 50_000
"""Packages remembered as new, whose first release was not named yet."""

MAX_RELEASES = 10_000
"""Most releases of one package that one look takes; the newest of them. A look for all takes no fewer."""

SWITCHED_OFF = "not-analysed-here"
"""A policy says `analyse: false`."""

BY_POLICY = "policy"
TOO_MANY = "too-many-artifacts"
NO_SUCH_ARTIFACT = "no-such-artifact"


class Skipped(Struct, frozen=True):
    """What is not to be done, and why: `reason` is a code, `line` that of the policy where one says so."""

    release: Release
    reason: str
    filename: str = ""
    line: Line | None = None


class Policies:
    """The policies in force, read again when a file of BIOPSY_HOME changes.

    A file that became wrong does not stop what runs: the policy before stays in force, and `wrong` says why.
    At the start it is a RuleError.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.wrong: dict[str, str] = {}
        self._read: dict[str, tuple[tuple[int, int], Policy]] = {}
        self._known = {e.type: e for e in ecosystems.all_ecosystems()}
        self._alike: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()
        self._firsts: OrderedDict[tuple[str, str], None] = OrderedDict()

    def of(self, ecosystem: str) -> Policy:
        """Give the policy of an ecosystem as its files are now."""
        now = stamp(ecosystem, self.home)
        before = self._read.get(ecosystem)
        if before is not None and before[0] == now:
            return before[1]
        try:
            policy = load(ecosystem, self.home)
        except (RuleError, UsageError) as err:
            if before is None:
                raise
            self.wrong[ecosystem], policy = str(err), before[1]
        else:
            self.wrong.pop(ecosystem, None)
        self._read[ecosystem] = (now, policy)
        return policy

    def subject(
        self, release: Release, filename: str = "", *, first: bool | None = None, compare: bool = True
    ) -> Subject:
        """Say of a release what a policy can know of it; what its name resembles only where `compare`."""
        ecosystem = self._known.get(release.ecosystem)
        early = ecosystem.prerelease(release.version) if ecosystem and release.version else None
        return Subject(
            release.ecosystem,
            release.name,
            release.version,
            filename,
            listed.load(release.ecosystem, self.home).rank(release.name),
            self._resembles(release) if compare and self.of(release.ecosystem).asks_names else (),
            first,
            early,
        )

    def _resembles(self, release: Release) -> tuple[str, ...]:
        key = (release.ecosystem, release.name)
        if key not in self._alike:
            known = self._known.get(release.ecosystem)
            names = listed.load(release.ecosystem, self.home)
            others = (listed.load(other, self.home) for other in listed.shipped() if other != names.ecosystem)
            found = resemblances(release.name, names, known.habits if known else Habits(), tuple(others))
            self._alike[key] = tuple(dict.fromkeys(one.word for one in found))
            if len(self._alike) > KEPT_NAMES:
                self._alike.popitem(last=False)
        return self._alike[key]

    # --- what a feed says

    def job(self, item: Item, why: str, since: datetime, *, compare: bool = True) -> Job | Skipped | None:
        """Make the job that follows from an item of a feed; None where none does: a deletion, a yank.

        What names a version and a digest is analysed, and so is a version whose registry tells no times, by
        which a look would find it. Anything else that is new or changed is looked at, and so is one file of
        several, since which of them are wanted can only be told of all. `since` is when the feed last moved.
        """
        release = Release(item.ecosystem, item.name, item.version)
        if item.change not in (Change.NEW, Change.CHANGED):
            return None
        policy = self.of(item.ecosystem)
        if not policy.analyse:
            return Skipped(release, SWITCHED_OFF, item.filename)
        first = self._first(item)
        it = self.subject(release, item.filename, first=first, compare=compare)
        if line := policy.skipped(it):
            return Skipped(release, BY_POLICY, item.filename, line)
        if item.version and self._is_named(item):
            return self._job(policy, it, item.digest, item.published, why)
        bare = replace(it, version="", file="", prerelease=None)
        return Job(
            Release(item.ecosystem, item.name),
            priority=policy.urgency(replace(bare, first=it.first))[0],
            why=why,
            published=horizon(since, item.published, policy.since),
        )

    def _is_named(self, item: Item) -> bool:
        """Whether an item with a version says all, and is no file beside others: an sdist, a wheel."""
        ecosystem = self._known[item.ecosystem]
        if item.digest:
            return not item.filename or ecosystem.kind(item.filename) not in ("sdist", "wheel")
        return item.change is Change.NEW and getattr(ecosystem, "undated", False)

    def _first(self, item: Item) -> bool | None:
        """Tell first releases where a feed says of a package, before or with its release, that it is new."""
        key = (item.ecosystem, item.name)
        if item.change is Change.NEW and not item.version:
            self._firsts[key] = None
            if len(self._firsts) > KEPT_FIRSTS:
                self._firsts.popitem(last=False)
        return True if key in self._firsts else None

    def _job(self, policy: Policy, it: Subject, digest: str, published: str, why: str) -> Job:
        return Job(
            Release(it.ecosystem, it.name, it.version),
            digest,
            it.file,
            depth=Depth.STATIC if policy.only_read(it) else Depth.FULL,
            priority=policy.urgency(it)[0],
            why=why,
            published=published,
        )

    # --- what a look at a package finds

    def releases(self, look: Job, listing: Listing) -> tuple[Release, ...]:
        """Give the releases of a package that count as new to a look, the newest first.

        Those of which a file came out after `look.published`; where the registry tells no times, or the look
        says none, the newest alone. Each wants to be resolved, and then goes through `jobs`.
        """
        after = moment(look.published)
        times = [(at, one) for one in listing.versions if (at := moment(one.touched or one.time or ""))]
        if after is None or not times:
            return (listing.release,)
        new = sorted((pair for pair in times if pair[0] >= after), key=_newness, reverse=True)
        return tuple(
            Release(look.release.ecosystem, look.release.name, v.version) for _, v in new[:MAX_RELEASES]
        )

    def jobs(self, look: Job, listing: Listing) -> tuple[Job | Skipped, ...]:
        """Give a job for each artifact of a release that is new and wanted, and what the policy leaves out.

        One that was yanked meanwhile is analysed as any other: it can still be installed, and somebody had a
        reason. Files that are older than what the look counts as new are not spoken of.
        """
        release, policy = listing.release, self.of(listing.release.ecosystem)
        if not policy.analyse:
            return (Skipped(release, SWITCHED_OFF),)
        here = next((v for v in listing.versions if v.version == release.version), Published(release.version))
        it = self.subject(release, first=is_first(listing))
        if line := policy.skipped(it):
            return (Skipped(release, BY_POLICY, line=line),)
        if not listing.artifacts:
            return (Skipped(release, NO_SUCH_ARTIFACT),)
        return tuple(self._of(look, listing, policy, it, here.time or ""))

    def _of(
        self, look: Job, listing: Listing, policy: Policy, it: Subject, published: str
    ) -> Iterator[Job | Skipped]:
        chosen = {remote.filename for remote in listing.choose("all")}
        after = moment(look.published)
        new = [remote for remote in wanted(listing, policy.which) if is_new(remote, after)]
        for number, remote in enumerate(new):
            this = replace(it, file=remote.filename, chosen=remote.filename in chosen)
            if number >= policy.most:
                yield Skipped(listing.release, TOO_MANY, remote.filename)
            elif line := policy.skipped(this):
                yield Skipped(listing.release, BY_POLICY, remote.filename, line)
            else:
                job = self._job(policy, this, strongest(remote), remote.uploaded or published, look.why)
                yield replace(job, lane=look.lane)


def _newness(pair: tuple[datetime, Published]) -> datetime:
    return pair[0]
