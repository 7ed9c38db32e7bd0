"""Code that is run and could not be read in the file that runs it, and what it does."""

from collections.abc import Iterable, Iterator

from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.regex import regex
from biopsy.static.sight import Sight, Source

MIN_WORDS = 6  # different words from which it can be told
MAX_WORDS = 40  # of which are looked for
SHARE = 0.4  # of them that must stand in the open

_WORD = regex(r"[A-Za-z_]\w{3,40}")


def concealed(code: str | bytes, shown: Iterable[str | bytes]) -> bool:
    """Whether hardly a word of `code` stands in any of the texts that are `shown`.

    That is so for what is reversed, enciphered or made of numbers, whichever way it is undone. It is not so
    for code made of templates, for words that a packer joined again, or for a file that is run as it is.
    """
    text = code if isinstance(code, str) else code.decode("utf-8", "replace")
    words = list(dict.fromkeys(m[0] for m in _WORD.finditer(text[:20_000])))[:MAX_WORDS]
    if len(words) < MIN_WORDS:
        return False
    texts = [t if isinstance(t, str) else t.decode("utf-8", "replace") for t in shown]
    found = sum(any(word in t for t in texts) for word in words)
    return found < SHARE * len(words)


def told(source: Source, sight: Sight) -> Iterator[Behaviour]:
    """Say of what flows and is meant inside hidden code that it is hidden: `flow env:* > network`."""
    if not source.hidden or not isinstance(sight, Behaviour):
        return
    word = _TOLD.get(sight.kind)
    if word:
        yield Behaviour(Kind.DATA_PAYLOAD, f"{word} {sight.value}", sight.where, detail=sight.detail)


_TOLD = {Kind.CODE_FLOW: "flow", Kind.PROCESS_DOES: "does"}
