"""Baseline: what pip, npm and the interpreters do by themselves, from a recorded run of an empty package.

A behaviour is subtracted only where the same tool, or the same program started in the same shape, did the
same in the same phase of the empty run; or where nearly every process of that interpreter did it, whatever it
ran. So npm's own look into `~/.npmrc` goes, as does what Node reads when it starts, and `node evil.js`
looking into `~/.npmrc` stays.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from biopsy.errors import SandboxError
from biopsy.model.behaviour import By, Kind
from biopsy.sandbox.attribute import DRIVERS, INTERPRETER, program
from biopsy.sandbox.raw import Raw, Subject
from biopsy.sandbox.tree import Node

FORMAT: Final = 3
"""Changes with what a fact means, so that a baseline that was recorded before is recorded again."""

MAX_FACTS: Final = 50_000
"""Most facts that a baseline holds."""

Fact = tuple[str, str, str, str]  # phase, role, kind, value


class Baseline(msgspec.Struct, frozen=True):
    """What an empty package's run did, with names that change from run to run taken out."""

    image: str
    ecosystem: str
    profile: str
    facts: frozenset[Fact] = frozenset()

    def holds(self, phase: str, role: str, kind: Kind, value: str) -> bool:
        """Whether the empty run did this too; `role` and `value` as `Normal` writes them."""
        return (phase, role, kind.value, value) in self.facts


def path(folder: Path, image: str, ecosystem: str, profile: str) -> Path:
    """Say where the baseline of an image, ecosystem and profile is kept."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{image}-{ecosystem}-{profile}-{FORMAT}")
    return folder / f"{name}.json"


def save(baseline: Baseline, file: Path) -> None:
    """Write it, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(baseline))
    part.replace(file)


def load(file: Path) -> Baseline | None:
    """Read it; None where there is none. One that cannot be read is a SandboxError."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Baseline)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as err:
        raise SandboxError(f"the baseline {file} cannot be read; delete it to record it again") from err


_RULES: Final = (
    (re.compile(r"/proc/\d+/"), "/proc/*/"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{16,}(?![0-9a-f])"), "*"),
    (re.compile(r"(?<=/)(?:[0-9a-f]{2}(?=/)|[0-9a-f]{8}(?=[/\s']|$))"), "*"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT[\w-]+Z?"), "*"),
    (re.compile(r"(?<=/)(tmp|pip-[a-z-]+-)[a-z0-9_]{8}(?=[/.\s']|$)"), r"\1*"),
    (re.compile(r"(?<=[.-])[A-Za-z0-9_]{8}(?=$|/)"), "*"),
    (re.compile(r"(?<=^/tmp/)[a-z0-9_]{8}(?=$|/)"), "*"),
    (re.compile(r"\d{4,}"), "#"),
)


class Normal:
    """Takes out of texts what differs from run to run: home, project, host, package, random names,
    numbers.
    """

    def __init__(self, raw: Raw, subject: Subject) -> None:
        """Learn the names of this run."""
        self._known: dict[str, str] = {}
        self._places = [(raw.project, "$PROJECT"), (raw.home, "$HOME")]
        words = [(subject.filename, "$FILE"), (raw.hostname, "$HOST")]
        self._words = []
        for word, new in words:
            if word:
                self._words.append((re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w)"), new))
        name = re.sub(r"\\-|_", "[-_.]", re.escape(subject.name))
        version = re.escape(subject.version)
        if subject.name:
            self._words.append((re.compile(rf"(?<![\w.-]){name}(?![\w])", re.IGNORECASE), "$NAME"))
        if version:
            self._words.append((re.compile(rf"(?<![\d.]){version}(?![\d])"), "$VERSION"))

    def text(self, value: str) -> str:
        """Normalise a value or an argument."""
        known = self._known.get(value)
        if known is not None:
            return known
        text = value
        for place, new in self._places:
            if place:
                text = text.replace(place, new)
        for word, new in self._words:
            text = word.sub(new, text)
        for rule, new in _RULES:
            text = rule.sub(new, text)
        if len(self._known) < MAX_FACTS:
            self._known[value] = text
        return text

    def role(self, node: Node | None) -> str:
        """Name the shape of a process: which tool it is, else its program and how it was called."""
        last = node.last if node else None
        if node is None or last is None:
            return ""
        if node.by is By.TOOL:
            return f"tool {node.owner}"
        if not node.role:
            name, script = program(last)
            fork = "" if any(not one.error for one in node.execs) else "fork "
            if script.startswith(DRIVERS):
                node.role = f"{fork}{name} {script}"
            else:
                rest = " ".join("#" if arg.isdigit() else self.text(arg) for arg in last.argv[1:40])
                named = name if INTERPRETER.fullmatch(name) else self.text(name)
                node.role = f"{fork}{named} {rest}"[:400]
        return node.role


def interpreter(node: Node | None) -> str:
    """Name the interpreter that a process started by itself; nothing for other programs and for forks."""
    last = node.last if node else None
    if node is None or last is None or all(one.error for one in node.execs):
        return ""
    name, _ = program(last)
    return f"any {name}" if INTERPRETER.fullmatch(name) else ""


def common(done: Mapping[int, set[tuple[str, str]]], nodes: Iterable[Node]) -> set[Fact]:
    """Find what nearly all processes of an interpreter did, as facts of any phase.

    `done` are the kinds and values of each process by its id; one that did nothing counts too.
    """
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        if name := interpreter(node):
            groups.setdefault(name, []).append(node)
    facts: set[Fact] = set()
    for name, group in groups.items():
        counts = Counter(fact for node in group for fact in done.get(node.id, ()))
        if len({node.last.argv for node in group if node.last}) > 1:
            facts |= {("*", name, *fact) for fact, count in counts.items() if count >= 0.7 * len(group)}
    return facts
