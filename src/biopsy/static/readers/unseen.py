"""Text that nobody sees: what unseen characters spell, in code and in any text; direction marks in text."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind, When
from biopsy.static import unseen
from biopsy.static.sight import Layer, Sight, Source, guess
from biopsy.static.unwrap import unwrap

NAME = "unseen"
MAX_TEXT = 4 * 1024**2
MIN_WORDS = 16  # characters of plain text that are worth telling


def wants(source: Source) -> bool:
    """Any text that is not plain ASCII."""
    return (
        not source.depth
        and len(source.data) <= MAX_TEXT
        and not source.binary
        and unseen.any_unseen(source.beyond_ascii)
    )


def read(source: Source) -> Iterator[Sight]:
    """Yield what was found; marks in code itself are told by another reader."""
    text = source.text
    if not source.language and (mark := unseen.BIDI.search(text)):
        yield source.see(Kind.EVASION_HIDDEN, "bidi", source.line_at(mark.start()))
    for row in unseen.rows(text):
        line = source.line_at(row.at)
        if not source.language:
            yield source.see(Kind.EVASION_HIDDEN, "invisible", line)
        if found := unwrap(row.data, bare=True):
            how = f"{row.form}+{found.how}" if found.how else row.form
            yield source.see(Kind.DATA_PAYLOAD, f"{found.what} in {how}", line, detail=found.text)
            if found.text:
                yield Layer(found.text, guess(found.text, source.language), line, When.UNKNOWN)
        elif len(row.data) >= MIN_WORDS and row.data.isascii() and b" " in row.data:
            plain = row.data.decode("ascii")
            if plain.isprintable():
                yield source.see(Kind.DATA_PAYLOAD, f"text in {row.form}", line, detail=plain)
                yield source.see(Kind.TEXT_AGENT, "unseen", line, detail=plain)
