"""Whether each part of a report is of the kind that OSV says: a list where a list belongs, a text for a text.

That is what everything else relies on, so it is asked of every record that comes in, whatever its source. It
is less than the schema asks (see `validate`): which words a part may hold, and what has to be there, is not
looked at, since a source's record is not yet a report. What is `null` where OSV has `null`, or where a text
belongs, counts as not there.
"""

import re
from typing import Any

import msgspec

from biopsy.reports.claim import ORIGINS
from biopsy.reports.record import RecordError, Report

_Object = dict[str, Any]
_AT = re.compile(r"^(.*?)(?: - at `\$\.?([^`]*)`)?$", re.DOTALL)


class _Package(msgspec.Struct):
    ecosystem: str | None = None
    name: str | None = None
    purl: str | None = None


class _Severity(msgspec.Struct):
    type: str | None = None
    score: str | None = None


class _Range(msgspec.Struct):
    type: str | None = None
    repo: str | None = None
    events: list[dict[str, str]] = []
    database_specific: _Object | None = None


class _Affected(msgspec.Struct):
    package: _Package | None = None
    severity: list[_Severity] = []
    ranges: list[_Range] = []
    versions: list[str] = []
    ecosystem_specific: _Object | None = None
    database_specific: _Object | None = None


class _Reference(msgspec.Struct):
    type: str | None = None
    url: str | None = None


class _Credit(msgspec.Struct):
    name: str | None = None
    type: str | None = None
    contact: list[str] = []


class _Origin(msgspec.Struct):
    source: str | None = None
    sha256: str | None = None
    id: str | None = None
    import_time: str | None = None
    modified_time: str | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None


class _Specific(msgspec.Struct, rename={"origins": ORIGINS}):
    origins: list[_Origin] | None = None


class _Report(msgspec.Struct):
    schema_version: str | None = None
    id: str | None = None
    modified: str | None = None
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    related: list[str] = []
    upstream: list[str] = []
    summary: str | None = None
    details: str | None = None
    severity: list[_Severity] = []
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None
    credits: list[_Credit] = []
    database_specific: _Specific | None = None


def check(record: Report) -> None:
    """Raise RecordError for the first part that is of another kind than OSV says, and say where it stands."""
    try:
        msgspec.convert(record, _Report)
    except msgspec.ValidationError as error:
        found = _AT.match(str(error))
        why, where = (found[1], found[2]) if found else (str(error), "")
        raise RecordError("bad-shape", f"{where or 'the report'}: {why}"[:500]) from error
