"""Attack: what a behaviour is in the words of MITRE ATT&CK, from `attack.yml`."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from biopsy.detect.leaf import Leaf
from biopsy.model import kept
from biopsy.model.attack import Attack, Technique
from biopsy.model.behaviour import Behaviour, By, Kind
from biopsy.model.dossier import Dossier, Finding

TABLE = Path(__file__).with_name("attack.yml")


class Table(Struct, frozen=True):
    """The table: techniques by their id, and which behaviours they are said of, by kind."""

    techniques: Mapping[str, Technique]
    said: Mapping[Kind, tuple[tuple[Leaf, tuple[str, ...]], ...]]


def techniques(behaviour: Behaviour) -> tuple[str, ...]:
    """Return the ids of the techniques that a behaviour can serve; many are none at all."""
    said = known().said.get(behaviour.kind, ())
    return tuple(dict.fromkeys(name for leaf, names in said if leaf.fits(behaviour) for name in names))


def served(findings: Sequence[Finding], dossier: Dossier) -> Attack:
    """Return the techniques of a dossier: those of its behaviours (not the tools') and of its findings."""
    by_fact: dict[tuple[Kind, str], tuple[str, ...]] = {}
    for behaviour in dossier.behaviours:
        fact = behaviour.kind, behaviour.value
        if fact not in by_fact and behaviour.by is not By.TOOL and (names := techniques(behaviour)):
            by_fact[fact] = names
    every = {name for names in by_fact.values() for name in names}
    every.update(name for finding in findings for name in finding.attack)
    table = known().techniques
    return Attack(tuple(table.get(name, Technique(name, name, ())) for name in sorted(every)), by_fact)


def technique(name: str) -> Technique | None:
    """Return the technique of an id, if the table has it."""
    return known().techniques.get(name)


@cache
def known() -> Table:
    """Return the table that is shipped."""
    files = [str(TABLE), *kept.sources("detect", "model")]
    return kept.kept("attack", files, _read)


def _read() -> Table:
    from biopsy.detect.attack_table import read  # noqa: PLC0415 - it is read once, then kept

    return read(TABLE.read_text("utf-8"), str(TABLE))
