"""Replay: the rules of today over everything that is kept. Nothing is fetched, unpacked or run.

Parts are judged by several processes at once. What changed can be written: each part's judgements are kept
before the part counts as done, and writing the same twice is harmless, so that a replay may be stopped at any
moment and goes on where it stopped.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from biopsy import detect
from biopsy.errors import BiopsyError
from biopsy.model import kept
from biopsy.model.dossier import Call
from biopsy.model.replay import Change, Replayed
from biopsy.pipeline.replay_part import Held, Known, Setting, Tally, begin, replay
from biopsy.pipeline.replay_state import Progress, name
from biopsy.warehouse import Part, Warehouse

__all__ = ["Asked", "Change", "Replayed", "run"]


PIECE = 100
"""Landed dossiers that one process judges at a time; what is packed comes in the parts it is packed in…"""

FEW, CUT = 16, 512
"""…or, where there are fewer parts than this, so many at a time."""

_KILLED = (
    "a process of the replay was killed, for want of memory perhaps: ask again, and it goes on where it "
    "stopped; --jobs 1 takes less"
)


class Asked(Struct, frozen=True):
    """What to replay: `since` (RFC 3339 or a day) and `ecosystem` narrow it. `fresh`: from the beginning."""

    home: Path
    rules: Path | None = None
    since: str = ""
    ecosystem: str = ""
    write: bool = False
    reports: bool = True
    jobs: int = 0  # processes; 0: one a core
    fresh: bool = False


class _Sum:
    """The tallies so far."""

    def __init__(self, setting: Setting, parts: tuple[Part, ...]) -> None:
        self._setting, self._parts = setting, parts
        self._dossiers = sum(part.count for part in parts)
        self._began = datetime.now(UTC)
        self._tallies: list[Tally] = []
        self.resumed = 0

    def add(self, tally: Tally) -> None:
        self._tallies.append(tally)

    def total(self) -> Replayed:
        calls = dict.fromkeys((call.value for call in Call), 0)
        for tally in self._tallies:
            for call, count in tally.calls.items():
                calls[call] += count
        return Replayed(
            self._setting.digest,
            len(self._parts),
            len(self._tallies),
            self.resumed,
            sum(tally.read for tally in self._tallies),
            self._dossiers,
            calls,
            tuple(sorted((c for t in self._tallies for c in t.changes), key=_order)),
            tuple(why for tally in self._tallies for why in tally.unreadable),
            self._setting.write,
            sum(tally.written for tally in self._tallies),
            (datetime.now(UTC) - self._began).total_seconds(),
        )


def run(asked: Asked) -> Iterator[Replayed]:
    """Replay, yielding what came of it after each part; the last is the whole.

    Raises RuleError for wrong rules, BiopsyError where a process died. To stop it is to close the iterator,
    or to interrupt it: what is done is kept for the next one that asks the same.
    """
    kept.keep_in(asked.home / "cache")
    rules = detect.ready(asked.rules)
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    setting = Setting(asked.home, rules, detect.digest(rules), at, asked.since, asked.write, asked.reports)
    parts = tuple(_pieces(Warehouse(asked.home).parts(asked.ecosystem, asked.since)))
    summed = _Sum(setting, parts)
    waiting = {name(part): part for part in parts}
    progress = Progress(setting, asked.ecosystem)
    if asked.fresh:
        progress.forget()
    done = [tally for tally in progress.done() if waiting.pop(tally.part, None)]
    summed.resumed = len(done)
    for tally in done:
        summed.add(tally)
    yield summed.total()
    if waiting:
        progress.begin(done)
        for tally in _through(waiting, setting, asked.jobs or os.cpu_count() or 1, progress.add):
            summed.add(tally)
            yield summed.total()
    progress.forget()


def _pieces(parts: Sequence[Part]) -> Iterator[Part]:
    """Cut parts into smaller ones, so that no process waits long for the last one of another.

    What is packed is read by its whole part whatever is taken of it, so that is cut only where parts are few.
    """
    few = sum(part.start >= 0 for part in parts) < FEW
    for part in parts:
        size = PIECE if part.start < 0 else CUT if few else part.count
        for at in range(0, part.count, size):
            count = min(size, part.count - at)
            if part.start < 0:
                yield Part(f"{part.name}-{at}", part.paths[at : at + size], count)
            else:
                yield replace(part, name=f"{part.name}-{at}", count=count, start=part.start + at)


def _through(
    waiting: Mapping[str, Part], setting: Setting, jobs: int, keep: Callable[[Tally], None]
) -> Iterator[Tally]:
    """Hand out the parts, the largest first; give what came of each once it is kept.

    Whoever stops it waits for those that are under way: what they wrote is kept as done, too.
    """
    known = _looked_up(setting.home)
    order = sorted(waiting, key=lambda key: -waiting[key].count)
    pool = ProcessPoolExecutor(min(jobs, len(order)), get_context("fork"), _ready, (setting, known))
    running: set[Future[Tally]] = set()
    try:
        while order or running:
            while order and len(running) < 2 * jobs:
                key = order.pop(0)
                running.add(pool.submit(replay, waiting[key], key))
            for one in wait(running, return_when=FIRST_COMPLETED).done:
                running.discard(one)
                tally = one.result()
                keep(tally)
                yield tally
    except BrokenProcessPool as err:
        raise BiopsyError(_KILLED) from err
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for one in running:
            if not one.cancelled() and one.exception() is None:
                keep(one.result())


def _ready(setting: Setting, known: Known) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begin(setting, known)


def _looked_up(home: Path) -> Known:
    """Ask for the verdicts in a process of its own: the database has threads, and we are going to fork."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(_look_up, home).result()


def _look_up(home: Path) -> Known:
    warehouse = Warehouse(home)
    held = {run_id: Held(one.call, one.because) for run_id, one in warehouse.latest().items()}
    return Known(held, warehouse.versioned())


def _order(change: Change) -> tuple[bool, bool, int, str, str, str]:
    """What is accused now first; then what no longer is; then by package."""
    new = change.after is not Call.MALICIOUS or change.before is Call.MALICIOUS
    return (
        not change.turned or change.before is None,
        new,
        list(Call).index(change.after),
        change.ecosystem,
        change.name,
        change.run_id,
    )
