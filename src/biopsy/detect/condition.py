"""Condition: the `when` of a rule, read from YAML into an expression."""

import yaml

from biopsy.detect import sheet
from biopsy.detect.expression import All, Any, Expression, First, New, Not, Ref, Seen, Then, is_point
from biopsy.detect.leaf import Leaf
from biopsy.detect.pattern import Pattern, reserved
from biopsy.detect.place import IN_ONE_PLACE
from biopsy.detect.sheet import Mistakes
from biopsy.model.behaviour import By, Kind, When
from biopsy.model.regex import regex

MAX_DEPTH = 10
MAX_PATTERNS = 200
MAX_COUNT = 10_000

_OPERATORS = ("all", "any", "not", "then", "new", "first", "rule")
_CONSTRAINTS = frozenset({"but", "of", "at", "when", "phase", "by", "count", "vendored"})
_KINDS = frozenset(Kind)
_CONTROL = regex(r"[\x00-\x1f\x7f]")
_MOMENTS = tuple(moment.value for moment in When if moment)
_ACTORS = (By.PACKAGE.value, By.DEPENDENCY.value)


def read(node: yaml.Node, mistakes: Mistakes, depth: int = 0) -> Expression | None:
    """Return the expression that a node writes down, or nothing; note what is wrong with it."""
    entries = sheet.fields(node, mistakes, "a condition")
    if not entries:
        return None
    if depth > MAX_DEPTH:
        mistakes.add(node, f"a condition may be {MAX_DEPTH} deep")
        return None
    operators = [name for name in entries if name in _OPERATORS]
    if not operators:
        return _leaf(node, entries, mistakes)
    operator = operators[0]
    known = frozenset({operator, "same"} if operator == "all" else {operator})
    sheet.strangers(node, entries, known, mistakes)
    inside = entries[operator]
    match operator:
        case "all" | "any" | "then":
            same = entries.get("same")
            return _list(operator, inside, same, mistakes, depth)
        case "not" | "new" | "first":
            return _turned(operator, inside, mistakes, depth)
        case _:
            return Ref(sheet.text(inside, mistakes, "`rule`"))


def _list(
    operator: str, node: yaml.Node, same: yaml.Node | None, mistakes: Mistakes, depth: int
) -> Expression | None:
    nodes = sheet.items(node, mistakes, f"`{operator}`", least=2)
    pairs = [(part, read(part, mistakes, depth + 1)) for part in nodes]
    of = tuple(expression for _, expression in pairs if expression is not None)
    if len(of) < len(nodes) or not of:
        return None
    spot = sheet.one_of(same, mistakes, "`same`", tuple(IN_ONE_PLACE)) if same is not None else ""
    if operator == "then" or spot:
        for part, expression in pairs:
            if expression is not None and not is_point(expression):
                mistakes.add(part, "in `then` and beside `same` stand behaviours, `any` and `new` of them")
                return None
    match operator:
        case "all":
            return All(of, spot)
        case "any":
            return Any(of)
        case _:
            return Then(of)


def _turned(operator: str, node: yaml.Node, mistakes: Mistakes, depth: int) -> Expression | None:
    of = read(node, mistakes, depth + 1)
    if of is None:
        return None
    barred = (Not, New, First) if operator == "not" else (Not, New, First, Ref)
    if any(isinstance(part, barred) for part in of.parts()):
        names = "`not`, `new` and `first`" if operator == "not" else "`not`, `new`, `first` and `rule`"
        mistakes.add(node, f"{names} may not stand inside `{operator}`")
        return None
    if operator == "not":
        return Not(of)
    return New(of) if operator == "new" else First(of)


def _leaf(node: yaml.Node, entries: dict[str, yaml.Node], mistakes: Mistakes) -> Expression | None:
    kinds = [name for name in entries if name not in _CONSTRAINTS]
    for name in kinds:
        if name not in _KINDS:
            mistakes.add(entries[name], f"no such kind of behaviour, nor operator: `{name}`")
    if len(kinds) != 1:
        mistakes.add(node, f"a condition names one kind of behaviour or one operator, not {len(kinds)}")
    if len(kinds) != 1 or kinds[0] not in _KINDS:
        return None
    kind = Kind(kinds[0])
    neutral = kind.family != "file"
    wanted = _patterns(entries[kind], mistakes, f"`{kind}`", neutral=neutral)
    but = _patterns(entries["but"], mistakes, "`but`", neutral=neutral) if "but" in entries else ()
    at = _patterns(entries["at"], mistakes, "`at`") if "at" in entries else ()
    phase = _patterns(entries["phase"], mistakes, "`phase`") if "phase" in entries else ()
    when = _choices(entries, "when", _MOMENTS, mistakes)
    by = _choices(entries, "by", _ACTORS, mistakes)
    count = sheet.number(entries["count"], mistakes, "`count`", 2, MAX_COUNT) if "count" in entries else 1
    vendored = None
    if "vendored" in entries:
        vendored = sheet.boolean(entries["vendored"], mistakes, "`vendored`")
        if vendored and "phase" in entries:
            mistakes.add(
                entries["vendored"], "`vendored: true` is about files, `phase` about runs: never both"
            )
    of = ""
    if "of" in entries:
        of = sheet.one_of(entries["of"], mistakes, "`of`", ("other", "own"))
        if neutral:
            mistakes.add(entries["of"], "`of` is about paths: it stands with `file.…` only")
    if not wanted:
        return None
    moments = frozenset(When(name) for name in when)
    actors = frozenset(By(name) for name in by)
    return Seen(Leaf(kind, wanted, at, moments, phase, actors, count, but, of, vendored))


def _choices(
    entries: dict[str, yaml.Node], key: str, allowed: tuple[str, ...], mistakes: Mistakes
) -> list[str]:
    if key not in entries:
        return []
    node = entries[key]
    for found in sheet.texts(node, mistakes, f"`{key}`", or_one=True):
        if found not in allowed:
            mistakes.add(node, f"`{key}` says `{found}`, not one of: {', '.join(allowed)}")
    return [name for name in sheet.texts(node, mistakes, f"`{key}`", or_one=True) if name in allowed]


def _patterns(
    node: yaml.Node, mistakes: Mistakes, what: str, *, neutral: bool = False
) -> tuple[Pattern, ...]:
    """Return the patterns of a node; neutral ones do not key on a reserved name or address."""
    patterns = []
    for found in sheet.texts(node, mistakes, what, or_one=True):
        if neutral and (name := reserved(found)):
            mistakes.add(node, f"{what} keys on `{name}`: reserved names and addresses are neutral to rules")
        if _CONTROL.search(found):
            mistakes.add(node, f"{what} holds a control character")
        try:
            patterns.append(Pattern.of(found))
        except ValueError as err:
            mistakes.add(node, f"{what}: {err}")
    if len(patterns) > MAX_PATTERNS:
        mistakes.add(node, f"{what} has more than {MAX_PATTERNS} patterns")
    return tuple(patterns)
