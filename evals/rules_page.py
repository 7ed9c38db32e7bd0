"""The report on rules as one page that needs no network and no script but its own."""

from pathlib import Path
from typing import Any

from jinja2 import Environment

_PAGE = Path(__file__).with_suffix(".html.j2")


def page(report: dict[str, Any]) -> str:
    """The whole document."""
    shaped = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return shaped.from_string(_PAGE.read_text("utf-8")).render(report)
