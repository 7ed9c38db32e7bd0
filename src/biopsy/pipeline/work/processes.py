"""Tasks in processes of their own, from the worker's side: start one, wait, kill it, leave nothing behind.

A crash, a leak, a hang or a full memory takes its own task and nothing else. Whatever a task leaves lies in
its folder below `BIOPSY_HOME/tmp`, which goes with it; what a sandbox leaves is `sandbox.clean`'s to remove.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

from biopsy.errors import BiopsyError
from biopsy.pipeline.work import ending
from biopsy.pipeline.work.ending import Ending
from biopsy.pipeline.work.folders import PREFIX, clean, hold, release, sweep
from biopsy.pipeline.work.memory import memory, read, tail, text
from biopsy.pipeline.work.task import (
    MAX_ANSWER,
    MAX_ORDER,
    Failed,
    Kill,
    Limits,
    News,
    Over,
    Ready,
    Start,
)

WARM = 180.0
"""Seconds that a server has to load everything."""

LEAVE = 20.0
"""Seconds that a killed process has to be gone."""

_SERVER = "biopsy.pipeline.work.server"


class NoServerError(BiopsyError):
    """The server of processes does not start; its own words say why."""


class Answer(Struct, frozen=True):
    """What a task gave, and what it used."""

    data: bytes
    stage: str
    peak: int  # bytes
    processor: float  # seconds


class Lost(Exception):  # noqa: N818 - it reads as what it says
    """A task that gave no answer."""

    def __init__(self, why: Ending, peak: int = 0) -> None:
        """Say why."""
        super().__init__(f"{why.code}: {why.detail}")
        self.why, self.peak = why, peak


class Processes:
    """Starts tasks: `async with Processes(home, "module:function", setting) as processes`."""

    def __init__(self, home: Path, doer: str, setting: str, *, name: str = "") -> None:
        """Take note; nothing is started yet."""
        self._home, self._doer, self._setting = home, doer, setting
        self.folder = home / "tmp" / f"{PREFIX}{name or socket.gethostname()}-{os.getpid()}"
        self._lock = -1
        self._server: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._ready: asyncio.Future[Ready] | None = None
        self._over: dict[int, asyncio.Future[Over]] = {}
        self._next = 0
        self._starting = asyncio.Lock()
        self._news = msgspec.msgpack.Decoder(News)

    async def __aenter__(self) -> Self:
        """Take the folder, remove what dead workers left, and load."""
        await asyncio.to_thread(sweep, self._home)
        self._lock = hold(self.folder)
        try:
            await self._warm()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything and remove the folder."""
        await self._close()
        await asyncio.to_thread(clean, self._home)
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        if self._lock >= 0:
            release(self.folder, self._lock)
            self._lock = -1

    async def run(self, task: bytes, limits: Limits) -> Answer:
        """Do a task. Raises Lost where it gives no answer; cancelled, it ends when the task is gone."""
        await self._warm()
        self._next += 1
        number, before = self._next, ending.starvations()
        scratch = self.folder / str(number)
        scratch.mkdir(parents=True)
        with memory() as (answer, errors, stage):
            over, late = await self._follow(number, task, limits, scratch, (answer, errors, stage))
            data, said, at = read(answer, MAX_ANSWER + 1), tail(errors), text(stage)
        fine = over.status == 0 and 0 < len(data) <= MAX_ANSWER
        await self._tidy(scratch, fine=fine)
        if fine:
            return Answer(data, at, over.peak, over.processor)
        starved = ending.starvations() > before
        raise Lost(
            ending.of(over, said, at, late=limits.seconds if late else 0.0, starved=starved), over.peak
        )

    async def _follow(
        self, number: int, task: bytes, limits: Limits, scratch: Path, files: tuple[int, ...]
    ) -> tuple[Over, bool]:
        """Start a task and see it end; say whether it ended because its time was over."""
        ended = self._over[number] = asyncio.get_running_loop().create_future()
        try:
            self._order(Start(number, task, limits.memory, str(scratch), limits.nice), files)
            done, _ = await asyncio.wait({ended}, timeout=limits.seconds)
            if not done:
                await self._kill(number, ended)
            return ended.result(), not done
        except asyncio.CancelledError:
            await asyncio.shield(self._kill(number, ended))
            await asyncio.shield(self._tidy(scratch, fine=False))
            raise
        finally:
            self._over.pop(number, None)

    async def _kill(self, number: int, ended: "asyncio.Future[Over]") -> None:
        with contextlib.suppress(OSError):
            self._order(Kill(number), ())
        done, _ = await asyncio.wait({ended}, timeout=LEAVE)
        if not done:  # a process that cannot be killed waits for a disk: it is the machine's trouble
            ended.set_result(Over(number, 9, 0, 0.0))

    async def _tidy(self, scratch: Path, *, fine: bool) -> None:
        if not fine:
            await asyncio.to_thread(clean, self._home)
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)

    def _order(self, order: Start | Kill, files: tuple[int, ...]) -> None:
        data = msgspec.msgpack.encode(order)
        if len(data) > MAX_ORDER:
            raise NoServerError(f"a task of {len(data)} bytes: more than {MAX_ORDER} cannot be ordered")
        if self._control is None:
            raise BrokenPipeError
        socket.send_fds(self._control, [data], files)

    async def _warm(self) -> None:
        """Start the server unless it lives."""
        async with self._starting:
            if self._control is not None:
                return
            loop = asyncio.get_running_loop()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                command = [
                    sys.executable,
                    "-P",
                    "-m",
                    _SERVER,
                    str(theirs.fileno()),
                    self._doer,
                    self._setting,
                ]
                self._server = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    env={**os.environ, "TMPDIR": str(self.folder)},
                    start_new_session=True,
                )
            ours.setblocking(False)
            self._control, self._ready = ours, loop.create_future()
            loop.add_reader(ours, self._hear)
            try:
                await asyncio.wait_for(asyncio.shield(self._ready), WARM)
            except NoServerError:
                await self._close()
                raise
            except (TimeoutError, BrokenPipeError) as err:
                await self._close()
                raise NoServerError("analyses cannot be started; what was said of it stands above") from err

    def _hear(self) -> None:
        """Take what the server says; its silence for ever is the end of all its tasks."""
        assert self._control is not None
        try:
            data = self._control.recv(MAX_ORDER)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        news = self._news.decode(data)
        if isinstance(news, Failed):
            if self._ready and not self._ready.done():
                self._ready.set_exception(NoServerError(f"analyses cannot be started: {news.why}"))
        elif isinstance(news, Ready):
            if self._ready and not self._ready.done():
                self._ready.set_result(news)
        elif (ended := self._over.get(news.id)) and not ended.done():
            ended.set_result(news)

    def _lost(self) -> None:
        """The server is gone, and with it every task: the kernel saw to that."""
        self._disconnect()
        if self._ready and not self._ready.done():
            self._ready.set_exception(BrokenPipeError())
        for number, ended in self._over.items():
            if not ended.done():
                ended.set_result(Over(number, 9, 0, 0.0))

    def _disconnect(self) -> None:
        if self._control is not None:
            asyncio.get_running_loop().remove_reader(self._control)
            self._control.close()
            self._control = None

    async def _close(self) -> None:
        self._disconnect()
        if self._server is not None:
            try:
                await asyncio.wait_for(self._server.wait(), LEAVE)
            except TimeoutError:
                self._server.kill()
                await self._server.wait()
            self._server = None
