"""A scenario: one package as data, malicious (with a clean twin in the same text) or a benign control.

In the text of a file, what follows `!! ` at the beginning of a line belongs to the payload and is missing
from the clean twin; what follows `?? ` is in the twin only. A file of which nothing is left is left out.
`«part»` stands for a part, dressed as `encode` says: `«stage|zlib|base64»`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from evals.encode import encode

FOLDER = Path(__file__).parent / "scenarios"
HELDOUT = Path(__file__).parent / "heldout"
GENERATIONS = {"2026-11a": HELDOUT} | {
    name: HELDOUT / name for name in ("2026-11b", "2026-11c", "2026-11d", "2026-11e", "2026-11f")
}
"""What is kept aside, by when it was written: the older it is, the more its misses have taught."""
_MARK = {mark: re.compile(r"\A" + re.escape(mark) + r"(?: |(?=\n|\Z))") for mark in ("!!", "??")}
PLACEHOLDER = re.compile(r"«([^«»]+)»")


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must come of it; `phase` is where the payload acts, `static` where only reading can tell."""

    verdict: Literal["malicious", "suspicious", "benign"]
    phase: Literal["install", "build", "start", "import", "scripts", "execute", "tests", "static", ""] = ""
    rules: tuple[str, ...] = ()


class Binary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is no text: a recipe of `encode`; without `twin` the clean twin does not have it."""

    data: str
    twin: str = ""


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is odd about the archive itself (of the malicious form only)."""

    shadow: dict[str, str] = {}  # path to text: an innocent member of the same name, in front of the real one
    unlisted: tuple[str, ...] = ()  # members that the central directory does not name


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The release before: the clean twin under another version, with files that differ."""

    version: str
    files: dict[str, str] = {}


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One package. `row` is the scenario it comes from in the research table; empty for one of our own."""

    id: str
    title: str
    ecosystem: str  # a purl type
    artifact: str  # a module of `builders`
    name: str
    files: dict[str, str | Binary]
    expect: Expect
    row: str = ""
    technique: str = ""  # the class of technique, in words that give nothing of the text away
    evasive: bool = False  # whether it hides what it does
    version: str = "1.0.0"
    summary: str = ""
    needs: tuple[str, ...] = ()  # capabilities of the sandbox
    profile: str = "laptop"
    python: str = ""  # version of Python whose compiled code is inside
    parts: dict[str, str] = {}
    entry_points: dict[str, tuple[str, ...]] = {}
    payload_entry_points: dict[str, tuple[str, ...]] = {}
    requires: tuple[str, ...] = ()
    payload_requires: tuple[str, ...] = ()
    modes: dict[str, int] = {}
    archive: Archive = Archive()
    previous: Previous | None = None
    registry: tuple[str, ...] = ()  # behaviours that the registry would tell: `pkg.provenance present`
    waits: str = ""  # what is lacking to detect it; its result is told and not counted
    style: str = ""  # of a variant: see `vary`
    generation: str = ""  # of one kept aside: when its author wrote it

    @property
    def malicious(self) -> bool:
        """Whether it has a payload, and so a clean twin."""
        return self.expect.verdict != "benign"

    def contents(self, *, payload: bool) -> dict[str, bytes]:
        """Return the files of the package, or of its clean twin."""
        made = {}
        for path, entry in self.files.items():
            if isinstance(entry, Binary):
                if recipe := entry.data if payload else entry.twin:
                    made[path] = encode(recipe, self.parts)
            elif (text := _lines(entry, payload=payload)) is not None:
                made[path] = self.fill(text).encode()
        return made

    def fill(self, text: str) -> str:
        """Put dressed parts in their places."""
        return PLACEHOLDER.sub(lambda match: text_of(match[1], encode(match[1], self.parts)), text)


def text_of(recipe: str, data: bytes) -> str:
    """Put bytes into text: each as a character, unless the last step made characters."""
    return data.decode("utf-8" if recipe.endswith("selectors") else "latin-1")


def _lines(text: str, *, payload: bool) -> str | None:
    """Keep the lines of one form; None where none is left of a text that had some."""
    keep, drop = ("!!", "??") if payload else ("??", "!!")
    lines = [line for line in text.splitlines(keepends=True) if line.rstrip("\n").split(" ")[0] != drop]
    if text and not lines:
        return None
    return "".join(_MARK[keep].sub("", line) for line in lines)


def read(path: Path) -> Scenario:
    """Read one scenario; raises msgspec.ValidationError where it is not one."""
    return msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader), Scenario)


def scenarios() -> Iterator[Scenario]:
    """Read all of them, in the order of their names."""
    for path in sorted(FOLDER.glob("*.yml")):
        yield read(path)


def heldout() -> Iterator[Scenario]:
    """Read those that are kept aside, several in a file; authors of rules do not look."""
    for generation, folder in GENERATIONS.items():
        for path in sorted(folder.glob("*.yml")):
            for one in yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader):
                yield msgspec.structs.replace(msgspec.convert(one, Scenario), generation=generation)
