"""Read: the text of one rule file into a rule, or into everything that is wrong with it."""

from collections.abc import Mapping

import yaml

from biopsy.detect import condition, sheet
from biopsy.detect.rule import Example, Rule
from biopsy.detect.sheet import Mistakes
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Level
from biopsy.model.regex import regex

MAX_TITLE = 100
MIN_WHY = 60
"""Fewest characters of a `why`: it is a paragraph for an analyst, not a label."""

_ID = regex(r"[a-z0-9]+(?:-[a-z0-9]+)*/[a-z0-9]+(?:-[a-z0-9]+)*")
TECHNIQUE = regex(r"T\d{4}(?:\.\d{3})?")
_PHASE = regex(r"[a-z][a-z0-9-]*")
_STATUSES = ("draft", "stable", "retired")
_LEVELS = tuple(level.value for level in Level)
_NEEDED = ("rule", "title", "status", "severity", "confidence", "attack", "why", "when")
_KEYS = frozenset({*_NEEDED, "category", "convicts", "examples"})
_EXAMPLE_KEYS = frozenset({"name", "match", "no match", "previous", "unfinished"})


def parse(text: str, name: str, mistakes: Mistakes) -> Rule | None:
    """Read one rule, whose path says that it is called `name`; note every mistake."""
    root = sheet.compose(text, mistakes)
    if root is None:
        return None
    entries = sheet.fields(root, mistakes, "a rule")
    if not entries:
        return None
    sheet.strangers(root, entries, _KEYS, mistakes)
    for key in _NEEDED:
        if key not in entries:
            mistakes.add(root, f"`{key}` is missing")
    words: dict[str, str] = {
        key: sheet.text(entries[key], mistakes, f"`{key}`")
        for key in ("rule", "title", "why")
        if key in entries
    }
    _check_words(entries, words, name, mistakes)
    status = _choose(entries, "status", _STATUSES, mistakes)
    severity, confidence = (
        Level(_choose(entries, key, _LEVELS, mistakes)) for key in ("severity", "confidence")
    )
    convicts = "convicts" in entries and sheet.boolean(entries["convicts"], mistakes, "`convicts`")
    if convicts and not severity == confidence == Level.HIGH:
        mistakes.add(entries["convicts"], "only severity high with confidence high convicts")
    attack = _attack(entries, mistakes)
    category = sheet.text(entries["category"], mistakes, "`category`") if "category" in entries else ""
    when = condition.read(entries["when"], mistakes) if "when" in entries else None
    if when is not None and not when.grounded:
        mistakes.add(entries["when"], "could hold without any evidence: `not` needs something beside it")
    examples = read_examples(entries["examples"], mistakes) if "examples" in entries else ()
    if status == "stable" and {example.match for example in examples} != {True, False}:
        mistakes.add(
            entries.get("examples", root), "a stable rule has examples of both kinds: `match` and `no match`"
        )
    if when is None:
        return None
    category = category or name.partition("/")[0]
    title, why = words.get("title", ""), " ".join(words.get("why", "").split())
    return Rule(
        name, title, status, severity, confidence, attack, category, convicts, why, when, examples, text
    )


def _check_words(
    entries: Mapping[str, yaml.Node], words: Mapping[str, str], name: str, mistakes: Mistakes
) -> None:
    if words.get("rule") and words["rule"] != name:
        mistakes.add(entries["rule"], f"the rule is called `{words['rule']}`, but its path says `{name}`")
    elif words.get("rule") and not _ID.fullmatch(name):
        mistakes.add(entries["rule"], "a rule is called `tactic/name`: small letters, digits and dashes")
    if len(words.get("title", "")) > MAX_TITLE:
        mistakes.add(entries["title"], f"`title` is longer than {MAX_TITLE} characters")
    if words.get("why") and len(words["why"]) < MIN_WHY:
        mistakes.add(entries["why"], f"`why` is a paragraph of at least {MIN_WHY} characters")


def _choose(entries: Mapping[str, yaml.Node], key: str, allowed: tuple[str, ...], mistakes: Mistakes) -> str:
    return sheet.one_of(entries[key], mistakes, f"`{key}`", allowed) if key in entries else allowed[0]


def _attack(entries: Mapping[str, yaml.Node], mistakes: Mistakes) -> tuple[str, ...]:
    if "attack" not in entries:
        return ()
    attack = sheet.texts(entries["attack"], mistakes, "`attack`")
    for name in attack:
        if not TECHNIQUE.fullmatch(name):
            mistakes.add(entries["attack"], f"`{name}` is no ATT&CK technique: `T1234` or `T1234.001`")
    return attack


def read_examples(node: yaml.Node, mistakes: Mistakes) -> tuple[Example, ...]:
    """Read a list of examples; note every mistake."""
    examples: dict[str, Example] = {}
    for part in sheet.items(node, mistakes, "`examples`"):
        example = _example(part, mistakes)
        if example is None:
            continue
        if example.name in examples:
            mistakes.add(part, f"two examples are called `{example.name}`")
        examples[example.name] = example
    return tuple(examples.values())


def _example(node: yaml.Node, mistakes: Mistakes) -> Example | None:
    entries = sheet.fields(node, mistakes, "an example")
    if not entries:
        return None
    sheet.strangers(node, entries, _EXAMPLE_KEYS, mistakes)
    ways = [key for key in ("match", "no match") if key in entries]
    if "name" not in entries or len(ways) != 1:
        mistakes.add(node, "an example has a `name` and either `match` or `no match`")
        return None
    previous = entries.get("previous")
    unfinished = (
        sheet.texts(entries["unfinished"], mistakes, "`unfinished`") if "unfinished" in entries else ()
    )
    for phase in unfinished:
        if not _PHASE.fullmatch(phase):
            mistakes.add(entries["unfinished"], f"`{phase}` is no name of a phase")
    return Example(
        sheet.text(entries["name"], mistakes, "`name`"),
        ways[0] == "match",
        _behaviours(entries[ways[0]], mistakes, f"`{ways[0]}`"),
        None if previous is None else _behaviours(previous, mistakes, "`previous`"),
        unfinished,
    )


def _behaviours(node: yaml.Node, mistakes: Mistakes, what: str) -> tuple[Behaviour, ...]:
    behaviours = []
    for part in sheet.items(node, mistakes, what, least=0):
        text = sheet.text(part, mistakes, "a behaviour")
        try:
            behaviour = Behaviour.parse(text) if text else None
        except ValueError as err:
            mistakes.add(part, str(err))
            continue
        if behaviour is not None and str(behaviour) != text:
            mistakes.add(part, f"a behaviour in another than its one form: write `{behaviour}`")
        elif behaviour is not None:
            behaviours.append(behaviour)
    return tuple(behaviours)
