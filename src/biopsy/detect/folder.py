"""Folder: rules read from their files, or every mistake in them at its file and line."""

from collections.abc import Mapping
from pathlib import Path

from biopsy.detect import sheet
from biopsy.detect.read import parse
from biopsy.detect.rule import Rule, reach
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError

MAX_RULES = 5_000
MAX_MISTAKES = 50


def read(folder: Path) -> tuple[Rule, ...]:
    """Return the rules of a folder, in order of their ids.

    Raises RuleError with every mistake found, each as `file:line: message` on a line of its own.
    """
    if not folder.is_dir():
        raise RuleError(f"{folder}:1: no such folder of rules")
    files = _files(folder)
    if len(files) > MAX_RULES:
        raise RuleError(f"{folder}:1: more than {MAX_RULES} rules")
    rules: dict[str, Rule] = {}
    mistakes: dict[str, Mistakes] = {}
    for path in files:
        found = Mistakes(str(path))
        rule = _file(path, path.relative_to(folder), found)
        if rule is not None:
            rules[rule.id] = rule
            mistakes[rule.id] = found
        else:
            mistakes[str(path)] = found
    _link(rules, mistakes)
    said = [line for found in mistakes.values() for line in found]
    if said:
        more = [f"… and {len(said) - MAX_MISTAKES} more"] if len(said) > MAX_MISTAKES else []
        raise RuleError("\n".join(said[:MAX_MISTAKES] + more))
    return tuple(rules[name] for name in sorted(rules))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".yml", ".yaml"} and path.is_file())


def _file(path: Path, relative: Path, mistakes: Mistakes) -> Rule | None:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(sheet.MAX_FILE + 1)
    except (OSError, UnicodeDecodeError) as err:
        mistakes.add(1, f"cannot be read as UTF-8 text: {err}")
        return None
    if path.suffix != ".yml":
        mistakes.add(1, "a rule's file ends in `.yml`")
    return parse(text, relative.with_suffix("").as_posix(), mistakes)


def _link(rules: Mapping[str, Rule], mistakes: Mapping[str, Mistakes]) -> None:
    """Note the rules that look at one that is not there, does not judge, or looks back at them."""
    for rule in rules.values():
        line = 1 + rule.text[: max(rule.text.find("\nwhen:"), 0) + 1].count("\n")
        for need in rule.needs:
            if need not in rules:
                mistakes[rule.id].add(line, f"looks at `{need}`, which is no rule here")
            elif rule.status == "stable" and rules[need].status != "stable":
                mistakes[rule.id].add(line, f"is stable and looks at `{need}`, which is {rules[need].status}")
        if rule.id in reach(rule.needs, rules):
            mistakes[rule.id].add(line, "looks at itself in a circle")
        if rule.weighs and any(rules[name].looks_away for name in [*reach(rule.needs, rules), rule.id]):
            mistakes[rule.id].add(
                line,
                "a verdict may rest on it, so it may not leave out vendored code: anybody names a folder",
            )
