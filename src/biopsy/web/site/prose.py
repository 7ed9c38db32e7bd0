"""What people wrote about a package, from Markdown: no HTML of theirs, no picture, links to the web alone."""

from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from biopsy.formats.views.visible import visible

MAX_TEXT = 60_000
"""Characters of one text that are shown."""

_TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li",
    "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip


@cache
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])


def prose(text: str, limit: int = MAX_TEXT) -> Markup:
    """A text as HTML; characters that nobody sees are spelled out, what is too long is cut and counted."""
    written = _reader().render(visible(text[:limit], lines=True))
    made = nh3.clean(
        written, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow", strip_comments=True,
    )  # fmt: skip
    if len(text) > limit:
        made += f"<p>… {len(text) - limit:,} characters more</p>"
    return Markup(made)  # noqa: S704 - cleaned
