"""The code that was evaluated, as the page shows it: folded, with its words coloured."""

import re
from collections.abc import Iterator

from markupsafe import Markup
from msgspec import Struct

from biopsy.formats.page.anchors import Anchors
from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.page.marks import block
from biopsy.formats.views import evaluated
from biopsy.model.behaviour import Behaviour, InTrace, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.regex import regex

_WORDS = (
    r"\b(?:and|as|assert|async|await|break|case|catch|class|const|continue|def|del|delete|do|elif|else|except|export|"
    r"finally|for|from|function|global|if|import|in|instanceof|is|lambda|let|new|nonlocal|not|or|pass|raise|return|"
    r"switch|throw|try|typeof|var|void|while|with|yield|None|True|False|null|true|false|undefined|this|self)\b"
)
_STRINGS = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"
_COMMENTS = {
    "python": r"#[^\n]*",
    "ruby": r"#[^\n]*",
    "javascript": r"//[^\n]*|/\*.*?\*/",
    "php": r"(?:#|//)[^\n]*|/\*.*?\*/",
}
_TOKENS = {
    language: regex(f"(?P<s>{_STRINGS})|(?P<c>{comment})|(?P<w>{_WORDS})", re.DOTALL)
    for language, comment in _COMMENTS.items()
}
MAX_TOKENS = 2_000
"""Words of a text that are coloured; what follows is shown as it is."""


class Shown(Struct, frozen=True):
    """A text in its chain, with the number of its `code.eval` in the long list."""

    layer: evaluated.Layer
    number: int | None


def shown(dossier: Dossier, anchors: Anchors, limits: Limits) -> Listed[Shown]:
    """The texts that a page has room for."""
    return listed((Shown(one, _number(one, anchors)) for one in evaluated.layers(dossier)), limits.evaluated)


def _number(layer: evaluated.Layer, anchors: Anchors) -> int | None:
    one = layer.evaluated
    return anchors.number(Behaviour(Kind.CODE_EVAL, one.evaluator, InTrace(one.phase, one.seq, one.profile)))


def coloured(layer: evaluated.Layer, limit: int) -> Markup:
    """A text for a `pre`, its strings, comments and words marked; every piece is escaped and made visible."""
    text = layer.evaluated.text
    pieces = list(_pieces(text[:limit], _TOKENS.get(layer.evaluated.language, _TOKENS["python"])))
    done = Markup("").join(
        Markup('<b class="t-{}">{}</b>').format(kind, _raw(piece)) if kind else _raw(piece)
        for kind, piece in pieces
    )
    if len(text) > limit:
        done += Markup('<i class="cut">… {} characters more</i>').format(len(text) - limit)
    return done


def _pieces(text: str, tokens: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    at = 0
    for number, match in enumerate(tokens.finditer(text)):
        if number >= MAX_TOKENS:
            break
        if match.start() > at:
            yield "", text[at : match.start()]
        yield match.lastgroup or "", match[0]
        at = match.end()
    if at < len(text):
        yield "", text[at:]


def _raw(piece: str) -> Markup:
    """Escape a piece with the line breaks at its end, which `block` would take off."""
    bare = piece.rstrip("\n")
    return block(bare, len(bare)) + "\n" * (len(piece) - len(bare))
