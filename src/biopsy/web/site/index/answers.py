"""What the index answers with. Names, versions and hosts are escaped: they hold no control character."""

from msgspec import Struct


class Seen(Struct, frozen=True):
    """An analysis in a list. `rules` are those that matched; `call` is empty where it was never judged."""

    run_id: str
    ecosystem: str
    name: str
    version: str
    created: str
    sha256: str
    call: str
    reason: str
    judged: str
    filename: str = ""
    artifact: str = ""
    size: int = 0
    static_only: bool = False
    complete: bool = True
    duration_s: float = 0.0
    behaviours: int = 0
    kinds: dict[str, int] = {}
    hosts: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    seconds: float | None = None  # from its publication to its first verdict


class SeenPage(Struct, frozen=True):
    """Some of a list, the newest first; with the cursor it goes on, which is empty at the end."""

    rows: tuple[Seen, ...]
    cursor: str = ""


class Reported(Struct, frozen=True):
    """A report in a list; `ecosystem` is biopsy's word, `osv` the one of OSV."""

    id: str
    ecosystem: str
    osv: str
    name: str
    state: str
    published: str
    modified: str
    withdrawn: str
    summary: str
    sources: tuple[str, ...]


class ReportedPage(Struct, frozen=True):
    """Some of a list, the last published first."""

    rows: tuple[Reported, ...]
    cursor: str = ""


class Named(Struct, frozen=True):
    """A package: how often it was analysed, what the newest analysis came to, and a report that is out."""

    ecosystem: str
    name: str
    analyses: int
    version: str
    created: str
    call: str
    report: str
    state: str


class Host(Struct, frozen=True):
    """A host that packages contacted, or have in their code, and how many analyses that is."""

    host: str
    analyses: int


class Line(Struct, frozen=True):
    """A line of a chart: a number a day, and their sum."""

    value: str
    by_day: tuple[int, ...]
    total: int


class Chart(Struct, frozen=True):
    """Lines over the same days (`2026-11-22`), the largest first."""

    dim: str
    days: tuple[str, ...]
    lines: tuple[Line, ...]


class Wait(Struct, frozen=True):
    """Seconds from publication to the first verdict, of the releases of a day: the median, and 95 %."""

    day: str
    n: int
    p50: float | None = None
    p95: float | None = None


class Total(Struct, frozen=True):
    """How often something was seen, over all time, by verdict, and when last (RFC 3339)."""

    value: str
    ecosystem: str
    call: str
    n: int
    last: str


class Fired(Struct, frozen=True):
    """A rule: in how many analyses it matched, how many of them were accused or benign, and when last."""

    rule: str
    fired: int
    accused: int
    benign: int
    last: str


class Counts(Struct, frozen=True):
    """How much there is: `calls` counts analyses by verdict."""

    analyses: int
    packages: int
    reports: int
    withdrawn: int
    calls: dict[str, int]
    ecosystems: dict[str, int]


class Freshness(Struct, frozen=True):
    """How far the index is: when something came to it last, and how many parts are still to be read.

    `made` is false where there is no index yet.
    """

    made: bool
    at: str = ""
    behind: int = 0
    change: int = 0  # of the report database
