"""Load: a folder of rules, or every mistake in it at its file and line."""

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from biopsy.detect import sheet
from biopsy.detect.read import parse
from biopsy.detect.rule import Rule, reach
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError

SHIPPED = Path(__file__).parent.parent / "rules"
"""The rules that come with biopsy."""

MAX_RULES = 5_000
MAX_MISTAKES = 50


def load(folder: Path | None = None, cache: Path | None = None) -> tuple[Rule, ...]:
    """Return the rules of a folder (those that are shipped, if none is named), in order of their ids.

    `cache` is a folder of our own in which the shipped ones may be kept, once read without a mistake: reading
    them takes longer than judging most packages. What is kept is of these very files and this code.

    Raises RuleError with every mistake found, each as `file:line: message` on a line of its own.
    """
    return _shipped(cache) if folder is None else _load(folder)


@lru_cache(maxsize=2)
def _shipped(cache: Path | None) -> tuple[Rule, ...]:
    if cache is None:
        return _load(SHIPPED)
    kept = cache / f"rules-{_digest([*_files(SHIPPED), *_code()])}.pickle"
    with contextlib.suppress(Exception):  # not there, cut short: read anew
        rules: tuple[Rule, ...] = pickle.loads(kept.read_bytes())  # noqa: S301 - written by ourselves, below our home
        return rules
    rules = _load(SHIPPED)
    with contextlib.suppress(OSError):
        _keep(rules, kept)
    return rules


def _code() -> list[Path]:
    return [path for name in ("detect", "model") for path in sorted((SHIPPED.parent / name).glob("*.py"))]


def _digest(files: Sequence[Path]) -> str:
    whole = hashlib.sha256(sys.version.encode())
    for path in files:
        data = path.read_bytes()
        whole.update(f"{path.relative_to(SHIPPED.parent)} {len(data)}\n".encode() + data)
    return whole.hexdigest()[:16]


def _keep(rules: tuple[Rule, ...], path: Path) -> None:
    """Write in one step, so that nobody reads half of it; what older versions kept goes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, part = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        pickle.dump(rules, file, pickle.HIGHEST_PROTOCOL)
    for old in path.parent.glob("rules-*.pickle"):
        old.unlink(missing_ok=True)
    Path(part).replace(path)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in {".yml", ".yaml"} and path.is_file())


def _load(folder: Path) -> tuple[Rule, ...]:
    if not folder.is_dir():
        raise RuleError(f"{folder}:1: no such folder of rules")
    files = _files(folder)
    if len(files) > MAX_RULES:
        raise RuleError(f"{folder}:1: more than {MAX_RULES} rules")
    rules: dict[str, Rule] = {}
    mistakes: dict[str, Mistakes] = {}
    for path in files:
        found = Mistakes(str(path))
        rule = _read(path, path.relative_to(folder), found)
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


def _read(path: Path, relative: Path, mistakes: Mistakes) -> Rule | None:
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
