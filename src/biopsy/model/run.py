"""What happens in a sandbox, as data: phases to run, how they ended, who ran, what was said and changed."""

from enum import StrEnum

from msgspec import Struct, field

from biopsy.model.behaviour import Behaviour, By


class Status(StrEnum):
    """How a phase, or one step of it, ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"
    CRASHED = "crashed"


class Disk(StrEnum):
    """What the disk is like on which a phase is done once more."""

    USED = "used"  # as the phases before it left it
    INSTALLED = "installed"  # as it was right after the install: in a sandbox of its own
    NEW = "new"  # as it was before: the install itself is done once more, in a sandbox of its own


class Phase(Struct, frozen=True):
    """A step of a run, as an ecosystem asks for it: `driver` is a file of `sandbox/drivers`, run with `args`.

    The driver runs as the profile's user, in the profile's project folder, on the interpreter that a
    toolchain names for its suffix. What it prints as JSON lines becomes the phase's steps; its exit
    status 0 is `completed`, 64 + a reason line is `failed`, 65 + a reason line is `skipped`.
    `{artifact}` in `args` is where the artifact lies inside the sandbox.
    """

    name: str
    driver: str
    args: tuple[str, ...] = ()
    timeout: float = 60.0
    installs: bool = False  # may fetch from the registry gateway
    ahead: float = 0.0  # seconds that its clock is ahead of the run's when it begins
    again: str = ""  # how much later it is done once more, for people and `differs.again`: `3d`, `2031-04-01`
    disk: Disk = Disk.USED
    quiet: bool = False  # only which lines it reached is told, not what was done: in a sandbox of its own


class Step(Struct, frozen=True):
    """One module, script, function or class that a phase tried."""

    name: str
    status: Status
    reason: str = ""
    duration_s: float = 0.0


class Lines(Struct, frozen=True):
    """Lines of one of the package's files that its interpreter says were reached: `1-20 24`, counted from 1.

    `of` is how many hold code. Under the path `` stands how many all files of the package have, and why those
    that nobody loaded were not, where the fault is ours: `dear`, `budget`.
    """

    path: str
    of: int
    seen: str = ""
    why: str = ""


class Outcome(Struct, frozen=True):
    """How a phase ended. `reason` is a code of lower-case words and dashes, then, after `: `, free text."""

    profile: str
    phase: str
    status: Status
    reason: str = ""
    duration_s: float = 0.0
    steps: tuple[Step, ...] = ()
    output: str = ""  # the last of what it printed, for people
    lines: tuple[Lines, ...] = ()  # reached, where the interpreter can tell


class Process(Struct, frozen=True):
    """A process of a run. Ids are ours, unique in a dossier; `parent` is None for the first of a phase."""

    id: int
    parent: int | None
    profile: str
    phase: str
    argv: tuple[str, ...]
    cwd: str = ""
    start: float = 0.0
    end: float | None = None
    exit: int | None = None  # status, or minus the signal
    by: By = By.PACKAGE
    owner: str = ""


class Exchange(Struct, frozen=True):
    """One thing said to the simulated internet, and what it answered.

    `protocol` is dns, http, https, tcp, udp or tls (a handshake that came to nothing). `request` and
    `response` are excerpts for people, decoded; the sizes are those of the whole.
    """

    profile: str
    phase: str
    protocol: str
    host: str  # the name that was looked up or named in TLS or HTTP, else the address
    port: int
    summary: str  # `POST /path`, `A x.example`, `first bytes…`
    request: str = ""
    response: str = ""
    sent: int = 0  # bytes
    received: int = 0
    time: float = 0.0
    process: int | None = None
    by: By = By.PACKAGE
    gateway: bool = False  # a fetch that the registry gateway forwarded


class Change(StrEnum):
    """What became of a file between the start and the end of a run."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class FileChange(Struct, frozen=True):
    """A file that differs after the run; `excerpt` is the beginning of its new content, decoded."""

    profile: str
    path: str
    change: Change
    size: int = 0
    sha256: str = ""
    excerpt: str = ""
    mode: int = 0
    by: By = By.PACKAGE


class Watch(Struct, frozen=True):
    """How well one run was watched: everything that was lost, cut or refused is counted, never hidden."""

    profile: str
    events: int = 0  # trace records read
    malformed: int = 0
    dropped: int = 0  # by gVisor, by its own count
    truncated: int = 0  # records past our limit
    exchanges_dropped: int = 0
    changes_dropped: int = 0
    behaviours_dropped: int = 0
    files_read: int = 0  # reads of the image's and the package's own files, counted and not listed
    notes: tuple[str, ...] = field(default=())
    start_s: float = 0.0  # seconds from asking for the sandbox until its first phase began

    @property
    def complete(self) -> bool:
        """Whether nothing was lost."""
        lost = (self.malformed, self.dropped, self.truncated, self.exchanges_dropped)
        return not any((*lost, self.changes_dropped, self.behaviours_dropped))


LANGUAGES = {"python": "py", "javascript": "js", "php": "php", "ruby": "rb"}
"""The languages in which interpreters tell of evaluated code, and how files of them end."""


class Evaluated(Struct, frozen=True):
    """Code that the package made while it ran and had evaluated: exec, eval, Function, vm, an unmarshalled
    code object, what was given to `python -c`; never what is simply a file of its tree.

    `caller` is `file:line` of whoever evaluated it, as the interpreter said; where that was itself evaluated
    code, `parent` is its id, so that payloads within payloads are a chain.
    """

    id: str  # first 16 digits of the sha256 of `text`
    evaluator: str
    text: str
    complete: bool  # False: cut at a limit, or put together from a code object without its source
    process: int | None
    phase: str
    profile: str
    seq: int  # of its `code.eval`
    language: str = "python"  # or another of LANGUAGES
    caller: str = ""
    parent: str = ""
    size: int = 0  # bytes of the whole
    by: By = By.PACKAGE

    @property
    def path(self) -> str:
        """The path under which its text is read: `evaluated/<id>.py`, `.js` …"""
        return f"evaluated/{self.id}.{LANGUAGES.get(self.language, 'py')}"


class Run(Struct, frozen=True):
    """Everything one run under one profile came to, made safe: nothing of the sandbox's is trusted here.

    The ids of processes are unique within this run; the pipeline makes them unique within a dossier.
    """

    profile: str
    behaviours: tuple[Behaviour, ...]
    outcomes: tuple[Outcome, ...]
    processes: tuple[Process, ...]
    exchanges: tuple[Exchange, ...]
    changes: tuple[FileChange, ...]
    watch: Watch
    evaluated: tuple[Evaluated, ...] = ()
