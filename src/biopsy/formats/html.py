"""For a person: one self-contained page to look at, to search and to send on.

It asks nothing of any network and runs no script but its own: styles and script stand in it, and its
Content-Security-Policy names them by hash, so that a word of a package that slipped through would still be
inert. Every such word is escaped by Jinja and made visible by `page.marks`. Its size is bounded by
`page.limits.MAX_PAGE`: what does not fit is counted on the page.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from biopsy.formats.page.limits import MAX_PAGE, Limits
from biopsy.formats.page.marks import FILTERS, Room, room
from biopsy.formats.page.view import page
from biopsy.model.dossier import Analysis

ENDING = ".html"

_FOLDER = files("biopsy.formats.page") / "template"


def render(first: Analysis, *more: Analysis) -> str:
    """The page; several analyses stand in it side by side, one shown at a time."""
    limits = Limits()
    while True:
        document = _render((first, *more), limits)
        if len(document.encode("utf-8", "backslashreplace")) <= MAX_PAGE or limits == limits.halved():
            return document
        limits = limits.halved()


def _render(analyses: tuple[Analysis, ...], limits: Limits) -> str:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    room.set(Room(limits.words))
    return _template().render(
        pages=[page(analysis, number, limits) for number, analysis in enumerate(analyses, 1)],
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=policy,
    )


@cache
def _asset(name: str) -> str:
    return _FOLDER.joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("report.html.j2")
