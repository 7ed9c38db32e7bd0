"""The types of the JSON form, version 1. Docstrings and descriptions become those of the schema."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from biopsy.formats.wire.evaluated import EvaluatedDocument
from biopsy.formats.wire.since import SinceDocument
from biopsy.model.behaviour import Kind

SCHEMA_VERSION: Literal["1"] = "1"

FAMILIES = tuple(dict.fromkeys(kind.partition(".")[0] for kind in Kind))
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(description="Seconds.")]
By = Literal["package", "dependency", "tool"]
Level = Literal["low", "medium", "high"]
Status = Literal["completed", "failed", "timeout", "skipped", "crashed"]
BehaviourText = Annotated[
    str,
    Meta(
        description="`kind value @ where`: equal to the `text` of a behaviour.",
        examples=["file.read /home/ada/.npmrc @ laptop/install#4"],
    ),
]


class ArtifactDocument(Struct, frozen=True, kw_only=True):
    """The file that was taken apart."""

    filename: str
    kind: Annotated[str, Meta(description="sdist, wheel, tgz, …: the ecosystem's word.")]
    size: Annotated[int, Meta(ge=0, description="Bytes.")]
    sha256: str
    verified: Annotated[
        bool, Meta(description="The registry's own hash was compared; false: there was none.")
    ]


class ToolDocument(Struct, frozen=True, kw_only=True):
    """The versions of whatever made this; empty where a part took no part."""

    biopsy: str
    rules: str
    image: str
    gvisor: str
    platform: str


class FindingDocument(Struct, frozen=True, kw_only=True):
    """A rule that matched, with its evidence."""

    rule: str
    title: str
    severity: Annotated[Level, Meta(description="How bad, if true.")]
    confidence: Annotated[Level, Meta(description="How sure.")]
    status: Annotated[str, Meta(description="draft rules are recorded and never convict.")]
    attack: Annotated[tuple[str, ...], Meta(description="MITRE ATT&CK techniques.")]
    category: str
    convicts: Annotated[bool, Meta(description="Decisive on its own.")]
    why: str
    evidence: tuple[BehaviourText, ...]
    more_evidence: Annotated[int, Meta(ge=0, description="Behaviours beyond those in `evidence`.")]


class StepDocument(Struct, frozen=True, kw_only=True):
    """One module, script, function or class that a phase tried."""

    name: str
    status: Status
    reason: str
    duration_s: Seconds


class PhaseDocument(Struct, frozen=True, kw_only=True):
    """How a phase ended under a profile."""

    profile: str
    phase: str
    status: Status
    reason: Annotated[
        str, Meta(description="A code of lower-case words and dashes, then, after `: `, free text.")
    ]
    duration_s: Seconds
    steps: tuple[StepDocument, ...]
    output: Annotated[str, Meta(description="The last of what it printed.")]


class AttributionDocument(Struct, frozen=True, kw_only=True):
    """Whose doing it is."""

    by: By
    owner: Annotated[str, Meta(description="Which dependency, which tool; empty for the package itself.")]


class FilePlace(Struct, frozen=True, kw_only=True):
    """In a file of the package; line 0 is the file as a whole."""

    path: str
    line: Count
    when: Annotated[
        str, Meta(description="install, start, import, call, test, docs, or empty: when that code runs.")
    ]
    vendored: Annotated[
        bool,
        Meta(description="A copy of somebody else's code, by the words in its path: the author's claim."),
    ]


class TracePlace(Struct, frozen=True, kw_only=True):
    """In a run; `seq` orders what was seen under one profile, whatever the phase."""

    profile: str
    phase: str
    seq: Count


class BehaviourDocument(Struct, frozen=True, kw_only=True):
    """A small fact about the package, with the place where it was seen: never a judgement."""

    kind: Annotated[
        str,
        Meta(pattern=rf"^({'|'.join(FAMILIES)})\.[a-z]+$", description="The family, and what of it."),
    ]
    value: str
    where: Annotated[str, Meta(description="`setup.py:12 (install)`, `laptop/install#4`, `registry`.")]
    file: FilePlace | None
    trace: TracePlace | None
    process: Annotated[int | None, Meta(description="The id of one of `processes`.")]
    time: Annotated[float | None, Meta(description="Seconds since the run began.")]
    attribution: AttributionDocument
    detail: Annotated[str, Meta(description="For people: an excerpt, a decoded text.")]
    attack: Annotated[tuple[str, ...], Meta(description="ATT&CK techniques it can serve: no judgement.")]
    text: BehaviourText


class ProcessDocument(Struct, frozen=True, kw_only=True):
    """A process of a run; ids are unique in this document."""

    id: int
    parent: int | None
    profile: str
    phase: str
    argv: tuple[str, ...]
    cwd: str
    start: Seconds
    end: float | None
    exit: Annotated[int | None, Meta(description="Status, or minus the signal; null: not seen to end.")]
    attribution: AttributionDocument


class ExchangeDocument(Struct, frozen=True, kw_only=True):
    """One thing said to the simulated internet, and what it answered."""

    profile: str
    phase: str
    protocol: Annotated[str, Meta(description="dns, http, https, tcp, udp or tls.")]
    host: str
    port: Count
    summary: str
    request: Annotated[str, Meta(description="An excerpt, decoded.")]
    response: Annotated[str, Meta(description="An excerpt, decoded.")]
    sent: Annotated[int, Meta(ge=0, description="Bytes, of the whole.")]
    received: Annotated[int, Meta(ge=0, description="Bytes, of the whole.")]
    time: Seconds
    process: int | None
    by: By
    gateway: Annotated[bool, Meta(description="A fetch of a package, forwarded to the configured registry.")]


class ChangeDocument(Struct, frozen=True, kw_only=True):
    """A file that differs after the run."""

    profile: str
    path: str
    change: Literal["created", "changed", "deleted"]
    size: Count
    sha256: str
    mode: Annotated[int, Meta(ge=0, description="Permission bits.")]
    excerpt: Annotated[str, Meta(description="The beginning of its new content, decoded.")]
    by: By


class WatchDocument(Struct, frozen=True, kw_only=True):
    """How well a run was watched: what was lost, cut or refused is counted, never hidden."""

    profile: str
    complete: Annotated[bool, Meta(description="Nothing was lost.")]
    events: Count
    malformed: Count
    dropped: Count
    truncated: Count
    exchanges_dropped: Count
    changes_dropped: Count
    behaviours_dropped: Count
    files_read: Annotated[int, Meta(ge=0, description="Reads of the image's and its own files: not listed.")]
    notes: tuple[str, ...]


class ClassDocument(Struct, frozen=True, kw_only=True):
    """What sort of thing it is: a class, with its evidence."""

    name: str
    title: str
    accuses: Annotated[bool, Meta(description="Given only to what is malicious or suspicious.")]
    why: str
    evidence: tuple[BehaviourText, ...]
    more_evidence: Annotated[int, Meta(ge=0, description="Behaviours beyond those in `evidence`.")]


class IocDocument(Struct, frozen=True, kw_only=True):
    """Something by which others can recognise what it did; of a benign release a contact, no indicator."""

    type: Literal["domain", "url", "address", "sha256", "wallet", "token", "mail"]
    value: Annotated[str, Meta(description="Whole and not defanged; `BTC 1…`, `discord-webhook 12/ab…`.")]
    where: Annotated[tuple[str, ...], Meta(description="Places of behaviours, files of a run, `artifact`.")]
    more_where: Annotated[int, Meta(ge=0, description="Places beyond those in `where`.")]
    shared: Annotated[str, Meta(description="Whose it is where blocking it would hit others; else empty.")]
    reserved: Annotated[bool, Meta(description="A name or address that stands for nobody, or is private.")]


class TechniqueDocument(Struct, frozen=True, kw_only=True):
    """A technique of MITRE ATT&CK (Enterprise) that a behaviour or finding names."""

    id: str
    name: str
    tactics: tuple[str, ...]


class ReachDocument(Struct, frozen=True, kw_only=True):
    """How many of some things were reached."""

    of: Annotated[int, Meta(ge=0, description="How many there are; 0: there are none of that sort.")]
    done: Annotated[int, Meta(ge=0, description="How many were reached.")]
    why: Annotated[
        dict[str, int],
        Meta(description="Reason codes of those that were not reached, with how many each."),
    ]


class CoverageDocument(Struct, frozen=True, kw_only=True):
    """What was reached under one profile."""

    profile: str
    modules: Annotated[ReachDocument, Meta(description="Modules, or entry points, that were imported.")]
    functions: Annotated[ReachDocument, Meta(description="Functions and methods that were called.")]
    commands: Annotated[ReachDocument, Meta(description="Commands it installs that were started.")]
    scripts: Annotated[ReachDocument, Meta(description="Scripts of its npm manifest that an install ran.")]
    lines: Annotated[
        ReachDocument, Meta(description="Lines of code that were reached, where the interpreter can tell.")
    ]


class AnalysisDocument(Struct, frozen=True, kw_only=True):
    r"""One artifact: what it did, what rules made of it, and the verdict.

    Text is Unicode; a lone surrogate, which stands for a byte that is no UTF-8, is written out as `\udcff`.
    """

    schema_version: Literal["1"]
    run_id: str
    purl: str
    artifact: ArtifactDocument
    verdict: Literal["malicious", "suspicious", "benign", "unknown"]
    reason: Annotated[str, Meta(description="Why, in one sentence.")]
    because: Annotated[tuple[str, ...], Meta(description="The rules that the verdict rests on.")]
    categories: tuple[str, ...]
    static_only: Annotated[bool, Meta(description="Nothing was run.")]
    created: Annotated[str, Meta(description="RFC 3339, UTC.")]
    duration_s: Seconds
    tool: ToolDocument
    findings: tuple[FindingDocument, ...]
    classes: tuple[ClassDocument, ...]
    iocs: Annotated[tuple[IocDocument, ...], Meta(description="Indicators, or contacts: the verdict tells.")]
    comparison: Annotated[
        SinceDocument | None,
        Meta(description="With the release before; null: none, or not wanted."),
    ]
    techniques: Annotated[tuple[TechniqueDocument, ...], Meta(description="Every one named here, by id.")]
    phases: tuple[PhaseDocument, ...]
    coverage: Annotated[tuple[CoverageDocument, ...], Meta(description="What the phases reached.")]
    behaviours: tuple[BehaviourDocument, ...]
    processes: tuple[ProcessDocument, ...]
    exchanges: tuple[ExchangeDocument, ...]
    changes: tuple[ChangeDocument, ...]
    evaluated: tuple[EvaluatedDocument, ...]
    watches: tuple[WatchDocument, ...]


class Documents(Struct, frozen=True, kw_only=True):
    """Several analyses of one request (`--artifact all`, or more than one target), in the order asked for."""

    schema_version: Literal["1"]
    analyses: tuple[AnalysisDocument, ...]
