"""How words get into the page: every filter of the template. Nothing of a package goes in any other way.

Jinja escapes; these make visible what a reader could not see (`views.visible`) and mark it as spelled out.
"""

import html
import shlex
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from markupsafe import Markup

from biopsy.formats.views import digest, indicators, measure
from biopsy.formats.views.visible import parts, visible
from biopsy.model.regex import regex
from biopsy.model.run import Process

_TECHNIQUE = regex(r"T(\d{4})(?:\.(\d{3}))?")
_TECHNIQUE_LINK = Markup(
    '<a class="chip link" href="https://attack.mitre.org/techniques/T{}/" rel="noreferrer noopener">{}</a>'
)


class Room:
    """How many characters of a package's words a page still takes; each that is shown is paid for here."""

    def __init__(self, left: int) -> None:
        """Take `left` characters, as they are written: `&lt;` is four."""
        self.left = left


room: ContextVar[Room] = ContextVar("room")
"""The room of the page that is being written: filters of a template have no other way to share it."""

LEAST = 60
"""Characters shown of any word, however full the page is."""


def words(text: object, limit: int = 400) -> Markup:
    """One line of text."""
    return _marked(str(text), limit, lines=False)


def plain(text: object, limit: int = 400) -> str:
    """One line of text where no markup may stand: a title, an attribute, a drawing."""
    return visible(str(text), limit=limit)


def block(text: object, limit: int = 6_000) -> Markup:
    """Text whose line breaks count, for a `pre`."""
    return _marked(str(text).rstrip("\n"), limit, lines=True)


def _marked(text: str, limit: int, *, lines: bool) -> Markup:
    purse = room.get()
    limit = min(limit, max(purse.left, LEAST))
    written = "".join(
        f'<i class="odd">{html.escape(part)}</i>' if odd else html.escape(part)
        for odd, part in parts(text[:limit], lines=lines)
    )
    purse.left -= len(written)
    if (left := len(text) - limit) > 0:
        written += f'<i class="cut">… {measure.many(left, "character")} more</i>'
    return Markup(written)  # noqa: S704 - every piece is escaped just above


def command(process: Process, limit: int = 400) -> Markup:
    """A command line as one would type it, the program in bold."""
    program, *arguments = process.argv or ("?",)
    rest = " ".join(map(_quoted, arguments))
    return Markup("<b>{}</b> {}").format(words(program, limit), words(rest, limit))


def _quoted(argument: str) -> str:
    """Quote for a shell; in double quotes where that reads better than what shlex makes of single ones."""
    if "'" in argument and not set(argument) & set('"$`\\!'):
        return f'"{argument}"'
    return shlex.quote(argument)


def technique(identifier: str) -> Markup:
    """An ATT&CK technique, linked to its page where it is one."""
    match = _TECHNIQUE.fullmatch(identifier)
    if match is None:
        return words(identifier, 40)
    path = "/".join(filter(None, match.groups()))
    return _TECHNIQUE_LINK.format(path, identifier)


FILTERS: dict[str, Callable[..., Any]] = {
    "words": words,
    "plain": plain,
    "block": block,
    "command": command,
    "technique": technique,
    "defanged": indicators.defanged,
    "accused": indicators.accused,
    "size": measure.size,
    "span": measure.span,
    "many": measure.many,
    "lost": digest.lost,
}
