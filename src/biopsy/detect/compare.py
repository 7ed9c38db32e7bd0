"""Compare: what a release does that an earlier one did not. Pure, and over dossiers alone.

Two dossiers are compared by *what*, not by where exactly: a thing is new when the earlier analysis would have
shown it and did not. What it had no chance to show (a phase that did not finish, a file that was not read, a
profile that was not run) is left untold, never called new.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from msgspec import Struct, field

from biopsy.detect.compare_facet import CONTACTED, NAMED, Topic, topics
from biopsy.detect.compare_value import CALLED, NEVER, rank
from biopsy.detect.sight import Sight
from biopsy.model.behaviour import Behaviour, By
from biopsy.model.comparison import Comparison, Difference, Facet, Side
from biopsy.model.dossier import Dossier

MAX_EVIDENCE = 5
MAX_DIFFERENCES = 2_000
"""Most differences of a sort; a dossier holds no more behaviours than its own limits allow."""

_LIKE = 0.6  # from here on two commands are one that changed, as difflib measures
_FORMS = frozenset({Facet.DEPENDENCY, Facet.HOOK, Facet.ENTRY})
_MOVES = frozenset({Facet.NATIVE, Facet.COMMAND})
_MOMENTS = ("at install", "at start", "at import", "when called", "", "in tests or documents")

Key = tuple[Facet, str, bool]
Seen = tuple[Behaviour, Topic]


class Thing(Struct):
    """All that one dossier shows of one thing."""

    topic: Topic
    seen: list[Seen] = field(default_factory=list)

    def words(self, behaviours: Iterable[Seen]) -> str:
        """How it stands: `contacted at import`."""
        listed = list(behaviours) or self.seen
        soonest = min(rank(b) for b, _ in listed)
        hows = {topic.how for _, topic in listed}
        how = CONTACTED if CONTACTED in hows else "named in code" if NAMED in hows else ""
        by = {b.owner or "a dependency" for b, _ in listed if b.by is By.DEPENDENCY}
        whose = f"by {', '.join(sorted(by)[:3])}" if by else ""
        return " ".join(filter(None, (how, _MOMENTS[soonest], whose)))


def compare(before: Dossier, after: Dossier) -> Comparison:
    """Say what is new, gone and changed in `after`, the gravest first."""
    side = side_of(before)
    if before.artifact.sha256 and before.artifact.sha256 == after.artifact.sha256:
        return Comparison(side, identical=True)
    then, now = _things(before), _things(after)
    saw, sees = sight(before), sight(after)
    new = [
        _told(thing, seen)
        for key, thing in now.items()
        if key not in then and (seen := _within(saw, thing.seen))
    ]
    gone = [
        _told(thing, seen, gone=True)
        for key, thing in then.items()
        if key not in now and (seen := _within(sees, thing.seen))
    ]
    changed = [d for key, thing in now.items() if key in then for d in _changes(then[key], thing, saw, sees)]
    new, gone, moved = _moved(new, gone)
    return Comparison(
        side,
        tuple(sorted(new, key=_weight)[:MAX_DIFFERENCES]),
        tuple(sorted(gone, key=_weight)[:MAX_DIFFERENCES]),
        tuple(sorted(changed + moved, key=_weight)[:MAX_DIFFERENCES]),
        tuple(_untold(before, after, saw, sees)),
    )


def side_of(dossier: Dossier) -> Side:
    """Name a dossier as one side of a comparison."""
    artifact = dossier.artifact
    return Side(dossier.release, dossier.run_id, artifact.filename, artifact.sha256, dossier.static_only)


def _within(sight: Sight, seen: Iterable[Seen]) -> list[Seen]:
    """Of what one release does, what the analysis of the other would have shown."""
    return [pair for pair in seen if sight.would(pair[0])]


def sight(dossier: Dossier) -> Sight:
    """What an analysis would have shown."""
    return Sight(dossier.behaviours, dossier.outcomes)


def _untold(before: Dossier, after: Dossier, saw: Sight, sees: Sight) -> Iterator[str]:
    """What cannot be compared, and why."""
    if before.artifact.kind != after.artifact.kind:
        kinds = f"a {before.artifact.kind} beside a {after.artifact.kind}"
        yield f"this is {kinds}: files may differ for that reason alone"
    if before.tool.readers != after.tool.readers:
        yield "different versions of biopsy looked at the two: what only one can see may look new or gone"
    for one, whose in ((saw, "the earlier release"), (sees, "this release")):
        if not one.ran and (saw.ran or sees.ran):
            yield f"{whose} was read and not run: what running shows could not be compared"
        if not one.whole:
            yield f"not all of the archive of {whose} could be read"
        if one.late < NEVER:
            yield f"not all files of {whose} were read, for want of time"
    if saw.ran and sees.ran:
        for profile, phase in dict.fromkeys((*saw.phases, *sees.phases)):
            where = f"{phase} under {profile}" if profile else phase
            for one, whose in ((saw, "the earlier release"), (sees, "this release")):
                if not one.phases.get((profile, phase)):
                    yield f"{where} was not run to its end for {whose}"


def _things(dossier: Dossier) -> dict[Key, Thing]:
    pin = re.compile(rf"[=^~]*{re.escape(dossier.release.version)}") if dossier.release.version else None

    def own(topic: Topic) -> Topic:
        """What is pinned to the release's own version moves with it, and is no change."""
        pinned = pin is not None and topic.facet is Facet.DEPENDENCY and pin.fullmatch(topic.form)
        return topic._replace(form="=") if pinned else topic

    found: dict[Key, Thing] = {}
    for behaviour in dossier.behaviours:
        for topic in map(own, topics(behaviour)):
            key = (topic.facet, topic.subject, behaviour.by is By.DEPENDENCY)
            found.setdefault(key, Thing(topic)).seen.append((behaviour, topic))
    return found


def _told(thing: Thing, seen: list[Seen], *, gone: bool = False) -> Difference:
    words = thing.words(seen)
    evidence = tuple(dict.fromkeys(b for b, _ in sorted(seen, key=lambda pair: rank(pair[0]))))
    return Difference(
        thing.topic.facet,
        seen[0][1].shown,
        now="" if gone else words,
        was=words if gone else "",
        unasked=min(rank(b) for b in evidence) < CALLED,
        evidence=evidence[:MAX_EVIDENCE],
        more=max(len(evidence) - MAX_EVIDENCE, 0),
    )


def _changes(was: Thing, now: Thing, saw: Sight, sees: Sight) -> Iterator[Difference]:
    """One thing of both releases: is it done sooner, spoken to instead of named, written otherwise?"""
    seen = _within(saw, now.seen)
    if not seen:
        return
    told = _told(now, seen)
    then, sooner = min(rank(b) for b, _ in was.seen), min(rank(b) for b, _ in seen)
    spoken = CONTACTED in {t.how for _, t in seen} and CONTACTED not in {t.how for _, t in was.seen}
    if spoken or (sooner < then and sooner < CALLED):
        yield _turned(told, was.words(was.seen), told.now)
    elif now.topic.facet in _FORMS:
        before, after = {t.form: t.shown for _, t in was.seen}, {t.form: t.shown for _, t in seen}
        fresh = after.keys() - before.keys()
        dropped = before.keys() - after.keys() if _within(sees, was.seen) else set()
        if fresh:
            yield _turned(told, before[min(dropped or before)], after[min(fresh)])


def _turned(told: Difference, was: str, now: str) -> Difference:
    return Difference(told.facet, told.what, now, was, told.unasked, told.evidence, told.more)


def _moved(
    new: list[Difference], gone: list[Difference]
) -> tuple[list[Difference], list[Difference], list[Difference]]:
    """A file that moved and a command that is written otherwise are one thing that changed, not two."""
    moved: list[Difference] = []
    left = list(gone)
    fresh = []
    for one in new:
        twin = next((old for old in left if _twins(old, one)), None) if one.facet in _MOVES else None
        if twin is None:
            fresh.append(one)
        else:
            left.remove(twin)
            moved.append(
                Difference(one.facet, one.what, one.what, twin.what, one.unasked, one.evidence, one.more)
            )
    return fresh, left, moved


def _twins(old: Difference, new: Difference) -> bool:
    if old.facet is not new.facet or new.unasked > old.unasked:
        return False
    if new.facet is Facet.NATIVE:
        return old.what.rpartition("/")[2] == new.what.rpartition("/")[2]
    same = old.what.split(" ")[0] == new.what.split(" ")[0]
    return same and SequenceMatcher(None, old.what[:300], new.what[:300]).ratio() >= _LIKE


def _weight(difference: Difference) -> tuple[bool, int, str]:
    return not difference.unasked, list(Facet).index(difference.facet), difference.what


__all__ = ["compare", "side_of"]
