"""Dossier: everything known about one artifact; finding and verdict: what rules make of it."""

from enum import StrEnum

from msgspec import Struct, field

from biopsy.model.attack import Attack
from biopsy.model.behaviour import Behaviour
from biopsy.model.comparison import Comparison
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Evaluated, Exchange, FileChange, Outcome, Process, Watch


class Tool(Struct, frozen=True):
    """The versions of whatever made a dossier; empty where a part took no part."""

    biopsy: str
    rules: str = ""
    image: str = ""
    gvisor: str = ""
    platform: str = ""
    readers: str = ""  # names the code that made the behaviours: others may see other things


READ_ONLY = "read-only"
"""How the reason begins of an outcome where nothing was run because packages of the ecosystem never are."""


class Dossier(Struct, frozen=True):
    """All behaviours and phase outcomes of an artifact. Rules read this and nothing else."""

    run_id: str
    release: Release
    artifact: Artifact
    behaviours: tuple[Behaviour, ...]
    outcomes: tuple[Outcome, ...]
    processes: tuple[Process, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    changes: tuple[FileChange, ...] = ()
    watches: tuple[Watch, ...] = ()
    created: str = ""  # RFC 3339, UTC
    duration_s: float = 0.0
    tool: Tool = Tool("")
    static_only: bool = False
    evaluated: tuple[Evaluated, ...] = ()
    against: str = (
        ""  # run id of the earlier release's dossier it was compared with, `none`: it was not to be
    )

    @property
    def read_only(self) -> bool:
        """Whether packages of its ecosystem are read and never run: then nothing was left out."""
        return self.static_only and any(one.reason.startswith(READ_ONLY) for one in self.outcomes)


class Level(StrEnum):
    """Severity (how bad, if true) and confidence (how sure), each on the same three steps."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Finding(Struct, frozen=True):
    """A rule that matched, with its evidence: the behaviours."""

    rule: str
    title: str
    severity: Level
    confidence: Level
    status: str  # draft | stable | retired
    attack: tuple[str, ...]
    why: str
    category: str
    evidence: tuple[Behaviour, ...]
    convicts: bool = False  # decisive on its own
    more: int = 0  # behaviours beyond those in `evidence`


class Classification(Struct, frozen=True):
    """What sort of thing a release is, if it is one: a class of `detect/classes.yml`, with its evidence.

    One that `accuses` is given only where the verdict is malicious or suspicious.
    """

    name: str
    title: str
    why: str
    evidence: tuple[Behaviour, ...]
    accuses: bool = True
    more: int = 0  # behaviours beyond those in `evidence`


class IocType(StrEnum):
    """What an indicator is, and how its value is written."""

    DOMAIN = "domain"  # lower case, without a dot at its end
    URL = "url"  # as it was seen, but for control characters
    ADDRESS = "address"  # IPv4 or IPv6, without port or brackets
    HASH = "sha256"
    WALLET = "wallet"  # `BTC 1…`: the coin, then the address
    TOKEN = "token"  # noqa: S105 - `telegram-bot 12:AA…`: whose, then all of it, for it says who is behind this
    MAIL = "mail"

    @property
    def tells(self) -> str:
        """What it tells of, in one word: of a file where it is a digest."""
        return "file" if self is IocType.HASH else self.value


class Ioc(Struct, frozen=True):
    """Something by which others can recognise, block or report what this release did.

    Of a benign release it is a contact, and no indicator of anything: the verdict beside it says which.
    `shared` says whose it is where blocking it would hit others (`code host`, `registry`, …), `reserved`
    that it stands for nobody (RFC 2606, 6761, 5737, 3849, private addresses).
    """

    type: IocType
    value: str
    where: tuple[str, ...]  # places of behaviours, `laptop: /path` for a file of a run, `artifact`
    shared: str = ""
    reserved: bool = False
    more: int = 0  # places beyond those in `where`


class Call(StrEnum):
    """The four verdicts."""

    MALICIOUS = "malicious"
    SUSPICIOUS = "suspicious"
    BENIGN = "benign"
    UNKNOWN = "unknown"


class Verdict(Struct, frozen=True):
    """What we say of an artifact, and because of which findings; `reason` is one sentence."""

    call: Call
    reason: str
    because: tuple[str, ...] = ()  # ids of rules
    categories: tuple[str, ...] = ()


class Analysis(Struct, frozen=True):
    """A dossier judged: what every output format renders."""

    dossier: Dossier
    findings: tuple[Finding, ...]
    verdict: Verdict
    classes: tuple[Classification, ...] = ()
    iocs: tuple[Ioc, ...] = ()
    attack: Attack = field(default_factory=Attack)
    comparison: Comparison | None = (
        None  # with the release before it; None: there is none, or it was not wanted
    )
