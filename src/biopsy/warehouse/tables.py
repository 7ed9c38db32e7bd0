"""The tables of the warehouse: their columns, what each means, and its type.

Every row says which dossier it is of: `run_id`, the release, and `day`, the one (UTC) on which the dossier
was made. Text that a package had a hand in is kept escaped, as in the text form of a behaviour: no
value holds a control character.
"""

import zlib
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Struct

Moment = Annotated[str | None, "TIMESTAMP"]
"""RFC 3339 in UTC; None where it was not told, or is no time."""

Day = Annotated[str, "DATE"]

MAX_TEXT = 500
"""Characters of a text for people (details, excerpts) in a row; the dossier has all of it."""


class Row(Struct, frozen=True, kw_only=True):
    """What every row says."""

    ecosystem: str
    day: Day
    run_id: str
    name: str
    version: str
    created: Moment


class BehaviourRow(Row, frozen=True, kw_only=True):
    """A behaviour. Where it was seen is `place` as a whole, and in parts as far as they apply."""

    seq: int  # its number within the dossier, from 0
    kind: str
    family: str
    value: str
    host: str | None  # the host of a `net.*`, a `canary.leak` or a `code.remote`, lower case
    place: str
    source: str  # file, trace, registry
    path: str | None
    line: int | None
    moment: str | None  # when code in a file runs, as far as reading can tell: install, import, call, …
    vendored: bool
    profile: str | None
    phase: str | None
    position: int | None  # orders what was seen under one profile
    process: int | None
    time: float | None  # seconds since the run began
    actor: str  # whose doing: package, dependency, tool
    owner: str
    detail: str


class FindingRow(Row, frozen=True, kw_only=True):
    """A rule that matched, in one judgement of a dossier."""

    judged: Moment  # when
    rules: str
    call: str  # the verdict to which it belongs
    rule: str
    title: str
    category: str
    severity: str
    confidence: str
    status: str
    convicts: bool
    attack: tuple[str, ...]
    triggers: tuple[str, ...]
    evidence: tuple[str, ...]
    more: int


class VerdictRow(Row, frozen=True, kw_only=True):
    """One judgement of a dossier; of several the one with the latest `judged` holds (view `verdicts`)."""

    sha256: str
    judged: Moment
    rules: str
    call: str
    reason: str
    because: tuple[str, ...]
    categories: tuple[str, ...]
    classes: tuple[str, ...]
    techniques: tuple[str, ...]
    triggers: tuple[str, ...]
    findings: int
    published: Moment
    seconds: float | None  # from its publication to this judgement


class PhaseRow(Row, frozen=True, kw_only=True):
    """How a phase ended under a profile. `code` is the reason's code, `reason` all of it."""

    profile: str
    phase: str
    status: str
    code: str
    reason: str
    duration_s: float
    steps: int
    completed: int  # steps that did


class ExchangeRow(Row, frozen=True, kw_only=True):
    """One thing said to the simulated internet; `request` and `response` are beginnings of excerpts."""

    profile: str
    phase: str
    protocol: str
    host: str
    port: int
    summary: str
    request: str
    response: str
    sent: int
    received: int
    time: float
    process: int | None
    actor: str
    gateway: bool


class FileRow(Row, frozen=True, kw_only=True):
    """A file that differs after a run."""

    profile: str
    path: str
    change: str
    size: int
    sha256: str
    mode: int
    actor: str


class DossierRow(Row, frozen=True, kw_only=True):
    """A dossier. `body` and `rest` are its stored form; rules need nothing but `body`."""

    filename: str
    artifact: str  # sdist, wheel, tgz
    size: int
    sha256: str
    verified: bool
    duration_s: float
    static_only: bool
    biopsy: str
    rules: str
    image: str
    gvisor: str
    platform: str
    readers: str
    against: str
    behaviours: int
    phases: int
    complete: bool  # everything that was watched was recorded
    body: str
    rest: str


TABLES: Mapping[str, type[Row]] = {
    "behaviours": BehaviourRow,
    "phases": PhaseRow,
    "exchanges": ExchangeRow,
    "files": FileRow,
    "dossiers": DossierRow,
    "findings": FindingRow,
    "verdicts": VerdictRow,
}

_TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", tuple: "VARCHAR[]"}


def columns(table: str) -> dict[str, str]:
    """The columns of a table in their order, with their types in SQL."""
    row = TABLES[table]
    hints = get_type_hints(row, include_extras=True)
    return {name: _sql(hints[name]) for name in row.__struct_fields__}


def shape(table: str) -> str:
    """A short name of the columns of a table: files that share it have the same ones."""
    return f"{zlib.crc32(repr(columns(table)).encode()):08x}"


def _sql(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return str(hint.__metadata__[0])
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return _TYPES[get_origin(hint) or hint]
