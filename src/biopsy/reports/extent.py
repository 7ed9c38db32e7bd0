"""Which versions are affected: what each claim says, and what holds where claims say different things.

Most reports with several sources have one that says "every version" and one that lists those it looked at. To
add them up blames versions that nobody looked at (and, once a name changes hands, its next owner). So the
narrower, evidence-backed set is affected, and the wide claim is kept beside it as disputed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from biopsy.reports import gitname
from biopsy.reports.record import Json

_ENDS = frozenset({"fixed", "last_affected", "limit"})
_BEGINNINGS = frozenset({"0", "0.0.0", "0.0.0-0"})


@dataclass(frozen=True, slots=True)
class Extent:
    """The versions that one claim calls affected."""

    source: str
    sha256: str
    versions: tuple[str, ...] = ()
    ranges: tuple[dict[str, Json], ...] = ()

    @property
    def wide(self) -> bool:
        """Whether it is every version there is or will be."""
        return any(endless(span) for span in self.ranges)

    @property
    def empty(self) -> bool:
        """Whether it says nothing of versions."""
        return not self.versions and not self.ranges


def extent(source: str, sha256: str, affected: Json) -> Extent:
    """Read the versions and ranges of an `affected` entry or of an origin; what is neither is left out."""
    held = affected if isinstance(affected, dict) else {}
    versions, ranges = held.get("versions"), held.get("ranges")
    return Extent(
        source,
        sha256,
        tuple(v for v in versions if isinstance(v, str)) if isinstance(versions, list) else (),
        tuple(r for r in ranges if isinstance(r, dict)) if isinstance(ranges, list) else (),
    )


def endless(span: dict[str, Json]) -> bool:
    """Whether a range is open at both ends. Of a git repository that is its whole history, which is known."""
    events = span.get("events")
    if span.get("type") == "GIT" or not isinstance(events, list):
        return False
    starts = False
    for event in events:
        if isinstance(event, dict):
            if not event.keys().isdisjoint(_ENDS):
                return False
            starts = starts or str(event.get("introduced", "")) in _BEGINNINGS
    return starts


@dataclass(frozen=True, slots=True)
class Settled:
    """What is affected, and which claims of more are disputed."""

    versions: tuple[str, ...]
    ranges: tuple[dict[str, Json], ...]
    disputed: tuple[Extent, ...] = ()


def settle(extents: Sequence[Extent], *, additive: bool = False) -> Settled:
    """Put claims together: the union of the narrow ones where there are any, else of all.

    With `additive` it is the union of all, as the existing tools have it. Equal ranges are one: those with
    the same type, repository and events, whatever the order of the events.
    """
    wide, narrow = [], []
    for one in extents:
        if one.wide:
            wide.append(one)
        elif not one.empty:
            narrow.append(one)
    chosen = extents if additive or not narrow else narrow
    disputed = tuple(wide) if wide and narrow and not additive else ()
    versions = dict.fromkeys(v for e in chosen for v in e.versions)
    return Settled(tuple(versions), tuple(distinct(r for e in chosen for r in e.ranges)), disputed)


def distinct(spans: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    """Each range once, in order."""
    kept: dict[str, dict[str, Json]] = {}
    for span in spans:
        kept.setdefault(key(span), span)
    return list(kept.values())


def key(span: dict[str, Json]) -> str:
    """What makes two ranges the same."""
    events = span.get("events")
    listed = sorted(map(repr, map(_pairs, events))) if isinstance(events, list) else []
    rest = {k: v for k, v in span.items() if k not in {"events", "database_specific"}}
    if isinstance(rest.get("repo"), str):
        rest["repo"] = gitname.canonical(rest["repo"])
    return repr((sorted(rest.items(), key=repr), listed, _pairs(span.get("database_specific") or {})))


def _pairs(held: Json) -> Json:
    return sorted(held.items(), key=repr) if isinstance(held, dict) else held
