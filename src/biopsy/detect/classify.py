"""Classify: what sort of thing a release is, by the classes of `classes.yml`, with evidence for each."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy.detect.decide import decide
from biopsy.detect.expression import Expression
from biopsy.detect.match import MAX_EVIDENCE, match
from biopsy.detect.rule import NAME, Example, Rule
from biopsy.detect.scene import Scene
from biopsy.model import kept
from biopsy.model.dossier import Call, Classification, Dossier, Finding
from biopsy.model.release import Artifact, Release

TABLE = Path(__file__).with_name("classes.yml")

_GUILTY = (Call.MALICIOUS, Call.SUSPICIOUS)


class Class(Struct, frozen=True):
    """One class. One that `accuses` is not given to what is benign or unknown."""

    name: str
    title: str
    accuses: bool
    why: str
    when: Expression
    examples: tuple[Example, ...]


def classify(findings: Sequence[Finding], dossier: Dossier) -> tuple[Classification, ...]:
    """Return the classes that hold, in the order of the table.

    They stand on the stable findings, whatever their severity, and on behaviours; a draft counts for nothing.
    Pure, and a function of what the verdict is a function of.
    """
    guilty = decide(findings, dossier).call in _GUILTY
    matched = {finding.rule: finding.evidence for finding in findings if finding.status == "stable"}
    scene = Scene(dossier.behaviours, dossier.outcomes, None, dossier.release.name)
    given = []
    for each in _ready():
        evidence = each.when.evaluate(scene, matched) if guilty or not each.accuses else None
        if evidence is not None:
            seen = tuple(dict.fromkeys(evidence))
            more = max(len(seen) - MAX_EVIDENCE, 0)
            given.append(
                Classification(each.name, each.title, each.why, seen[:MAX_EVIDENCE], each.accuses, more)
            )
    return tuple(given)


class TriedClass(Struct, frozen=True):
    """What became of an example of a class: whether it was given."""

    name: str
    example: Example
    matched: bool

    @property
    def passed(self) -> bool:
        """Whether the class did what the example says."""
        return self.matched is self.example.match


def check_classes(rules: Sequence[Rule]) -> list[TriedClass]:
    """Try every example of every class, by these rules, as the dossier of a package would be judged."""
    tried = []
    for each in classes():
        for example in each.examples:
            dossier = _dossier(example)
            given = classify(match(rules, dossier), dossier)
            tried.append(TriedClass(each.name, example, any(one.name == each.name for one in given)))
    return tried


def _dossier(example: Example) -> Dossier:
    artifact = Artifact(f"{NAME}-1.0.tgz", "tgz", Path(f"{NAME}-1.0.tgz"), 0, "")
    return Dossier("", Release("npm", NAME, "1.0"), artifact, example.behaviours, example.outcomes())


@cache
def classes() -> tuple[Class, ...]:
    """Return the classes that are shipped."""
    from biopsy.detect.class_table import read  # noqa: PLC0415 - who only judges finds them read

    return read(TABLE.read_text("utf-8"), str(TABLE))


@cache
def _ready() -> tuple[Class, ...]:
    """Those classes as they are kept to judge by: without their examples."""
    files = [str(TABLE), *kept.sources("detect", "model")]
    return kept.kept("classes", files, lambda: tuple(replace(each, examples=()) for each in classes()))
