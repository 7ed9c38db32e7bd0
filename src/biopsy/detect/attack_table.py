"""Attack table: `attack.yml` read into techniques and what they are said of, or every mistake in it."""

from collections.abc import Iterable

import yaml

from biopsy.detect import condition, sheet
from biopsy.detect.attack import Table
from biopsy.detect.expression import Seen
from biopsy.detect.leaf import Leaf
from biopsy.detect.read import TECHNIQUE
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError
from biopsy.model.attack import TACTICS, Technique
from biopsy.model.behaviour import Kind


def read(text: str, file: str) -> Table:
    """Read a table; raise RuleError with every mistake in it, each as `file:line: message`."""
    mistakes = Mistakes(file)
    root = sheet.compose(text, mistakes)
    entries = sheet.fields(root, mistakes, "the table") if root is not None else {}
    for key in ("techniques", "behaviours"):
        if root is not None and key not in entries:
            mistakes.add(root, f"`{key}` is missing")
    if root is not None:
        sheet.strangers(root, entries, frozenset({"techniques", "behaviours"}), mistakes)
    named = _techniques(entries["techniques"], mistakes) if "techniques" in entries else {}
    said: dict[Kind, list[tuple[Leaf, tuple[str, ...]]]] = {}
    if "behaviours" in entries:
        for node in sheet.items(entries["behaviours"], mistakes, "`behaviours`"):
            if line := _line(node, named, mistakes):
                said.setdefault(line[0].kind, []).append(line)
    if wrong := list(mistakes):
        raise RuleError("\n".join(wrong))
    return Table(named, {kind: tuple(lines) for kind, lines in said.items()})


def _techniques(node: yaml.Node, mistakes: Mistakes) -> dict[str, Technique]:
    named = {}
    for name, inside in sheet.fields(node, mistakes, "`techniques`").items():
        if not TECHNIQUE.fullmatch(name):
            mistakes.add(inside, f"`{name}` is no ATT&CK technique: `T1234` or `T1234.001`")
        entries = sheet.fields(inside, mistakes, "a technique")
        sheet.strangers(inside, entries, frozenset({"name", "tactics"}), mistakes)
        if {"name", "tactics"} - entries.keys():
            mistakes.add(inside, "a technique has a `name` and `tactics`")
            continue
        tactics = sheet.texts(entries["tactics"], mistakes, "`tactics`")
        for tactic in tactics:
            if tactic not in TACTICS:
                mistakes.add(entries["tactics"], f"`{tactic}` is no tactic: {', '.join(TACTICS)}")
        named[name] = Technique(name, sheet.text(entries["name"], mistakes, "`name`"), tactics)
    return named


def _line(node: yaml.Node, named: Iterable[str], mistakes: Mistakes) -> tuple[Leaf, tuple[str, ...]] | None:
    entries = sheet.fields(node, mistakes, "a line")
    sheet.strangers(node, entries, frozenset({"when", "attack"}), mistakes)
    if entries.keys() != {"when", "attack"}:
        mistakes.add(node, "a line has a `when` and an `attack`")
        return None
    names = sheet.texts(entries["attack"], mistakes, "`attack`")
    for name in names:
        if name not in named:
            mistakes.add(entries["attack"], f"`{name}` is not among the techniques above")
    when = condition.read(entries["when"], mistakes)
    if not isinstance(when, Seen):
        mistakes.add(entries["when"], "a line looks at one behaviour: no operators")
        return None
    if when.leaf != Leaf(when.leaf.kind, when.leaf.patterns, but=when.leaf.but):
        mistakes.add(entries["when"], "a line looks at kind and value: beside the kind may stand only `but`")
        return None
    return when.leaf, names
