"""The versions that a report affects as one range in npm's words: `>=1.0.0 <1.2.0 || 2.0.1`.

npm's clients look for a version that mends things outside of that range. One that held only the versions
they asked about would send them to the next malicious one.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from biopsy.reports import matching
from biopsy.reports.record import Report
from biopsy.reports.versions import order, parsed

MAX_LISTED = 2000  # versions that one range names
MAX_SPANS = 200  # ranges that it is made of

_STRICT = re.compile(r"[0-9]{1,15}\.[0-9]{1,15}\.[0-9]{1,15}(?:[-+][0-9A-Za-z.+-]{1,200})?")
_ENDS = {"fixed": "<", "limit": "<", "last_affected": "<="}


def npm_range(report: Report, asked: Iterable[str]) -> str:
    """A range that holds what the report affects; `asked` are versions of it that are known to be in it.

    Those are named again where a client might leave them out: many take no range, `*` neither, to hold what
    comes before a release.
    """
    cleared = matching.cleared(report)
    spans: dict[str, None] = {}
    listed: dict[str, None] = {}
    for about in report.get("affected") or ():
        if isinstance(about, dict) and matching.ecosystem_of(about) == "npm":
            left_out = sorted(filter(_STRICT.fullmatch, cleared), key=_key)
            spans.update(dict.fromkeys(islice(_spans(about, left_out), MAX_SPANS - len(spans))))
            given = (v for v in about.get("versions") or () if isinstance(v, str) and _STRICT.fullmatch(v))
            listed.update(dict.fromkeys(v for v in given if v not in cleared))
    known = [v for v in asked if v in listed or "-" in v or len(spans) in {0, MAX_SPANS}]
    named = [] if "*" in spans else sorted(listed, key=_key)
    return " || ".join(dict.fromkeys([*spans, *known, *named][: MAX_SPANS + MAX_LISTED]))


def _spans(about: dict[str, Any], cleared: list[str]) -> Iterator[str]:
    for span in about.get("ranges") or ():
        if not isinstance(span, dict) or span.get("type") == "GIT":
            continue
        start: str | None = None
        for at, _, name, text in matching.events(span, order("npm", str(span.get("type", "")))):
            if name == "introduced":
                start = start if start is not None else ("" if at is None else f">={text}")
            elif start is not None and at is None:
                start = None  # it ends where it begins, before the first version
            elif start is not None:
                yield from _pieces(f"{start} {_ENDS[name]}{text}".strip(), cleared)
                start = None
        if start is not None:
            yield from _pieces(start, cleared)


def _pieces(span: str, cleared: list[str]) -> Iterator[str]:
    """A range without the versions that were cleared: what lies before, between and after them."""
    after = ""
    for version in cleared[:MAX_SPANS]:
        yield f"{span} {after}<{version}".strip()
        after = f">{version} "
    yield f"{span} {after}".strip() or "*"


def _key(version: str) -> Any:
    return parsed(order("npm"), version) or (0,)
