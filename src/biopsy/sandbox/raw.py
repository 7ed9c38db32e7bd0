"""What goes into a cell and what it leaves behind, before any of it is believed.

A *cell* is one run under one profile: a process in its own pid, mount and network namespaces that holds the
simulated internet, the trace sink and gVisor. Everything vanishes with it; what it learned stays in files of
the run's folder, in these shapes. `observe` turns them into a `biopsy.model.run.Run`.
"""

from pathlib import Path

import msgspec

from biopsy.model.release import Endpoint
from biopsy.model.run import Change, Phase, Status


class Limits(msgspec.Struct, frozen=True):
    """What a run may use. A run that meets one ends with a status and a reason, never with an exception."""

    memory: int = 3 * 1024**3  # bytes, of the whole sandbox
    cpus: float = 2.0
    processes: int = 4_000  # alive at once; each costs two of the host's, which has 32,768 as a rule
    disk: int = 2 * 1024**3  # bytes written, of the copy-on-write layer
    output: int = 1024**2  # bytes of standard output and error kept of a phase; more is read and dropped
    time: float = 480.0  # seconds for all phases together
    trace: int = 512 * 1024**2  # bytes of trace records kept
    said: int = 256 * 1024**2  # bytes of exchanges kept


class Canary(msgspec.Struct, frozen=True):
    """A planted credential, unique to a run. `secret` is what must not leave."""

    name: str  # npm-token, aws-secret, ssh-key, …
    secret: str
    path: str = ""  # file that holds it, absolute, inside the sandbox
    env: str = ""  # variable that holds it
    text: str = ""  # what stands there in full, where the secret is a part of it


class Subject(msgspec.Struct, frozen=True):
    """Whose behaviour we are after: tells the package's own doing from that of dependencies and tools."""

    ecosystem: str
    name: str
    version: str
    filename: str


Field = tuple[tuple[str, ...], str | int | bool]
"""A field of an answer: the names on the way to it, from the outermost object, and what it says."""


class Job(msgspec.Struct, frozen=True):
    """One run to do: this artifact, these phases, on this machine as it pretends to be."""

    run_id: str
    subject: Subject
    artifact: Path
    profile: str
    phases: tuple[Phase, ...]
    endpoints: tuple[Endpoint, ...] = ()
    limits: Limits = Limits()
    plants: tuple[str, ...] = ()  # files, each `~/…`, that lie there as the user's own
    modules: tuple[str, ...] = ()  # that archives handed out have, for who imports from them
    fields: tuple[Field, ...] = ()  # that JSON handed out has, for who acts only if it says so
    keep: Path | None = None  # where to leave trace, exchanges and written files for people


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One exchange with the simulated internet, a line of `said.jsonl`.

    Bodies are bytes (base64 in JSON) cut at the recorder's limit; `sent` and `received` are the full sizes,
    as the package sees them.
    """

    time_ns: int  # epoch
    protocol: str  # dns, http, https, tcp, udp, icmp, tls
    address: str  # what the package connected to
    port: int
    source_port: int = 0
    name: str = ""  # looked up, or SNI, or Host
    summary: str = ""
    request: bytes = b""  # head and body as sent, after TLS; for dns the question in wire form
    body: bytes = b""  # of an HTTP request, transfer and content encodings undone
    response: bytes = b""
    sent: int = 0
    received: int = 0
    status: int = 0
    gateway: bool = False
    refused: str = ""  # why the gateway would not forward this
    token: str = ""  # marks bytes we handed out, whose execution would be `code.remote`
    ran: str = ""  # this exchange is the sign that the bytes of that token were executed
    told: str = ""  # the host whose answer named this one, which nobody else could have


class Ran(msgspec.Struct, frozen=True):
    """A phase as the cell ran it. `pid` is the number of its first process inside the sandbox."""

    phase: str
    status: Status
    reason: str
    start_ns: int
    end_ns: int
    pid: int = 0
    exit: int | None = None
    output: bytes = b""  # standard output: the driver's JSON lines among whatever else
    errors: bytes = b""  # standard error
    argv: tuple[str, ...] = ()  # what was started
    again: str = ""  # `Phase.again`
    quiet: bool = False  # `Phase.quiet`


class Changed(msgspec.Struct, frozen=True):
    """A file of the copy-on-write layer that differs from before the first phase. Path as inside."""

    path: str
    change: Change
    size: int = 0
    sha256: str = ""
    mode: int = 0
    head: bytes = b""  # the beginning of its content
    phase: str = ""  # in which it became so, where that is known
    within: bool = False  # deleted with a folder that is told, too


class Raw(msgspec.Struct, frozen=True):
    """All that a cell left behind. `trace` holds records as gVisor sent them, each after a u32 LE length."""

    profile: str
    start_ns: int
    end_ns: int
    home: str  # of the profile's user
    project: str  # where phases start
    uid: int
    hostname: str
    trace: Path
    said: Path
    ran: tuple[Ran, ...]
    changes: tuple[Changed, ...]
    canaries: tuple[Canary, ...]
    trace_truncated: int = 0  # records past Limits.trace
    said_dropped: int = 0
    changes_dropped: int = 0
    gvisor: str = ""
    platform: str = ""
    notes: tuple[str, ...] = ()
    heard: Path | None = None  # the journals of interpreters, as `inside.journal` keeps them
    below: tuple[Changed, ...] = ()  # of a branch: what the run that it is of had changed
