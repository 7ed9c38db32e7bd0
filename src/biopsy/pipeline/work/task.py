"""What passes between a worker and the processes that do its tasks, in MessagePack."""

from collections.abc import Callable

from msgspec import Struct

MEMORY = 2 * 1024**3
"""Bytes that reading one package may take, where nobody says otherwise."""

SECONDS = 1800.0
"""Longest that one task may take, where nobody says otherwise: two profiles at their limits, and the rest."""

MAX_ORDER = 128 * 1024
"""Longest message between worker and server, in bytes."""

MAX_ANSWER = 16 * 1024**2
"""Longest answer of a task, in bytes."""

MAX_SAID = 4096
"""Bytes of the end of what a task wrote to its standard error that are looked at."""

STAGE = 64
"""Bytes in which a task says at which stage it is."""

Tell = Callable[[str], None]
"""Told the name of a stage as it begins."""

Do = Callable[[bytes, Tell], bytes]
"""Does one task and gives its answer; what it raises is our fault, never the package's."""


class Limits(Struct, frozen=True):
    """What one task may use. `memory` is of the process that reads; a sandbox has limits of its own."""

    memory: int = MEMORY  # bytes of data
    seconds: float = SECONDS
    nice: int = 0  # how far others go first where there are too few processors, as of nice(1)


class Start(Struct, frozen=True, tag="start"):
    """Do a task: with it come three files, for its answer, its errors and its stage."""

    id: int
    task: bytes
    memory: int
    scratch: str
    nice: int = 0


class Kill(Struct, frozen=True, tag="kill"):
    """End a task, and all that it started, at once."""

    id: int


class Ready(Struct, frozen=True, tag="ready"):
    """The server has loaded what every task needs, and waits."""

    seconds: float
    threads: int  # of the server: a process that forks must have one


class Failed(Struct, frozen=True, tag="failed"):
    """What every task needs cannot be loaded, and the server ends."""

    why: str


class Over(Struct, frozen=True, tag="over"):
    """A task's process has ended, and nothing of its session is left. `status` is as `wait` gives it."""

    id: int
    status: int
    peak: int  # bytes it held at most
    processor: float  # seconds


Order = Start | Kill
News = Ready | Failed | Over
