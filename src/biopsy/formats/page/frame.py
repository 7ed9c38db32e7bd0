"""The frame of every page: styles, script and the policy that names them, and the templates' environment."""

from base64 import b64encode
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from biopsy.formats.page.evaluated import coloured
from biopsy.formats.page.limits import MAX_PAGE, Limits
from biopsy.formats.page.marks import FILTERS, Room, room

_FOLDER = files("biopsy.formats.page") / "template"


def bounded(write: Callable[[Limits], str]) -> str:
    """A document within `MAX_PAGE`: half as much of everything is shown until it is, or no less can be."""
    limits = Limits()
    while True:
        document = write(limits)
        if len(document.encode("utf-8", "backslashreplace")) <= MAX_PAGE or limits == limits.halved():
            return document
        limits = limits.halved()


def fill(template: str, limits: Limits, **values: Any) -> str:
    """A page from its template."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    room.set(Room(limits.words))
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy,
            **values,
        )
    )


@cache
def _asset(name: str) -> str:
    return _FOLDER.joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.filters["coloured"] = coloured
    return environment
