"""The details of a report in many voices: what a person wrote, and a section for each source.

The form is that of the OpenSSF Malicious Packages repository, so that its files can be read and written: a
header that says not to edit below it, then `## Source: ID (sha256 of its record)` and that source's text.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

HEADER = "---\n_-= Per source details. Do not edit below this line.=-_\n"
_SECTION = re.compile(r"(?s)\n## Source: ([a-z0-9-]+) \(([a-zA-Z0-9]+)\)\n")


class DetailsError(ValueError):
    """The details of a report have a header and sections that do not fit together."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one record of a source says, in its words."""

    source: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class Details:
    """Who says what: `user` is what stands above the header; `divided` says whether there is a header."""

    user: str = ""
    sections: tuple[Section, ...] = ()
    divided: bool = False


def parse(text: str, origins: Collection[tuple[str, str]] | None = None) -> Details:
    """Take details apart; raises DetailsError where they are not as `render` makes them.

    `origins` are the (source, sha256) of a report's own origins: a section of any other is refused.
    """
    above, *below = text.split(HEADER)
    if not below:
        return Details(text.strip())
    if len(below) > 1:
        raise DetailsError("details: the header of sources stands there twice")
    first, *rest = _SECTION.split(below[0])
    if first.strip():
        raise DetailsError("details: text below the header that belongs to no source")
    sections = tuple(
        Section(source, sha256, said.strip())
        for source, sha256, said in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    )
    for section in sections:
        if origins is not None and (section.source, section.sha256) not in origins:
            raise DetailsError(f"details: {section.source} ({section.sha256}) is no origin of this report")
    return Details(above.strip(), sections, divided=True)


def render(user: str, sections: Iterable[Section] = ()) -> str:
    """Put divided details together: of each source the longest text (in bytes), sorted by source.

    Of texts of equal length the first stays; empty ones are left out.
    """
    best: dict[str, Section] = {}
    for section in sections:
        held = best.get(section.source)
        if section.text and (held is None or len(section.text.encode()) > len(held.text.encode())):
            best[section.source] = section
    said = (best[source] for source in sorted(best))
    top = f"{user.strip()}\n" if user.strip() else ""
    return "".join((top, "\n", HEADER, *(_section(section) for section in said)))


def _section(section: Section) -> str:
    return f"\n## Source: {section.source} ({section.sha256})\n{section.text.strip()}\n"
