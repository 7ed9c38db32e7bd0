"""Names of archive members: what is odd about one, and a safe relative path in its place."""

import unicodedata
from hashlib import sha256

from msgspec import Struct

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.unpack.limits import Limits

_RESERVED = regex(r"(?i)(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(\..*)?")
_CONTROL = regex(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DRIVE = regex(r"[A-Za-z]:")


class Name(Struct, frozen=True):
    """A member's name as written, where it may safely stand, and what is odd about it.

    `parts` is empty where nothing is left to stand on (`/`, `..`).
    """

    raw: str
    parts: tuple[str, ...]
    odd: tuple[tuple[Kind, str], ...]

    @property
    def path(self) -> str:
        """The safe relative path, with `/`."""
        return "/".join(self.parts)


def decode(data: bytes, encoding: str = "utf-8") -> tuple[str, bool]:
    """Read a name; the flag says whether it was valid in its encoding."""
    try:
        return data.decode(encoding), True
    except UnicodeDecodeError:
        return data.decode(encoding, "backslashreplace"), False


def judge(raw: str, limits: Limits, *, valid: bool = True) -> Name:
    """Take a name apart. Climbing (`..`), roots and drives are dropped from the path and reported."""
    odd: list[tuple[Kind, str]] = []
    shown = raw if len(raw) <= 300 else raw[:300] + "…"
    text = raw.replace("\\", "/")
    if text != raw:
        odd.append((Kind.ARCHIVE_NAME, f"backslash {shown}"))
    pieces = text.split("/")
    if text.startswith("/") or _DRIVE.match(text) or ".." in pieces:
        odd.append((Kind.ARCHIVE_ESCAPE, shown))
        text = _DRIVE.sub("", text, count=1) if _DRIVE.match(text) else text
        pieces = text.split("/")
    parts = [p for p in pieces if p not in {"", ".", ".."}]
    odd.extend((Kind.ARCHIVE_NAME, f"{why} {shown}") for why in _why(raw, parts, limits, valid=valid))
    return Name(raw, _fit(parts, limits), tuple(odd))


def _why(raw: str, parts: list[str], limits: Limits, *, valid: bool) -> list[str]:
    whys = []
    if not valid:
        whys.append("not-utf-8")
    if _CONTROL.search(raw):
        whys.append("control-character")
    if len(raw.encode("utf-8", "surrogatepass")) > limits.name or any(_long(p, limits) for p in parts):
        whys.append("too-long")
    if len(parts) > limits.depth:
        whys.append("too-deep")
    if any(_RESERVED.fullmatch(p) for p in parts):
        whys.append("reserved-on-windows")
    if any(p.endswith((".", " ")) for p in parts):
        whys.append("trailing-dot-or-space")
    return whys


def _long(part: str, limits: Limits) -> bool:
    return len(part.encode("utf-8", "surrogatepass")) > limits.part - 16  # room for a `~n` of ours


def _fit(parts: list[str], limits: Limits) -> tuple[str, ...]:
    """Make the parts creatable: no control characters, no length or depth that a file system refuses."""
    clean = [_CONTROL.sub("_", p) for p in parts]
    clean = [_shorten(p, limits) for p in clean]
    length = sum(len(p.encode("utf-8", "surrogatepass")) + 1 for p in clean)
    if len(clean) > limits.depth or length > limits.name:
        digest = sha256("/".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return (*clean[: min(1, len(clean) - 1)], f"~{digest}", clean[-1])  # below what all have in common
    return tuple(clean)


def _shorten(part: str, limits: Limits) -> str:
    if not _long(part, limits):
        return part
    digest = sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    stem, dot, suffix = part.rpartition(".")
    return f"{stem[:40]}~{digest}{dot}{suffix}" if dot and len(suffix) <= 10 else f"{part[:40]}~{digest}"


def fold(path: str) -> str:
    """The form in which file systems that ignore case and normalisation see a path."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())
