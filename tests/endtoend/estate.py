"""All of biopsy as it runs: a feed's follower, workers and PostgreSQL, as programs that are killed and come again."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from biopsy.queue.embedded import sockets

BIOPSY = (sys.executable, "-P", "-c", "from biopsy.cli import main; main()")
AGAIN = 0.3  # seconds after which what died is started again


@dataclass
class Program:
    """A command that is to run until told to end; whatever ends it, it comes again."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0

    def start(self) -> None:
        """Start it, for the first time or again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.starts += 1

    def running(self) -> bool:
        """Whether it is there."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> bool:
        """End it without a word, as a power cut would; say whether it was there."""
        if not self.running():
            return False
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        return True


@dataclass
class Estate:
    """One BIOPSY_HOME and what works on it. `keep` is a thread's: it starts again what died."""

    home: Path
    logs: Path
    environment: dict[str, str]
    programs: dict[str, Program] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, *words: str) -> None:
        """Have a command of biopsy run from now on."""
        program = Program(name, [*BIOPSY, *words], self.logs / f"{name}.log", self.environment)
        self.programs[name] = program
        with self._lock:
            program.start()

    def __enter__(self) -> Self:
        threading.Thread(target=self._keep, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with self._lock:
            for program in self.programs.values():
                program.kill()

    def _keep(self) -> None:
        while not self._over.wait(AGAIN):
            with self._lock:
                for program in self.programs.values():
                    if not self._over.is_set() and not program.running():
                        program.start()

    def kill(self, name: str) -> None:
        """Kill a program or the database's server with SIGKILL; it will come again."""
        if name == "postgres":
            done = self._kill_postgres()
        else:
            with self._lock:
                done = self.programs[name].kill()
        self.killed[name] = self.killed.get(name, 0) + done

    def _kill_postgres(self) -> bool:
        with contextlib.suppress(OSError, ValueError, IndexError):
            os.kill(
                int((self.home / "queue" / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
            )
            return True
        return False

    def drain(self, seconds: float) -> dict[str, int]:
        """Tell all to end by SIGTERM; give each one's status."""
        self._over.set()
        ended = {}
        with self._lock:
            for program in self.programs.values():
                if program.running():
                    assert program.process is not None
                    program.process.terminate()
            for program in self.programs.values():
                assert program.process is not None
                ended[program.name] = program.process.wait(seconds)
        return ended

    def biopsy(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end."""
        return subprocess.run(
            [*BIOPSY, *words], env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    @contextlib.contextmanager
    def database(self) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
        """A connection, waited for."""
        deadline = time.monotonic() + 60
        dsn = (
            self.environment.get("BIOPSY_DSN")
            or f"host={sockets(self.home / 'queue')} user=biopsy dbname=postgres"
        )
        while True:
            try:
                made = psycopg.connect(
                    dsn,
                    autocommit=True,
                    connect_timeout=5,
                    row_factory=dict_row,
                    options="-csearch_path=biopsy",
                )
                break
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        with made:
            yield made

    def rows(self, query: str, *args: object) -> list[dict[str, Any]]:
        """Ask the database; asked again where it was just killed."""
        for _ in range(20):
            with contextlib.suppress(psycopg.OperationalError), self.database() as made:
                return made.execute(query, args).fetchall()  # type: ignore[arg-type]
            time.sleep(0.3)
        raise TimeoutError("the database does not stay")

    def said(self, name: str) -> str:
        """What a program has said so far."""
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for(self, name: str, text: str, count: int = 1, seconds: float = 60.0) -> None:
        """Wait until a program has said something so many times."""
        until(lambda: len(re.findall(text, self.said(name))) >= count, seconds, f"{name}: {text}")

    def left_running(self) -> list[str]:
        """Processes that name the home in their command or environment, none of them ours."""
        found, mine = [], {os.getpid(), os.getppid()}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) in mine:
                continue
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                if str(self.home).encode() in words:
                    found.append(words.decode(errors="replace")[:200])
        return found

    def left_mounted(self) -> list[str]:
        """Mounts below the home, in this mount namespace."""
        lines = Path("/proc/self/mounts").read_text().splitlines()
        return [line for line in lines if line.split()[1].startswith(f"{self.home}/")]


def until(true: Any, seconds: float, what: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
