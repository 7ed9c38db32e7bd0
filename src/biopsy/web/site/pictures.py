"""Pictures for whoever shows a link with one: a PNG of 1200 by 630, drawn here."""

import io
from functools import lru_cache
from typing import Any

from msgspec import Struct

from biopsy.formats.views.visible import visible

WIDE, TALL, EDGE = 1200, 630, 72
MAX_LINES = 3
GROUND, INK, SOFT, HAIR = "#f6f6f2", "#1a1c1f", "#5b6470", "#e3e3dc"
TONES = {
    "malicious": "#b3142f",
    "suspicious": "#9a5b00",
    "benign": "#256b3f",
    "unknown": "#57606a",
    "withdrawn": "#57606a",
}


class Card(Struct, frozen=True):
    """What stands on a picture."""

    kind: str
    name: str
    detail: str
    call: str
    said: str


@lru_cache(maxsize=256)
def drawn(card: Card) -> bytes:
    """The picture, as PNG. Letters that the font has not are spelled out."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - slow to import, and most pages need none

    picture = Image.new("RGB", (WIDE, TALL), GROUND)
    draw = ImageDraw.Draw(picture)
    tone = TONES.get(card.call, SOFT)
    draw.rectangle((0, 0, 18, TALL), fill=tone)
    draw.text((EDGE, 60), _plain(card.kind, 60), font=_font(34), fill=SOFT)
    size = next(
        (
            s
            for s in (84, 68, 54, 42)
            if draw.textlength(_plain(card.name, 60), font=_font(s)) < WIDE - 2 * EDGE
        ),
        36,
    )
    draw.text((EDGE, 116), _cut(draw, _plain(card.name, 120), _font(size)), font=_font(size), fill=INK)
    draw.text((EDGE, 124 + size * 1.25), _plain(card.detail, 60), font=_font(38), fill=SOFT)
    word = card.call or "not judged"
    length = draw.textlength(word, font=_font(46))
    draw.rounded_rectangle((EDGE, 318, EDGE + length + 56, 392), 36, fill=tone)
    draw.text((EDGE + 28, 355), word, font=_font(46), fill="#ffffff", anchor="lm")
    for number, line in enumerate(_lines(draw, _plain(card.said, 300))):
        draw.text((EDGE, 424 + number * 42), line, font=_font(32), fill=INK)
    draw.line((EDGE, 566, WIDE - EDGE, 566), fill=HAIR, width=2)
    draw.text((EDGE, 592), "biopsy", font=_font(30), fill=SOFT, anchor="lm")
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()


@lru_cache(maxsize=16)
def _font(size: int) -> Any:
    from PIL import ImageFont  # noqa: PLC0415

    return ImageFont.load_default(size)


def _plain(text: str, limit: int) -> str:
    shown = visible(text, limit=limit)
    return "".join(c if c.isascii() or c in "…–" else f"\\u{ord(c):04x}" for c in shown)


def _cut(draw: Any, text: str, font: Any) -> str:
    if draw.textlength(text, font=font) <= WIDE - 2 * EDGE:
        return text
    while text and draw.textlength(f"{text}…", font=font) > WIDE - 2 * EDGE:
        text = text[:-1]
    return f"{text}…"


def _lines(draw: Any, text: str) -> list[str]:
    font, made = _font(32), [""]
    for word in text.split():
        longer = f"{made[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= WIDE - 2 * EDGE:
            made[-1] = longer
        else:
            made.append(word)
    shown = [_cut(draw, line, font) for line in made[:MAX_LINES]]
    if len(made) > MAX_LINES:
        shown[-1] = _cut(draw, f"{shown[-1]} …", font)
    return shown
