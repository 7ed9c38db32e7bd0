"""What goes over the wire, as types: the OpenAPI document is made of them, and answers are."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from biopsy.reports.query import MAX_QUERIES, MAX_TEXT

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Word = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Report = dict[str, Any]
"""A report by the OSV schema; it has fields that the schema does not know, too."""

MAX_ENTRIES = 5000  # packages in one question after verdicts
MAX_HASHES = 20  # of one package


class Package(Struct):
    """A package by its ecosystem and name, or by a package URL; not by both."""

    ecosystem: Text | None = None
    name: Text | None = None
    purl: Text | None = None


class Question(Struct):
    """A package, perhaps at a version. `page_token` is that of the answer before."""

    package: Package | None = None
    version: Text | None = None
    commit: Text | None = None
    page_token: Text | None = None


class Questions(Struct):
    """Up to 1,000 questions."""

    queries: Annotated[list[Question], Meta(max_length=MAX_QUERIES)]


class Reports(Struct, omit_defaults=True):
    """Reports; an empty object is none. `warning` says why a question could not find any."""

    vulns: list[Report] = []
    next_page_token: str = ""
    warning: str = ""


class Brief(Struct):
    """The id of a report, and when it changed."""

    id: str
    modified: str


class Briefs(Struct, omit_defaults=True):
    """The answer to one question of a batch."""

    vulns: list[Brief] = []
    next_page_token: str = ""


class Batch(Struct):
    """Answers in the order of the questions."""

    results: list[Briefs]


class Listed(Struct):
    """A report in a list; `change` is the number of its last change."""

    change: int
    id: str
    ecosystem: str
    name: str
    state: str
    published: str
    modified: str
    withdrawn: str


class Listing(Struct, omit_defaults=True):
    """A page of reports, those that changed first first; the token goes on where it ends, also later."""

    reports: list[Listed]
    next_page_token: str = ""


class Changed(Struct):
    """An entry of the log: what was done to a report, when, by whom and why."""

    seq: int
    at: str
    actor: str
    action: str
    ecosystem: str
    name: str
    report: str
    reason: str
    evidence: str


class Changes(Struct, omit_defaults=True):
    """A page of the log, the oldest first."""

    changes: list[Changed]
    next_page_token: str = ""


class Mark(Struct):
    """A report that names a hash or an indicator, and as what: `artifact,digest`, `domain`, `host` …"""

    kind: str
    report: Report


class Marked(Struct):
    """Reports that name what was asked for, in the form in which it was looked up."""

    value: str
    reports: list[Mark]


class Alike(Struct):
    """A reported name that is like the one that was asked for; at distance 0 it only looks the same."""

    ecosystem: str
    name: str
    report: str
    distance: int


class Similar(Struct):
    """Names, nearest first."""

    similar: list[Alike]


class Cited(Struct):
    """A report that a verdict rests on, who says so, and where more can be read."""

    id: str
    summary: str
    sources: tuple[str, ...]
    link: str


class Entry(Struct):
    """A package that is used: a package URL, or an ecosystem and a name; `hashes` of its files help."""

    purl: Text = ""
    ecosystem: Text = ""
    name: Text = ""
    version: Text = ""
    hashes: Annotated[list[Text], Meta(max_length=MAX_HASHES)] = []


class Entries(Struct):
    """Up to 5,000 packages."""

    entries: Annotated[list[Entry], Meta(max_length=MAX_ENTRIES)]


class Judged(Struct):
    """What is known of a package. `action`: `block` what is malicious, `review` what may be or cannot be
    known, `allow` what no report covers, which is no proof that it is harmless.
    """

    purl: str
    ecosystem: str
    name: str
    version: str
    verdict: str
    action: str
    reason: str
    reports: list[Cited]


class Verdicts(Struct):
    """Verdicts in the order of the packages."""

    verdicts: list[Judged]


class Count(Struct):
    """How many reports there are of an ecosystem in a state, and when one of them changed last."""

    ecosystem: str
    state: str
    reports: int
    modified: str


class Counts(Struct):
    """How many reports there are; `change` is the number of the last change."""

    change: int
    counts: list[Count]


class Decision(Struct):
    """What to do to a report: an id, an alias, or `ecosystem/name`. `versions`: only these."""

    report: Word
    reason: Word
    evidence: Text = ""
    versions: Annotated[list[Word], Meta(max_length=1000)] = []
    proof: Text = ""
    reject: bool = False
    dry_run: bool = False


class Decided(Struct):
    """The packages whose reports were decided on, or would be; `batch` undoes it (`biopsy reports undo`)."""

    packages: list[str]
    batch: str
    dry_run: bool


class Submitted(Struct):
    """What became of a report that was sent: `new` claims, of which so many wait for approval."""

    source: str
    new: int
    waiting: int
    echoes: int


class Health(Struct):
    """That the server runs, and the number of the last change that it sees."""

    status: str
    version: str
    change: int
