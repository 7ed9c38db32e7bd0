"""How a page is written: the templates of the site and of the report page, in one environment.

Every word of a package goes through a filter of `formats.page.marks` (`words`, `plain`, `block`), which makes
visible what a reader could not see and pays for its length; Jinja escapes everything else.
"""

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, Environment, FunctionLoader, StrictUndefined

from biopsy import __version__
from biopsy.formats.page.evaluated import coloured
from biopsy.formats.page.marks import FILTERS, Room, room
from biopsy.model.behaviour import unescape
from biopsy.reports import naming
from biopsy.web.site import charts, served
from biopsy.web.site.prose import prose

MAX_WORDS = 3_000_000
"""Characters of foreign words in one page; what is beyond is cut and counted."""

MAX_NAME = 300
"""Characters of a name in an address; no registry's names are longer."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page: nothing from anywhere else, nothing inline."""

_OURS = files("biopsy.web.site") / "templates"
_REPORT = files("biopsy.formats.page") / "template"


def render(template: str, **values: Any) -> str:
    """A page from its template."""
    room.set(Room(MAX_WORDS))
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Templates of the site first, then those of the report page; names that are not there are errors."""
    made = Environment(
        loader=ChoiceLoader([FunctionLoader(_ours), FunctionLoader(_report)]),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.filters.update(
        coloured=coloured, ago=ago, moment=moment, number=number, query=query, package_path=package_path,
        ecosystem_name=ecosystem_name, commas=commas, as_json=as_json, prose=prose, pretty=pretty,
        unescape=unescape,
    )  # fmt: skip
    made.globals.update(
        rules_at="/rule/",
        asset=served.address, styles=served.styles, scripts=served.scripts, version=__version__,
        spark=charts.spark, share=charts.share,
    )  # fmt: skip
    return made


@cache
def _ours(name: str) -> str | None:
    return _text(_OURS, name)


@cache
def _report(name: str) -> str | None:
    return _text(_REPORT, name)


def _text(folder: Any, name: str) -> str | None:
    path = folder.joinpath(name)
    return str(path.read_text("utf-8")) if path.is_file() else None


def number(value: float) -> str:
    """A count with commas."""
    return f"{value:,}"


def pretty(value: Any) -> str:
    """Data as JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def commas(values: Any, limit: int = 12) -> str:
    """Words after each other; those that are too many are counted."""
    listed = [str(one) for one in values]
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more


def query(**values: object) -> str:
    """A query string of what is given and not empty."""
    return urlencode({name: str(value) for name, value in values.items() if value not in (None, "")})


def as_json(here: str) -> str:
    """The address of a page in its other form."""
    path, mark, asked = here.partition("?")
    return f"{'/index' if path == '/' else path}.json{mark}{asked}"


def ecosystem_name(word: str) -> str:
    """OSV's spelling of an ecosystem for people; the word itself where there is none."""
    return naming.known(word) or word


def package_path(name: str, ecosystem: str, version: str = "") -> str:
    """The address of a package's page: `lodash|package_path("npm")`.

    A name that ends as addresses of JSON do, or whose dots a browser would take for folders, goes into the
    query, so that the page cannot be taken for another one. One that is longer than names are is searched.
    """
    if len(name) > MAX_NAME:
        return f"/search?{query(q=name[:MAX_NAME])}"
    if name.endswith((".json", "/")) or {".", "..", ""} & set(name.split("/")):
        return f"/package?{query(ecosystem=ecosystem, name=name, version=version)}"
    asked = query(version=version)
    return f"/package/{quote(ecosystem, safe='')}/{quote(name, safe='/@')}{'?' if asked else ''}{asked}"


def moment(text: str) -> str:
    """An RFC 3339 time for people: to the minute, in UTC."""
    found = _time(text)
    return f"{found:%Y-%m-%d %H:%M}" if found else text[:40]


def ago(text: str) -> str:
    """How long ago that was, in its largest unit."""
    found = _time(text)
    if found is None:
        return text[:40]
    seconds = int((datetime.now(UTC) - found).total_seconds())
    if seconds < 60:
        return "just now"
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {unit}{'s' if count > 1 else ''} ago"
    return text[:40]


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
