"""Where files of pictures, sound and type end, and what text they carry beside what is shown or heard.

Only lengths are followed (PNG: ISO 15948; JPEG: T.81; GIF89a; RIFF; ICO; sfnt and WOFF); nothing is decoded.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator

from msgspec import Struct, field

from biopsy.model.regex import regex

MAX_CHUNKS = 20_000  # of one file
MAX_TEXT = 1024**2  # bytes of one text, unpacked
MAX_TEXTS = 100


class Picture(Struct):
    """One such file: its form, its end (0 where that is not known), and the texts that it carries."""

    form: str
    end: int = 0
    texts: list[tuple[str, bytes]] = field(default_factory=list)  # where, what


def read(data: bytes) -> Picture | None:
    """What the file is; None where it is none of these. Never raises."""
    for magic, reader in _FORMS:
        if magic.match(data[:16]):
            try:
                return reader(data)
            except (struct.error, IndexError, ValueError, zlib.error):
                return Picture("damaged")
    return None


def _png(data: bytes) -> Picture:
    picture, at = Picture("png"), 8
    for _ in range(MAX_CHUNKS):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf") and len(picture.texts) < MAX_TEXTS:
            picture.texts.append((kind.decode(), _png_text(kind, data[body : body + min(size, MAX_TEXT)])))
        at = body + size + 4
        if kind == b"IEND":
            picture.end = at
            break
        if at >= len(data):
            break
    return picture


def _png_text(kind: bytes, body: bytes) -> bytes:
    if kind == b"eXIf":
        return body
    _, _, text = body.partition(b"\0")
    squeezed = kind == b"zTXt"
    if kind == b"iTXt" and len(text) > 2:
        squeezed, text = text[0] == 1, text[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif squeezed:
        text = text[1:]
    return zlib.decompressobj().decompress(text, MAX_TEXT) if squeezed else text


def _jpeg(data: bytes) -> Picture:
    picture, at = Picture("jpeg"), 2
    for _ in range(MAX_CHUNKS):
        if data[at] != 0xFF:
            break
        mark = data[at + 1]
        if mark == 0xD9:
            picture.end = at + 2
            break
        if mark in {0x01, 0xFF} or 0xD0 <= mark <= 0xD7:
            at += 1 if mark == 0xFF else 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0]
        if mark in {0xFE, 0xE1, 0xED} and len(picture.texts) < MAX_TEXTS:
            picture.texts.append(("comment" if mark == 0xFE else "exif", data[at + 4 : at + 2 + size]))
        at += 2 + size
        if mark == 0xDA:  # packed pixels follow: up to the next mark that is no stuffing and no restart
            found = _JPEG_MARK.search(data, at)
            if not found:
                break
            at = found.start()
    return picture


_JPEG_MARK = regex(rb"\xff[^\x00\xd0-\xd7\xff]")


def _gif(data: bytes) -> Picture:
    picture = Picture("gif")
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    for _ in range(MAX_CHUNKS):
        mark = data[at]
        if mark == 0x3B:
            picture.end = at + 1
            break
        if mark == 0x2C:
            at += 11 + (3 << ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
            at, _ = _blocks(data, at)
        elif mark == 0x21:
            label = data[at + 1]
            at, text = _blocks(data, at + 2)
            if label == 0xFE:
                picture.texts.append(("comment", text))
        else:
            break
    return picture


def _blocks(data: bytes, at: int) -> tuple[int, bytes]:
    texts: list[bytes] = []
    while size := data[at]:
        if len(texts) * 255 < MAX_TEXT:
            texts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return at + 1, b"".join(texts)


def _riff(data: bytes) -> Picture:
    size = struct.unpack_from("<I", data, 4)[0]
    return Picture(data[8:12].decode("latin-1").strip().lower(), 8 + size + (size & 1))


def _bmp(data: bytes) -> Picture:
    return Picture("bmp", struct.unpack_from("<I", data, 2)[0])


def _icon(data: bytes) -> Picture:
    count = struct.unpack_from("<H", data, 4)[0]
    ends = [sum(struct.unpack_from("<II", data, 6 + 16 * n + 8)) for n in range(min(count, 256))]
    return Picture("icon", max(ends, default=0))


def _font(data: bytes) -> Picture:
    count = struct.unpack_from(">H", data, 4)[0]
    ends = [sum(struct.unpack_from(">II", data, 12 + 16 * n + 8)) for n in range(min(count, 256))]
    return Picture("font", (max(ends, default=0) + 3) & ~3)


def _woff(data: bytes) -> Picture:
    return Picture("woff", struct.unpack_from(">I", data, 8)[0])


def parts(picture: Picture, data: bytes) -> Iterator[tuple[str, bytes]]:
    """What stands behind the end, if anything does, and the texts; each with the word for where it stands."""
    if 0 < picture.end < len(data):
        yield f"after {picture.form}", data[picture.end :]
    for where, text in picture.texts:
        yield f"in {picture.form} {where}", text


_FORMS: tuple[tuple[re.Pattern[bytes], Callable[[bytes], Picture]], ...] = (
    (regex(rb"\x89PNG\r\n\x1a\n"), _png),
    (regex(rb"\xff\xd8\xff"), _jpeg),
    (regex(rb"GIF8[79]a"), _gif),
    (regex(rb"RIFF....(?:WAVE|WEBP|AVI )", re.DOTALL), _riff),
    (regex(rb"BM....\0\0\0\0", re.DOTALL), _bmp),
    (regex(rb"\x00\x00[\x01\x02]\x00[^\x00]\x00"), _icon),
    (regex(rb"(?:\x00\x01\x00\x00|OTTO|true)\x00[\x01-\x40]"), _font),
    (regex(rb"wOF[F2]"), _woff),
)
