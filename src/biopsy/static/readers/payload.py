"""Payloads in files that say that they are data: behind a picture's end, in its texts, in encoded text."""

from collections.abc import Iterator

import msgspec

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, LETTERS, runs, sort
from biopsy.static import archives, images, programs
from biopsy.static.sight import Layer, Part, Sight, Source
from biopsy.static.unwrap import LANGUAGES, Found, name, unwrap

NAME = "payload"
MAX_DATA = 8 * 1024**2  # bytes of a file whose text is searched
MAX_BLOBS = 60  # in one file
MAX_NODES = 20_000  # of a JSON document
MIN_BEHIND = 16  # bytes after an end that are no mere padding
MIN_BLOB = 60  # characters

_PICTURES = frozenset({
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ico", ".webp", ".wav", ".mp3", ".ogg", ".mp4", ".ttf", ".otf",
    ".woff", ".woff2", ".eot", ".tif", ".tiff", ".svgz", ".avif", ".flac",
})  # fmt: skip
_DATA = frozenset({
    ".txt", ".dat", ".bin", ".data", ".db", ".log", ".tmp", ".cache", ".cfg", ".ini", ".conf", ".md", ".rst",
    ".csv", ".license", "license", "copying", "notice", "authors", "readme", ".key", ".enc", ".blob", ".raw",
    ".bak", ".dll", ".so", ".node", ".exe", ".idx", ".xml", ".html", ".css", ".svg", ".res",
    ".json", ".yaml", ".yml", ".toml", ".asset", ".pak", ".dic", ".lng", ".locale", ".po", ".bdic",
    ".properties",
})  # fmt: skip
_CLAIMS = _PICTURES | _DATA
_BASE64 = sort(LETTERS + DIGITS + "+/_-")
_PRINTED = sort("".join(map(chr, range(33, 127))))
_NUMBERED = sort(DIGITS + ", \t\r\n")
_LINES = regex(r"(?:[A-Za-z0-9+/]{40,120}\r?\n){3,}[A-Za-z0-9+/]{0,120}={0,2}")
_ENCODED = regex(r"[A-Za-z0-9+/_-]{60,}={0,2}")
_QUOTED = regex(r"\"((?:[^\"\\\n]|\\.){60,})\"|'((?:[^'\\\n]|\\.){60,})'")
_NUMBERS = regex(r"(?:\d{1,3}\s*,\s*){40,}\d{1,3}")


def wants(source: Source) -> bool:
    """Pictures and data, by their names or their first bytes; code is read by others."""
    if source.depth or source.language or not source.data or len(source.data) > MAX_DATA:
        return False
    if source.path.endswith(".marshal"):
        return False
    return _end(source) in _CLAIMS or "." not in source.path[-12:]


def _end(source: Source) -> str:
    """What says what a file claims to be: its suffix, or its name where it has none."""
    return source.suffix or source.path.rpartition("/")[2].lower()


def read(source: Source) -> Iterator[Sight]:
    """Yield what hides there, and leave it to the readers of what it is."""
    if picture := images.read(source.data):
        yield from _picture(source, picture)
        return
    end = _end(source)
    if end in _PICTURES or source.binary:
        yield from _disguised(source, end)
    else:
        yield from _text(source)


def _picture(source: Source, picture: images.Picture) -> Iterator[Sight]:
    for where, data in images.parts(picture, source.data):
        behind = where.startswith("after")
        plain = data.strip(b"\0\r\n ") if behind else data
        if behind and len(plain) < MIN_BEHIND:
            continue
        if behind and archives.appended_zip(source.data) > 0:
            continue  # the reader of archives tells it
        found = unwrap(data if behind else plain, bare=True) or next(_inner(plain), None)
        if found:
            yield from _told(source, found, where, 0)
        elif behind:
            yield source.see(Kind.DATA_PAYLOAD, f"bytes {where}", detail=f"{len(plain)} bytes")
            yield Part(where.replace(" ", "-"), plain, source.when)


def _inner(data: bytes) -> Iterator[Found]:
    """Encoded code inside bytes that are otherwise something else (EXIF's binary, a comment)."""
    for match in _ENCODED.finditer(data[:1_000_000].decode("latin-1")):
        if found := unwrap(match[0].encode("latin-1")):
            yield found


def _disguised(source: Source, end: str) -> Iterator[Sight]:
    """A file that is something else than its name says, or wrapped as a whole."""
    if end in _PICTURES and not source.binary:
        text = source.text.lstrip("\ufeff \t\r\n")
        if text.startswith(("<svg", "<?xml", "version https://git-lfs", "<!DOCTYPE")):
            return
        if (what := name(source.data)) and what != "code":
            yield from _told(source, Found(what, "", source.data), f"as {end}", 1)
            return
    elif programs.form(source.data):
        if end in _PICTURES or end in {
            ".txt",
            ".md",
            ".json",
            ".log",
            ".csv",
            ".yml",
            ".yaml",
            ".ini",
            ".css",
        }:
            yield source.see(Kind.DATA_PAYLOAD, f"{programs.form(source.data)} as {end}")
        return
    found = unwrap(source.data, bare=name(source.data) == "bytecode")
    if found:
        yield from _told(source, found, f"as {end}" if not found.how else "", 1)


def _told(source: Source, found: Found, where: str, line: int) -> Iterator[Sight]:
    how = f"in {found.how}" if found.how else ""
    value = " ".join(word for word in (found.what, how, where) if word)
    yield source.see(Kind.DATA_PAYLOAD, value, line, detail=found.text)
    if found.what in LANGUAGES:
        # Nothing says yet that it is run; who runs it is seen where the code is read.
        yield Layer(found.text, "" if found.what == "code" else found.what, line, When.UNKNOWN)
    else:
        end = ".marshal" if found.what == "bytecode" else ""
        yield Part(f"{where or found.how}".replace(" ", "-") + end, found.data, source.when)


def _text(source: Source) -> Iterator[Sight]:
    """Text that is encoded, as a whole or in long runs, and code under another name."""
    text = source.text
    if found := unwrap(source.data):
        yield from _told(source, found, "", 1)
        return
    seen: set[bytes] = set()
    for count, (at, blob) in enumerate(_blobs(source, text)):
        if count >= MAX_BLOBS:
            break
        if blob in seen:
            continue
        seen.add(blob)
        if found := unwrap(blob):
            yield from _told(source, found, "", source.line_at(at))


def _blobs(source: Source, text: str) -> Iterator[tuple[int, bytes]]:
    encoded = list(runs(text, _BASE64, MIN_BLOB // 2))
    taken = 0
    for start, end in encoded:
        if start >= taken and text[end : end + 1] in {"\r", "\n"} and (match := _LINES.match(text, start)):
            taken = match.end()
            yield start, match[0].encode()
    for start, end in encoded:
        before = text[max(0, start - 8) : start]
        if end - start >= MIN_BLOB and not before.endswith((";base64,", "sha512-", "sha256-", "sha384-")):
            yield start, (text[start:end] + "=" * (-(end - start) % 4)).encode()
    for start, end in runs(text, _PRINTED, MIN_BLOB):
        quoted = _QUOTED.search(text[start : end + 1])
        if quoted and not _ENCODED.fullmatch(inner := quoted[1] or quoted[2]):
            plain = inner.replace('\\"', '"').replace("\\\\", "\\")
            yield start, plain.encode("utf-8", "replace")
    for start, end in runs(text, _NUMBERED, 2 * MIN_BLOB):
        if numbers := _NUMBERS.search(text[start:end]):
            yield start, numbers[0].encode()
    if source.path.endswith(".json"):
        yield from _joined(source.data)


def _joined(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Lists of texts, put together: a blob cut into pieces."""
    try:
        waiting = [msgspec.json.decode(data)]
    except (msgspec.DecodeError, RecursionError):
        return
    for _ in range(MAX_NODES):
        if not waiting:
            return
        node = waiting.pop()
        values = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        sorts = set(map(type, values))
        if sorts == {str} and len(values) > 2:
            joined = "".join(values)
            if len(joined) >= MIN_BLOB and " " not in joined:
                yield 0, joined.encode("utf-8", "replace")
        elif sorts & {dict, list}:
            waiting.extend(v for v in values if isinstance(v, dict | list))
