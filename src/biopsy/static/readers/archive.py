"""Archives in a package: zips, wheels, jars, tars, compressed files. Their members are read like any file."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from biopsy.model.behaviour import Kind
from biopsy.static import archives
from biopsy.static.sight import Part, Sight, Source

NAME = "archive"
_BEFORE = (
    (b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"%PDF", "pdf"), (b"RIFF", "riff"),
    (b"\x7fELF", "ELF"), (b"MZ", "PE"), (b"BM", "bmp"), (b"ID3", "mp3"), (b"\0\0\1\0", "icon"),
    (b"#!", "script"),
)  # fmt: skip


def wants(source: Source) -> bool:
    """What begins as a container, and what ends as a zip."""
    if source.depth or len(source.data) < 22:
        return False
    return bool(archives.form(source.data)) or b"PK\x05\x06" in source.data[-22:-18] or _ends_as_zip(source)


def _ends_as_zip(source: Source) -> bool:
    return source.binary and b"PK\x05\x06" in source.data[-66_000:]


def read(source: Source) -> Iterator[Sight]:
    """Yield what it is, and its members."""
    data, name = source.data, archives.form(source.data)
    if name in {label for _, label in archives.UNREAD}:
        yield source.see(Kind.ARCHIVE_NESTED, f"unread {name} {source.path}")
        return
    if not name:
        start = archives.appended_zip(data)
        if start <= 0:
            return
        before = next((label for magic, label in _BEFORE if data.startswith(magic)), "data")
        # A program or a script that unpacks itself is a known form; an image that is a zip is none.
        kind = Kind.ARCHIVE_NESTED if before in {"ELF", "PE", "script"} else Kind.DATA_PAYLOAD
        yield source.see(
            kind, f"zip after {before}" + ("" if kind is Kind.DATA_PAYLOAD else f" {source.path}")
        )
        name, data = "zip", data[start:]
    for opened in archives.open_up(data, name):
        yield from _opened(source, opened, name)


def _opened(source: Source, opened: archives.Opened, name: str) -> Iterator[Sight]:
    label = opened.form if opened.form == name else f"{opened.form}.{name}"
    yield source.see(Kind.ARCHIVE_NESTED, f"{label} {source.path}")
    if opened.encrypted:
        yield source.see(Kind.ARCHIVE_NESTED, f"encrypted {source.path}", detail=", ".join(opened.names[:20]))
    if opened.cut:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {opened.form} {opened.cut}")
    beside = frozenset(f"{source.path}!/{n}" for n in opened.names)
    for member in opened.members:
        path = member.name
        if path == "content" and len(opened.names) == 1:
            path = PurePosixPath(source.path).stem
        if member.data:
            yield Part(path, member.data, source.when, beside)
