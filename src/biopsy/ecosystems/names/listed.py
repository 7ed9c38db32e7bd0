"""The list itself: read, kept, written."""

import base64
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable
from functools import cache, cached_property
from pathlib import Path

from msgspec import Struct

from biopsy.ecosystems.names.look import skeleton
from biopsy.errors import UsageError
from biopsy.model.regex import regex

MAX_NAMES = 50_000
"""Most names that a list may have."""

MAX_BYTES = 16 * 1024**2
"""Longest list read, in bytes once unpacked."""

FOLDER = "names"
_ENDING = ".tsv.gz"
_HEAD = "biopsy-names"
_SPACE = regex(r"\W+")
_WORDS = 4  # a shorter sentence ("A library") is nobody's


class Names(Struct, frozen=True, dict=True):
    """The names of one ecosystem in wide use, the most used first.

    `rows` are the lines of the list as they were read, each ended: most questions are answered by a look
    into that text, and only what compares a name with all others takes it apart.
    """

    ecosystem: str
    date: str
    rows: str = ""
    source: str = "shipped"

    def rank(self, name: str) -> int:
        """Say which one a name is: 1 is the most used, 0 that it is not among them."""
        return self._line(f"\n{name}\t", f"\n{name}\n") if name and name.isprintable() else 0

    def __contains__(self, name: str) -> bool:
        """Whether a name is among them."""
        return self.rank(name) > 0

    def __len__(self) -> int:
        """How many there are."""
        return self.rows.count("\n")

    def _line(self, *forms: str) -> int:
        text = self._text
        at = next((at for form in forms if (at := text.find(form)) >= 0), -1)
        return text.count("\n", 0, at + 1)

    @cached_property
    def _text(self) -> str:
        return f"\n{self.rows}"

    @cached_property
    def ordered(self) -> list[str]:
        """Every name, the most used first."""
        return [row.partition("\t")[0] for row in self.rows.split("\n")[:-1]]

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Every name with its rank."""
        return {name: rank for rank, name in enumerate(self.ordered, 1)}

    @cached_property
    def squeezed(self) -> "Forms":
        """Names by what is left of them without separators; the most used where several agree."""
        return self._by(squeeze)

    @cached_property
    def skeletons(self) -> "Forms":
        """Names by what they look like; the most used where several look the same."""
        return self._by(skeleton)

    def _by(self, form: Callable[[str], str]) -> "Forms":
        """Put all names into a form at once: ten times as quick as one by one."""
        formed = form("\n".join(self.ordered))
        return Forms(f"\n{formed}\n", self.ordered)

    def owns(self, scope: str) -> bool:
        """Whether a scope (`@babel`) is that of one of them."""
        return f"\n{scope}/" in self._text

    def describes(self, sentence: str) -> str:
        """Say which popular package describes itself in these words, the most used; empty where none does."""
        sign = mark(sentence)
        at = self._text.find(f"\t{sign}\n") if sign else -1
        return self._text[self._text.rfind("\n", 0, at) + 1 : at] if at >= 0 else ""


class Forms(Struct, frozen=True):
    """Names by a form of theirs: `text` has the form of each, in a line of its own.

    A look into the text is quick enough for the few that are asked for: a table of all takes longer to make.
    """

    text: str
    ordered: list[str]

    def get(self, form: str, default: str = "") -> str:
        """The name of that form, the most used where several have it."""
        at = self.text.find(f"\n{form}\n") if "\n" not in form and self.ordered else -1
        return self.ordered[self.text.count("\n", 0, at)] if at >= 0 else default


def squeeze(name: str) -> str:
    """Leave out separators and scope signs, and case."""
    return name.lower().translate(_SEPARATORS)


_SEPARATORS = str.maketrans("", "", "-_.@/")


def mark(sentence: str) -> str:
    """Hash a sentence, whatever its case and punctuation; empty where it is too short to be anyone's own."""
    words = _SPACE.sub(" ", sentence.lower()).strip()
    if words.count(" ") + 1 < _WORDS:
        return ""
    return base64.b64encode(hashlib.sha256(words.encode("utf-8", "replace")).digest()[:4])[:5].decode()


def load(ecosystem: str, home: Path | None = None) -> Names:
    """Read the list in use: that of `home` (BIOPSY_HOME) where one is and can be read, else the shipped one.

    An ecosystem without a list gives an empty one.
    """
    if home is not None:
        path = kept(ecosystem, home)
        try:
            stamp = path.stat()
            return _kept(path, ecosystem, stamp.st_mtime_ns, stamp.st_size)
        except (OSError, UsageError):
            pass  # a list that was damaged must not stop an analysis; `biopsy names` says which is in use
    return _shipped(ecosystem)


def kept(ecosystem: str, home: Path) -> Path:
    """Where a refreshed list lies."""
    return home / FOLDER / f"{ecosystem}{_ENDING}"


@cache
def shipped() -> tuple[str, ...]:
    """Give the ecosystems that a list is shipped for."""
    files = (file.name for file in Path(__file__).parent.iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in files if name.endswith(_ENDING)))


@cache
def _shipped(ecosystem: str) -> Names:
    file = Path(__file__).with_name(f"{ecosystem}{_ENDING}")
    if not file.is_file():
        return Names(ecosystem, "", source="none")
    return parse(file.read_bytes(), ecosystem)


@cache
def _kept(path: Path, ecosystem: str, _changed: int, size: int) -> Names:
    if size > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    return parse(path.read_bytes(), ecosystem, str(path))


def parse(data: bytes, ecosystem: str, source: str = "shipped") -> Names:
    """Read a list in our own form; UsageError where it is none."""
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            text = stream.read(MAX_BYTES + 1).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as err:
        raise UsageError(f"{source}: no list of names: {err}") from err
    head, _, rest = text.partition("\n")
    words = head.split("\t")
    if len(text) > MAX_BYTES or len(words) != 3 or words[:2] != [_HEAD, ecosystem]:
        raise UsageError(f"{source}: no list of names of {ecosystem}")
    if rest and not rest.endswith("\n"):
        rest += "\n"
    if rest.count("\n") > MAX_NAMES:
        rest = "".join(rest.splitlines(keepends=True)[:MAX_NAMES])
    return Names(ecosystem, words[2], rest, source)


def write(ecosystem: str, date: str, pairs: Iterable[tuple[str, str]]) -> bytes:
    """Give the file of a list from names and what each says of itself, the most used first.

    The same list gives the same bytes.
    """
    seen: dict[str, str] = {}
    for name, sentence in pairs:
        if len(seen) >= MAX_NAMES:
            break
        seen.setdefault(name, mark(sentence))
    lines = [f"{_HEAD}\t{ecosystem}\t{date}"]
    lines += [f"{name}\t{sign}" if sign else name for name, sign in seen.items()]
    return gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
