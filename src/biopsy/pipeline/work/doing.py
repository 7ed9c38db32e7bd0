"""What a worker's processes do: `make` loads what every job needs, once; then each job finds it there."""

import errno
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from biopsy.pipeline.work.coming import Came, End, Setting, Task, Unable
from biopsy.pipeline.work.task import Do, Tell

if TYPE_CHECKING:
    from biopsy.pipeline.work.rehearsal import Loaded

DOER = f"{__name__}:make"
"""What a server of processes is told to load."""


def make(setting: str) -> Do:
    """Load all modules and rules; what is given does one job in this process or in a child of it."""
    from biopsy.pipeline.work.rehearsal import rehearse  # noqa: PLC0415 - seconds, of the server alone

    held = msgspec.json.decode(setting, type=Setting)
    loaded = rehearse(held)
    tasks = msgspec.msgpack.Decoder(Task)

    def do(task: bytes, tell: Tell) -> bytes:
        gc.enable()
        return msgspec.msgpack.encode(_whole(_do(tasks.decode(task), held, loaded, tell)))

    return do


def _do(task: Task, setting: Setting, loaded: "Loaded", tell: Tell) -> Came:
    from biopsy.pipeline.work.analysing import NO_ROOM, Clock, analyse  # noqa: PLC0415 - loaded by then
    from biopsy.pipeline.work.looking import look  # noqa: PLC0415

    clock = Clock(tell)
    try:
        if task.job.release.version or task.job.digest:
            return analyse(task, setting, loaded, Path.cwd(), clock)
        return look(task, loaded, clock)
    except Unable as err:
        clock.mark("")
        return msgspec.structs.replace(err.came, seconds=clock.seconds)
    except OSError as err:
        if err.errno not in (*NO_ROOM, errno.ENOMEM):
            raise
        code = "out-of-memory" if err.errno == errno.ENOMEM else "disk-full"
        return Came(End.AGAIN, reason=code, detail=str(err))


def _whole(came: Came) -> Came:
    """Half characters, which a package may have put into a name, are in no encoding."""
    detail, why = (text.encode(errors="replace").decode() for text in (came.detail, came.why))
    return msgspec.structs.replace(came, detail=detail, why=why)
