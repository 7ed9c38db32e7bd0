"""Manifests compared: what the registry shows with what the archive holds, and this release with the last.

    hidden scripts.postinstall node x.js     the archive has it, and the registry does not show it
    missing dependencies.left-pad ^1.0.0     the registry shows it, and the archive has it not
    differs name thing > other               the registry says the one, the archive the other
    added scripts.postinstall node x.js      the last release did not have it, says the registry
    changed scripts.postinstall a > b        the last release had another

An installer goes by the registry's word for some of it and by the archive's for the rest, and whoever reviews
reads only one.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.facts.subject import Subject
from biopsy.model.behaviour import Behaviour, InFile, InRegistry, Kind

MAX_NAMED = 30
"""Most differences of one sort that are told."""

_PARTS = ("scripts", "commands", "dependencies")


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.manifest`."""
    if it.shown is not None and it.manifest is not None:
        yield from _confused(it, it.shown, it.manifest)
    if it.shown is not None and it.listing is not None and it.listing.before is not None:
        yield from _added(it, it.listing.before, it.shown)


def _confused(it: Subject, shown: Manifest, held: Manifest) -> Iterator[Behaviour]:
    where = InFile(held.path)
    for what, said, is_ in (("name", shown.name, held.name), ("version", shown.version, held.version)):
        if said and is_ and said != is_:
            yield it.say(Kind.PKG_MANIFEST, f"differs {what} {said} > {is_}", where)
    for part in _PARTS:
        theirs, mine = _part(shown, part), _part(held, part)
        if theirs is None or mine is None:
            continue
        for name in sorted(mine.keys() - theirs.keys())[:MAX_NAMED]:
            yield it.say(Kind.PKG_MANIFEST, f"hidden {part}.{name} {mine[name]}".strip(), where)
        for name in sorted(theirs.keys() - mine.keys())[:MAX_NAMED]:
            yield it.say(Kind.PKG_MANIFEST, f"missing {part}.{name} {theirs[name]}".strip(), InRegistry())
        for name in sorted(k for k in theirs.keys() & mine.keys() if theirs[k] != mine[k])[:MAX_NAMED]:
            yield it.say(Kind.PKG_MANIFEST, f"differs {part}.{name} {theirs[name]} > {mine[name]}", where)


def _added(it: Subject, before: Manifest, now: Manifest) -> Iterator[Behaviour]:
    for part in _PARTS:
        old, new = _part(before, part), _part(now, part)
        if old is None or new is None:
            continue
        for name in sorted(new.keys() - old.keys())[:MAX_NAMED]:
            yield it.say(Kind.PKG_MANIFEST, f"added {part}.{name} {new[name]}".strip(), InRegistry())
        changed = sorted(k for k in new.keys() & old.keys() if new[k] != old[k]) if part == "scripts" else []
        for name in changed[:MAX_NAMED]:
            yield it.say(Kind.PKG_MANIFEST, f"changed scripts.{name} {old[name]} > {new[name]}", InRegistry())
    if now.native and before.native is False:
        yield it.say(Kind.PKG_MANIFEST, "added native", InRegistry())


def _part(manifest: Manifest, part: str) -> Mapping[str, str] | None:
    found: Mapping[str, str] | None = getattr(manifest, part)
    return found
