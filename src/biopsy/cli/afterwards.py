"""Lock files once a command behind a guard has ended: they name the registries, whatever ended the guard.

A guard that is killed cannot put anything back. So a process of its own waits beside it, in a session that no
terminal ends: it reads from a pipe, and does nothing but wait. When the pipe ends without a word of farewell,
it waits for the command, asks the registries again where what was written is, and puts that back.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biopsy.errors import BiopsyError

if TYPE_CHECKING:
    from biopsy.web.guard.app import Guard

LOCKS = (
    "package-lock.json", "npm-shrinkwrap.json", "node_modules/.package-lock.json", "yarn.lock", "bun.lock",
    "pnpm-lock.yaml", "pdm.lock", "pylock.toml",
)  # fmt: skip
"""Files that clients write the addresses of what they fetched into."""
MAX_LOCK = 64 * 1024**2  # bytes of one of them
MAX_ABOVE = 4  # folders above this one where one may be
MAX_NAMES = 5_000  # packages of lock files whose registry is asked again
PATIENCE = 3600.0  # seconds that a command without its guard may go on
FAREWELL = b"done"
_GIVEN = ("policy", "database", "site", "cache", "fresh", "home")


def put_back(guard: "Guard", base: str, folder: Path, *, again: bool = False) -> None:
    """Have lock files name the registries, where clients wrote the address of a guard that ends.

    `again`: the registries are asked once more, because this is not the guard that was asked.
    """
    from biopsy.web.guard.restoring import addressed, restored  # noqa: PLC0415

    held = {path: text for path, text in _texts(folder) if f"{base}/" in text}
    if again and held:
        asyncio.run(_learn(guard, set().union(*(addressed(base, text) for text in held.values()))))
    for path, text in held.items():
        with suppress(OSError):
            if (made := restored(guard, base, text)) != text:
                _replace(path, made)


@contextmanager
def watched(base: str, folder: Path, asked: dict[str, Any]) -> "Iterator[subprocess.Popen[bytes]]":
    """Have somebody stand by who puts lock files back if this process is killed; tell it `follow`."""
    given = {name: None if asked[name] is None else str(asked[name]) for name in _GIVEN}
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, json.dumps({"base": base, "folder": str(folder), "asked": given})],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        with suppress(OSError, subprocess.TimeoutExpired):
            child.communicate(FAREWELL, timeout=5)


def follow(watcher: "subprocess.Popen[bytes]", process: int) -> None:
    """Say which process the command is."""
    if watcher.stdin is not None:
        with suppress(OSError):
            watcher.stdin.write(f"{process}\n".encode())
            watcher.stdin.flush()


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in (place / name for place in (folder, *list(folder.parents)[:MAX_ABOVE]) for name in LOCKS):
        with suppress(OSError, UnicodeDecodeError):
            if path.is_file() and path.stat().st_size <= MAX_LOCK:
                with path.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
                    yield path, file.read()


def _replace(path: Path, text: str) -> None:
    """Write a file anew, whole or not at all."""
    path = path.resolve()
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=".biopsy-", delete=False) as file:
        try:
            file.write(text.encode())
            shutil.copymode(path, file.name)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


async def _learn(guard: "Guard", names: set[tuple[str, str]]) -> None:
    for kind, name in sorted(names)[:MAX_NAMES]:
        with suppress(BiopsyError):  # what is not learned is written as registries have it
            await (guard.pypi if kind == "pypi" else guard.npm).offers(name)


def _gone(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        return stat.rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it is somebody else's
    return False


def _stand_by(told: dict[str, Any]) -> None:
    said = sys.stdin.buffer.read(64)
    if said.endswith(FAREWELL):
        return
    process = said.partition(b"\n")[0]
    until = time.monotonic() + PATIENCE
    while process.isdigit() and not _gone(int(process)) and time.monotonic() < until:
        time.sleep(0.2)
    from biopsy.cli.guarding import make  # noqa: PLC0415 - slow to import, and rarely needed

    asked = {name: told["asked"][name] for name in _GIVEN}
    asked |= {name: Path(asked[name]) for name in ("policy", "database", "home") if asked[name]}
    asked |= {name: float(asked[name]) for name in ("cache", "fresh")}
    guard = make({**asked, "analyze": False}, quiet=True, log=False)
    put_back(guard, told["base"], Path(told["folder"]), again=True)


if __name__ == "__main__":
    _stand_by(json.loads(sys.argv[1]))
