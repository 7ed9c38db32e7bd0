"""What names, versions, dates, people and manifests say about a release: facts, of which none is a judgement.

    pkg.name         typosquat, homoglyph, combosquat, scope TARGET; other-ecosystem npm:NAME; internal NAME;
                     module-of TARGET
    pkg.version      zero, absurd, epoch VERSION; jump A > B; out-of-order A after B
    pkg.release      young, fresh N days; dormant N days; burst N in a day; holding
    pkg.maintainer   new, gone, owner, first-release-by NAME; replaced; mail-changed NAME OLD > NEW;
                     disposable-mail, invalid-mail MAIL
    pkg.provenance   present; gone; gone trusted-publisher; signed; unsigned; signature-wrong;
                     signature-expired
    pkg.manifest     hidden, missing WHAT; differs, changed WHAT A > B; added WHAT; trivial N bytes of code
    pkg.description  empty; boilerplate; copied NAME; installs NAME; no-repository; repository-of NAME

`of` needs no network: it reads what the registry answered already, the archive, and a date. The same answers
and the same date give the same facts.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from biopsy.ecosystems.facts import descriptions, manifests, people, shape, squats, times, versions
from biopsy.ecosystems.facts.subject import Subject
from biopsy.ecosystems.protocol import Ecosystem, Listing
from biopsy.model.behaviour import Behaviour
from biopsy.model.release import Release, Tree

__all__ = ["MAX_FACTS", "Subject", "of", "subject"]

MAX_FACTS = 500
"""Most facts that one release gives."""

_KINDS = (squats, versions, times, people, manifests, descriptions, shape)


def subject(
    ecosystem: Ecosystem, release: Release, tree: Tree, listing: Listing | None, home: Path | None = None
) -> Subject:
    """Bring together what facts are made of: the lists of names are those in use below `home`."""
    return Subject(ecosystem, release, tree, listing, home, ecosystem.manifest(tree))


def of(it: Subject, today: date) -> Iterator[Behaviour]:
    """Yield the facts about a release as of a date. Never raises for what a package or a registry says."""
    seen: set[Behaviour] = set()
    for kind in _KINDS:
        for fact in kind.facts(it, today):
            if fact not in seen:
                seen.add(fact)
                yield fact
            if len(seen) >= MAX_FACTS:
                return
