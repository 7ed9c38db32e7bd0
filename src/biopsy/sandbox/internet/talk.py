r"""Protocols that are neither HTTP nor DNS, as data: `dialogues/*.yml`, one file each, found by their place.

    service: What it stands for
    ports: [25, 587]
    greeting: "220 ${host} ready\r\n"     # said if the package says nothing at first
    turns:                                # by line, or by chunk where `lines: false`
      - hear: "(?i)^DATA"                   # a regular expression over what was sent
        say: "354 go on\r\n"
        until: "\r\n.\r\n"                # then everything is taken up to this …
        then: "250 taken\r\n"             # … and answered with this
      - {hear: "^QUIT", say: "221 bye\r\n", end: true}
      - {hear: "^STARTTLS", say: "220 go\r\n", secure: true}
      - {hear: "^JOIN", orders: ["DO ${word} ${order}\r\n"]}   # said later, one after each silence
    otherwise: "250 OK\r\n"

Text is latin-1: `"\x00\xff"` in double quotes are those two bytes. `${host}` is who we are, `${tag}` the
first word of what is answered, `${word}` the second, `${order}` a tagged line of shell, `${comma}` our IPv4
address as FTP writes it. Where no dialogue fits, the first thing that is sent (or a short silence) is
answered with tagged code: a shell or an interpreter at the other end of the connection would run it. So is
one who was greeted and says nothing, or what a shell says.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
import yaml

FOLDER = Path(__file__).parent / "dialogues"
ORDER = "${order}"
"""What stands in the orders of a dialogue for what is to be run."""
MAX_LINE = 16 * 1024
"""Longest line of a dialogue, in bytes; a longer one is taken as it comes."""


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One answer of a dialogue."""

    hear: str
    say: str = ""
    until: str = ""
    then: str = ""
    end: bool = False
    secure: bool = False
    orders: tuple[str, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """What this answers."""
        return re.compile(self.hear.encode("latin-1"), re.DOTALL)


class Dialogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A protocol. The module's docstring says what the fields mean."""

    service: str
    ports: tuple[int, ...]
    greeting: str = ""
    turns: tuple[Turn, ...] = ()
    otherwise: str = ""
    lines: bool = True


@dataclass(frozen=True, slots=True)
class Dialogues:
    """Every dialogue, by its port."""

    by_port: dict[int, Dialogue]

    def on(self, port: int) -> Dialogue | None:
        """The dialogue that is usual on `port`."""
        return self.by_port.get(port)


def load(folder: Path = FOLDER) -> Dialogues:
    """Read every dialogue."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = {}
    for path in sorted(folder.glob("*.yml")):
        data = yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506 - a safe loader, the C one
        dialogue = msgspec.convert(data, Dialogue)
        found.update(dict.fromkeys(dialogue.ports, dialogue))
    return Dialogues(found)


class Speaker:
    """Our side of one dialogue: is fed what was sent, says what to answer."""

    def __init__(self, dialogue: Dialogue, host: str, address: str) -> None:
        """Begin a dialogue, as `host` at `address`."""
        self._address = address
        self._dialogue = dialogue
        self._host = host
        self._held = b""
        self._waiting: Turn | None = None  # for the end of what `until` takes
        self.ended = False
        self.secure = False
        self.orders: list[str] = []  # that what was said last leads to

    @property
    def greeting(self) -> bytes:
        """What we say first."""
        return self._text(self._dialogue.greeting)

    def hear(self, data: bytes) -> bytes:
        """What we say to `data`."""
        self._held += data
        said = b""
        while self._held and not self.ended and not self.secure:
            if self._waiting is not None:
                end = self._waiting.until.encode("latin-1")
                at = self._held.find(end)
                if at < 0:
                    self._held = self._held[-len(end) :]
                    break
                self._held = self._held[at + len(end) :]
                said += self._text(self._waiting.then)
                self._waiting = None
                continue
            piece = self._piece()
            if piece is None:
                break
            said += self._answer(piece)
        return said

    def _piece(self) -> bytes | None:
        if not self._dialogue.lines:
            piece, self._held = self._held, b""
            return piece
        at = self._held.find(b"\n") + 1
        if not at and len(self._held) < MAX_LINE:
            return None
        piece, self._held = self._held[: at or None], self._held[at or len(self._held) :]
        return piece

    def _answer(self, piece: bytes) -> bytes:
        turn = next((turn for turn in self._dialogue.turns if turn.pattern.search(piece[:MAX_LINE])), None)
        if turn is None:
            return self._text(self._dialogue.otherwise, piece)
        self.ended, self.secure = turn.end, turn.secure
        if turn.until:
            self._waiting = turn
            if turn.until.startswith("\r\n"):
                self._held = b"\r\n" + self._held  # an empty message ends at once
        self.orders = self.orders or [self._text(one, piece).decode("latin-1") for one in turn.orders]
        return self._text(turn.say, piece)

    def _text(self, text: str, piece: bytes = b"") -> bytes:
        tag, word = (one[:32].decode("latin-1").strip() for one in (*piece.split(b" ", 2), b"", b"")[:2])
        filled = text.replace("${host}", self._host).replace("${tag}", tag).replace("${word}", word)
        return filled.replace("${comma}", self._address.replace(".", ",")).encode("latin-1", "replace")
