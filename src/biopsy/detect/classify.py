"""Classify: what sort of thing a release is, by the classes of `classes.yml`, with evidence for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from biopsy.detect import condition, sheet
from biopsy.detect.decide import decide
from biopsy.detect.expression import Expression
from biopsy.detect.match import MAX_EVIDENCE, match
from biopsy.detect.read import MIN_WHY, read_examples
from biopsy.detect.rule import NAME, Example, Rule
from biopsy.detect.scene import Scene
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError
from biopsy.model.dossier import Call, Classification, Dossier, Finding
from biopsy.model.release import Artifact, Release

TABLE = Path(__file__).with_name("classes.yml")

_NEEDED = ("class", "title", "accuses", "why", "when", "examples")
_GUILTY = (Call.MALICIOUS, Call.SUSPICIOUS)


@dataclass(frozen=True, slots=True)
class Class:
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
    for each in classes():
        evidence = each.when.evaluate(scene, matched) if guilty or not each.accuses else None
        if evidence is not None:
            seen = tuple(dict.fromkeys(evidence))
            more = max(len(seen) - MAX_EVIDENCE, 0)
            given.append(
                Classification(each.name, each.title, each.why, seen[:MAX_EVIDENCE], each.accuses, more)
            )
    return tuple(given)


@dataclass(frozen=True, slots=True)
class TriedClass:
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


@lru_cache(maxsize=1)
def classes() -> tuple[Class, ...]:
    """Return the classes that are shipped."""
    return read(TABLE.read_text("utf-8"), str(TABLE))


def read(text: str, file: str) -> tuple[Class, ...]:
    """Read a table of classes; raise RuleError with every mistake in it, each as `file:line: message`."""
    mistakes = Mistakes(file)
    root = sheet.compose(text, mistakes)
    entries = sheet.fields(root, mistakes, "the table") if root is not None else {}
    found: dict[str, Class] = {}
    if root is not None:
        sheet.strangers(root, entries, frozenset({"classes"}), mistakes)
        if "classes" not in entries:
            mistakes.add(root, "`classes` is missing")
    for node in sheet.items(entries["classes"], mistakes, "`classes`") if "classes" in entries else ():
        one = _class(node, mistakes)
        if one is not None and one.name in found:
            mistakes.add(node, f"two classes are called `{one.name}`")
        elif one is not None:
            found[one.name] = one
    if wrong := list(mistakes):
        raise RuleError("\n".join(wrong))
    return tuple(found.values())


def _class(node: yaml.Node, mistakes: Mistakes) -> Class | None:
    entries = sheet.fields(node, mistakes, "a class")
    sheet.strangers(node, entries, frozenset(_NEEDED), mistakes)
    if missing := [key for key in _NEEDED if key not in entries]:
        mistakes.add(node, f"a class lacks `{'`, `'.join(missing)}`")
        return None
    name, title, why = (sheet.text(entries[key], mistakes, f"`{key}`") for key in ("class", "title", "why"))
    if why and len(why) < MIN_WHY:
        mistakes.add(entries["why"], f"`why` is a sentence of at least {MIN_WHY} characters")
    accuses = sheet.boolean(entries["accuses"], mistakes, "`accuses`")
    when = condition.read(entries["when"], mistakes)
    if when is not None and not when.grounded:
        mistakes.add(entries["when"], "could hold without any evidence: `not` needs something beside it")
    examples = read_examples(entries["examples"], mistakes)
    if {example.match for example in examples} != {True, False}:
        mistakes.add(entries["examples"], "a class has examples of both kinds: `match` and `no match`")
    return Class(name, title, accuses, " ".join(why.split()), when, examples) if when is not None else None
