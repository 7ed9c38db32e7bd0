"""Policy files: read strictly, with every mistake at its line.

`FOLDER/<ecosystem>.yml` of what is shipped, and over it part by part `BIOPSY_HOME/policy/<ecosystem>.yml`: a
part that stands there takes the place of the shipped one, a part left out stays as it was shipped.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from biopsy.detect import sheet
from biopsy.detect.sheet import Mistakes
from biopsy.errors import RuleError, UsageError
from biopsy.model.dossier import Call
from biopsy.model.regex import regex
from biopsy.pipeline.follow.policy.lines import MOST, Do, Line, Policy, Which

SHIPPED = Path(__file__).parent / "shipped"
FOLDER = "policy"
MAX_LINES = 1000
"""Most lines in one part of a policy."""

MAX_ARTIFACTS = 500
MAX_DAYS = 366

_ECOSYSTEM = regex(r"[a-z][a-z0-9-]{0,30}")
_SPAN = regex(r"(\d{1,6})([hd])")
_SECONDS = {"h": 3600.0, "d": 86400.0}
_VERDICTS = tuple(call.value for call in Call)
_ALIKE = ("typosquat", "homoglyph", "combosquat", "scope", "other-ecosystem", "internal")
WHERE = frozenset(
    {"because", "name", "version", "file", "popular", "first", "resembles", "prerelease", "chosen"}
)


def load(ecosystem: str, home: Path | None = None) -> Policy:
    """Read the policy of an ecosystem: what is shipped, and over it what `home` has.

    RuleError with every mistake as `file:line: message`; UsageError where a file cannot be read. An ecosystem
    that no policy is shipped for has that of `any.yml`.
    """
    if not _ECOSYSTEM.fullmatch(ecosystem):
        raise UsageError(f"no ecosystem {ecosystem!r}")
    shipped = SHIPPED / f"{ecosystem}.yml"
    if not shipped.is_file():
        shipped = SHIPPED / "any.yml"
    policy = _over(Policy(ecosystem), shipped, f"shipped {shipped.name}")
    if home is not None and (mine := home / FOLDER / f"{ecosystem}.yml").is_file():
        policy = _over(policy, mine, str(mine))
    return policy


def stamp(ecosystem: str, home: Path) -> tuple[int, int]:
    """Tell when the file of `home` last changed: a policy is read again when this does."""
    try:
        found = (home / FOLDER / f"{ecosystem}.yml").stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def _over(policy: Policy, path: Path, called: str) -> Policy:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(sheet.MAX_FILE + 1)
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError(f"cannot read {path}: {err}") from err
    return parse(text, called, policy)


def parse(text: str, called: str, policy: Policy) -> Policy:
    """Read the text of one file over a policy. RuleError with every mistake."""
    mistakes = Mistakes(called)
    root = sheet.compose(text, mistakes)
    entries = sheet.fields(root, mistakes, "a policy") if root is not None else {}
    if root is not None and entries:
        sheet.strangers(root, entries, frozenset(PARTS), mistakes)
    made: dict[str, Any] = {}
    for key, (name, read) in PARTS.items():
        if key in entries:
            made[name] = read(entries[key], f"`{key}`", mistakes)
    if mistakes.found:
        raise RuleError("\n".join(mistakes))
    return replace(policy, **made, files=(called, *policy.files))


def _span(node: yaml.Node, what: str, mistakes: Mistakes) -> float:
    text = sheet.text(node, mistakes, what)
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0.0
    if text and not 0 < seconds <= MAX_DAYS * 86400:
        mistakes.add(node, f"{what} is a time such as `36h` or `7d`, at most {MAX_DAYS}d")
    return seconds


def _which(node: yaml.Node, what: str, mistakes: Mistakes) -> Which:
    return Which(sheet.one_of(node, mistakes, what, tuple(Which)))


def _most(node: yaml.Node, what: str, mistakes: Mistakes) -> int:
    return sheet.number(node, mistakes, what, 1, MAX_ARTIFACTS)


def _truth(node: yaml.Node, what: str, mistakes: Mistakes) -> bool:
    return sheet.boolean(node, mistakes, what)


Also = Callable[[Mapping[str, yaml.Node], Mistakes], dict[str, Any]]


def _lines(does: frozenset[str], also: Also) -> Callable[[yaml.Node, str, Mistakes], tuple[Line, ...]]:
    """Make the reader of a part whose lines say, beside conditions, what `does` names."""

    def read(node: yaml.Node, what: str, mistakes: Mistakes) -> tuple[Line, ...]:
        nodes = sheet.items(node, mistakes, what, least=0)
        if len(nodes) > MAX_LINES:
            mistakes.add(node, f"{what} has more than {MAX_LINES} lines")
            return ()
        made = []
        for one in nodes:
            entries = sheet.fields(one, mistakes, f"a line of {what}")
            sheet.strangers(one, entries, WHERE | does, mistakes)
            for key in sorted((does & {"add", "do"}) - entries.keys()):
                mistakes.add(one, f"`{key}` is missing")
            place = f"{mistakes.file}:{one.start_mark.line + 1 if one.start_mark else 1}"
            made.append(Line(place, **_conditions(entries, mistakes), **also(entries, mistakes)))
        return tuple(made)

    return read


def _conditions(entries: Mapping[str, yaml.Node], mistakes: Mistakes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "because" in entries:
        made["because"] = sheet.text(entries["because"], mistakes, "`because`")
    for key in ("name", "version", "file"):
        if key in entries:
            made[key] = sheet.texts(entries[key], mistakes, f"`{key}`", or_one=True)
    for key in ("first", "prerelease", "chosen"):
        if key in entries:
            made[key] = sheet.boolean(entries[key], mistakes, f"`{key}`")
    if "popular" in entries:
        made["popular"] = sheet.number(entries["popular"], mistakes, "`popular`", 1, 50_000)
    if "resembles" in entries:
        made["resembles"] = _alike(entries["resembles"], mistakes)
    return made


def _alike(node: yaml.Node, mistakes: Mistakes) -> tuple[str, ...] | bool:
    if isinstance(node, yaml.ScalarNode) and node.value in {"true", "false"}:
        return sheet.boolean(node, mistakes, "`resembles`")
    return _words(node, "`resembles`", _ALIKE, mistakes)


def _words(node: yaml.Node, what: str, known: tuple[str, ...], mistakes: Mistakes) -> tuple[str, ...]:
    found = sheet.texts(node, mistakes, what, or_one=True)
    for word in found:
        if word not in known:
            mistakes.add(node, f"{what} has no `{word}`; there are: {', '.join(known)}")
    return found


def _nothing(entries: Mapping[str, yaml.Node], mistakes: Mistakes) -> dict[str, Any]:  # noqa: ARG001
    return {}


def _adds(entries: Mapping[str, yaml.Node], mistakes: Mistakes) -> dict[str, Any]:
    if "add" not in entries:
        return {}
    node = entries["add"]
    text = node.value.removeprefix("-") if isinstance(node, yaml.ScalarNode) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 0 < int(text) <= MOST):
        mistakes.add(node, f"`add` is a whole number from -{MOST} to {MOST}, and not 0")
        return {}
    return {"add": int(node.value)}


def _does(entries: Mapping[str, yaml.Node], mistakes: Mistakes) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "do" in entries:
        made["do"] = Do(sheet.one_of(entries["do"], mistakes, "`do`", tuple(Do)))
    if "verdict" in entries:
        made["verdict"] = _words(entries["verdict"], "`verdict`", _VERDICTS, mistakes)
    if "convicted" in entries:
        made["convicted"] = sheet.boolean(entries["convicted"], mistakes, "`convicted`")
    return made


PARTS: dict[str, tuple[str, Callable[[yaml.Node, str, Mistakes], Any]]] = {
    "analyse": ("analyse", _truth),
    "counts as new": ("since", _span),
    "artifacts": ("which", _which),
    "artifacts at most": ("most", _most),
    "skip": ("skip", _lines(frozenset(), _nothing)),
    "static only": ("static", _lines(frozenset(), _nothing)),
    "priority": ("priority", _lines(frozenset({"add"}), _adds)),
    "reports": ("reports", _lines(frozenset({"do", "verdict", "convicted"}), _does)),
}
