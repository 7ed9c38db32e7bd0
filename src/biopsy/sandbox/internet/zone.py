r"""What TXT questions are answered, as data: `zones/*.yml`, one file each, found by being there.

    service: What it stands for
    texts:
      - names: ["_dnslink.*"]   # globs over the name; none: every name
        numbered: false         # true: only where the first label counts (`0.x`, `c12.x`); false: elsewhere
        turn: 0                 # 0: the first, third, … time the name is asked; 1: the others
        text: dnslink=/ipfs/x   # or `form:` of tagged code: plain, base64, hex

The first that fits answers, files in the order of their names. Where labels count, each gets its piece of
the code, from the number that was asked for first; past the last piece the answer is empty. `${parts}` is
how many there are, `${lead}` a URL on a second host (`leads`).
"""

import fnmatch
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import yaml

from biopsy.sandbox.internet import tag
from biopsy.sandbox.internet.leads import Leads, formed

FOLDER = Path(__file__).parent / "zones"
PIECE = 250
"""Characters of one piece: one string of a record, and an answer that fits into a datagram."""
MAX_NAMES = 20_000
"""Names whose repetitions are counted."""

_COUNTS = re.compile(r"[a-z]{0,8}[-_]?(\d{1,4})\.(.+\..+)")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to answer. The module's docstring says what the fields mean."""

    names: tuple[str, ...] = ()
    numbered: bool = False
    turn: int | None = None
    text: str = ""
    form: Literal["", "plain", "base64", "hex"] = ""


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of texts."""

    service: str
    texts: tuple[Text, ...]


@dataclass(slots=True)
class _Series:
    """Pieces of one code, handed out under names that count."""

    start: int
    token: str


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob.lower()))


def load(folder: Path = FOLDER) -> tuple[Text, ...]:
    """Read every zone."""
    texts: list[Text] = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.glob("*.yml")):
        data = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader, the C one
        texts += msgspec.convert(data, Zone).texts
    return tuple(texts)


class Texts:
    """Answers every TXT question of a run."""

    def __init__(self, texts: tuple[Text, ...], tags: tag.Tags, leads: Leads) -> None:
        """Answer by `texts`."""
        self._texts, self._tags, self._leads = texts, tags, leads
        self._asked: dict[str, int] = {}
        self._series: dict[tuple[str, str], _Series] = {}

    def ran(self, name: str) -> str:
        """The token that a look-up of `name` shows to have been executed, or nothing."""
        return self._tags.ran(name)

    def to(self, name: str) -> tuple[str, str]:
        """What is said about `name`, and the token of it where it is code; nothing is an empty answer."""
        counted = _COUNTS.fullmatch(name)
        turn = self._turn(name)
        for text in self._texts:
            if text.names and not any(_pattern(glob).match(name) for glob in text.names):
                continue
            if text.numbered is bool(counted) and text.turn in (None, turn % 2):
                return self._said(text, name, counted)
        return "", ""

    def _turn(self, name: str) -> int:
        turn = self._asked.get(name, 0)
        if turn or len(self._asked) < MAX_NAMES:
            self._asked[name] = turn + 1
        return turn

    def _said(self, text: Text, name: str, counted: re.Match[str] | None) -> tuple[str, str]:
        if not text.form:
            parts = -(-len(formed(tag.code("0" * 16), "base64")) // PIECE)
            said = text.text.replace("${parts}", str(parts))
            if "${lead}" in said:
                said = said.replace("${lead}", f"https://{self._leads.host(name)}/s")
            return said, ""
        if counted is None:
            token = self._tags.token()
            return formed(tag.code(token), text.form), token
        key, number = (counted[2], text.form), int(counted[1])
        if key not in self._series:
            if len(self._series) >= MAX_NAMES:
                return "", ""
            self._series[key] = _Series(number, self._tags.token())
        series = self._series[key]
        at = (number - series.start) * PIECE
        piece = formed(tag.code(series.token), text.form)[at : at + PIECE] if at >= 0 else ""
        return piece, series.token if piece else ""
