"""What the release's name resembles."""

from collections.abc import Iterator
from datetime import date

from biopsy.ecosystems.facts.subject import Subject
from biopsy.ecosystems.names import listed, load, resemblances
from biopsy.model.behaviour import Behaviour, Kind


def facts(it: Subject, today: date) -> Iterator[Behaviour]:  # noqa: ARG001
    """Yield `pkg.name`."""
    others = (load(other, it.home) for other in listed.shipped() if other != it.release.ecosystem)
    for found in resemblances(it.release.name, it.names, it.ecosystem.habits, others):
        yield it.say(Kind.PKG_NAME, found.value, detail=found.how)
    bringer = it.ecosystem.habits.modules.get(it.release.name, "")
    if bringer and not it.popular:
        yield it.say(Kind.PKG_NAME, f"module-of {bringer}", detail="what one imports, not what one installs")
