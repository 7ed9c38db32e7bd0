"""Keeps an embedded PostgreSQL running for as long as somebody uses it; a program of its own.

It is started by its path, knows nothing of biopsy, and imports only what comes with Python, since it stays.
Who uses the server holds a shared lock on `users.lock`; the kernel lets go of it when he dies, however he
dies. Some seconds after its last user the server is stopped. A server that dies is started again; should
this program die, the kernel asks the server to stop.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

POLL = 0.5
QUICK = 3.0  # a server that dies sooner than this did not start
MAX_QUICK = 8
STOP_SECONDS = 20.0
MAX_LOG = 8_000_000
PR_SET_PDEATHSIG = 1

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "wal_compression": "on",
    "jit": "off",
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "120s",
}


def as_nobody() -> list[str]:
    """Give what a command is to be started with: PostgreSQL refuses root, so root becomes someone by name.

    In a user namespace of its own the server is nobody, and its files are still root's.
    """
    if os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]


def main(arguments: list[str]) -> int:
    """Keep the server of a folder: `keeper.py FOLDER BINARIES SOCKETS LINGER`."""
    folder, binaries, sockets = (Path(argument) for argument in arguments[:3])
    lock = os.open(folder / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return 0  # there is a keeper
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return Keeper(folder, binaries, sockets, float(arguments[3])).keep()


class Keeper:
    """One server, and who looks after it."""

    def __init__(self, folder: Path, binaries: Path, sockets: Path, linger: float) -> None:
        self.folder, self.binaries, self.sockets, self.linger = folder, binaries, sockets, linger
        self.data = folder / "data"
        self.stopped = False
        self.quick = 0
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped = True

    def keep(self) -> int:
        """Run the server until nobody uses it or somebody ends this; 1 if it would not start."""
        self.make()
        users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        server, started, alone = self.start(), time.monotonic(), 0.0
        while not self.stopped:
            time.sleep(POLL)
            if server.poll() is not None:
                self.quick = self.quick + 1 if time.monotonic() - started < QUICK else 0
                if self.quick >= MAX_QUICK:
                    return 1
                time.sleep(min(POLL * self.quick, QUICK))
                server, started = self.start(), time.monotonic()
                continue
            if not self.unused(users):
                alone = 0.0
            elif alone == 0.0:
                alone = time.monotonic()
            elif time.monotonic() - alone > self.linger and self.unused(users, keep=True):
                break
        end(server)
        return 0

    @staticmethod
    def unused(users: int, *, keep: bool = False) -> bool:
        """Say whether nobody holds the users' lock; with `keep` nobody can from now on."""
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        if not keep:
            fcntl.flock(users, fcntl.LOCK_UN)
        return True

    def make(self) -> None:
        """Make the data directory, if there is none; half of one is made anew."""
        if (self.data / "PG_VERSION").exists():
            return
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        command: list[str | Path] = [
            self.binaries / "initdb",
            "-D",
            new,
            "-U",
            "biopsy",
            "--auth=trust",
            "--no-locale",
        ]
        subprocess.run([*as_nobody(), *command, "--encoding=UTF8"], check=True, stdin=subprocess.DEVNULL)
        new.rename(self.data)

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server; the kernel will ask it to stop (SIGINT: at once, in order) when we are gone."""
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [
            self.binaries / "postgres",
            "-D",
            self.data,
            "-k",
            self.sockets,
            *settings,
        ]
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        return subprocess.Popen(
            [*as_nobody(), *command],
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGINT),  # noqa: PLW1509 - there are no threads
        )


def end(server: "subprocess.Popen[bytes]") -> None:
    """Ask the server to stop at once and in order; insist if it does not."""
    for ask in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(ask)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
