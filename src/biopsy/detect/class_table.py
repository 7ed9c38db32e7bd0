"""Class table: `classes.yml` read into classes, or every mistake in it."""

import yaml

from biopsy.detect import condition, sheet
from biopsy.detect.classify import Class
from biopsy.detect.read import MIN_WHY, read_examples
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError

_NEEDED = ("class", "title", "accuses", "why", "when", "examples")


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
