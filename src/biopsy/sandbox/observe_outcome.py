"""How phases ended: the cell's word first, then the driver's, which comes out of the sandbox and may lie."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import msgspec
from msgspec.structs import replace

from biopsy.model.behaviour import Kind
from biopsy.model.run import Lines, Outcome, Run, Status, Step
from biopsy.sandbox.observe_ledger import Draft
from biopsy.sandbox.raw import Ran, Raw
from biopsy.sandbox.trace_text import argument_text

MAX_STEPS: Final = 2_000
"""Most steps that are kept of one phase."""

MAX_LINE: Final = 64 * 1024
"""Longest line of a driver that is read, in bytes."""

MAX_FILES: Final = 5_000
"""Most files of one phase of which it is kept which lines were reached."""

MAX_CODE: Final = 10_000_000
"""Most lines of code that are believed of one file, and of a package."""

LOST: Final = ("dear", "budget")
"""What a driver may say of why not all files were loaded whose lines it counts."""

FLOOD: Final = "flood output"
"""What that is called."""

MAX_PLACES: Final = 10
"""Most places on a page of which it is told that an account there became another."""

MAX_REASON: Final = 300
MAX_NAME: Final = 300
MAX_TAIL: Final = 4_000
"""How much of what a phase printed is kept for people, in characters."""

_SPANS = re.compile(r"(?:\d{1,8}(?:-\d{1,8})?(?: (?!$)|$))*")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class _Line(msgspec.Struct):
    """A line that a driver prints: about a step, lines of code, a flood, an account that became another.

    At the end, the phase.
    """

    step: str = ""
    status: Status = Status.COMPLETED
    reason: str = ""
    duration: float = 0.0
    phase: Status | None = None
    lines: str | None = None
    of: int = 0
    seen: str = ""
    flood: str = ""
    swap: str = ""
    was: str = ""
    now: str = ""


_DECODER = msgspec.json.Decoder(_Line)


def outcome(ran: Ran, profile: str) -> Outcome:
    """Combine what the cell and the driver say of a phase."""
    steps, reached, last = _steps(ran.output)
    status, reason = ran.status, ran.reason
    if status is Status.COMPLETED:
        if last is not None and last.phase is not None:
            status, reason = last.phase, last.reason or reason
        elif ran.exit == 0 or ran.exit is None:
            status, reason = Status.FAILED, "no-report"
    if last is not None and status is ran.status and not reason:
        reason = last.reason
    duration = max(0, ran.end_ns - ran.start_ns) / 1e9
    return Outcome(
        profile, ran.phase, status, _short(reason, MAX_REASON), round(duration, 3), tuple(steps), _tail(ran),
        tuple(reached),
    )  # fmt: skip


def quiet(raw: Raw) -> bool:
    """Whether only what a go reached is told, not what was done in it."""
    return any(one.quiet for one in raw.ran)


def reached(run: Run, goes: Iterable[Raw]) -> Run:
    """Add to how the phases of a run ended what such goes reached."""
    found: dict[str, tuple[Lines, ...]] = {}
    for one in (one for go in goes for one in go.ran):
        found[one.phase] = found.get(one.phase, ()) + outcome(one, run.profile).lines
    return replace(
        run,
        outcomes=tuple(replace(one, lines=one.lines + found.get(one.phase, ())) for one in run.outcomes),
    )


def floods(raw: Raw) -> Iterator[Draft]:
    """Tell, once for a phase, that something printed the same few lines without end, as its driver says."""
    for ran in raw.ran:
        for line in (one for one in _lines(ran.output) if one.flood):
            said = f"{_short(line.flood, MAX_NAME)}: {line.of} characters, the same few lines again and again"
            yield Draft(ran.end_ns, Kind.EVASION_TRACER, FLOOD, ran.phase, weight=1, detail=said)
            break


def swaps(raw: Raw) -> Iterator[Draft]:
    """Tell, once for each place, of an account on a page that had become another one, as its driver says."""
    for ran in raw.ran:
        told: set[str] = set()
        for line in (one for one in _lines(ran.output) if one.swap):
            place, account = _short(line.swap, MAX_NAME), _short(line.now, MAX_NAME)
            if place not in told and len(told) < MAX_PLACES:
                told.add(place)
                value = f"{place} > {account}"
                detail = f"{_short(line.was, MAX_NAME)} stood there"
                yield Draft(ran.end_ns, Kind.CANARY_SWAP, value, ran.phase, weight=1, detail=detail)


def _lines(output: bytes) -> Iterator[_Line]:
    for raw in output.splitlines():
        if raw.startswith(b"{") and len(raw) <= MAX_LINE:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield _DECODER.decode(raw)


def _steps(output: bytes) -> tuple[list[Step], list[Lines], _Line | None]:
    steps: list[Step] = []
    reached: list[Lines] = []
    last = None
    for line in _lines(output):
        if line.phase is not None:
            last = line
        elif line.lines is not None:
            if len(reached) < MAX_FILES and _SPANS.fullmatch(line.seen):
                of = min(max(line.of, 0), MAX_CODE)
                why = line.reason if line.reason in LOST and not line.lines else ""
                reached.append(Lines(_short(line.lines, MAX_NAME), of, line.seen, why))
        elif line.step and len(steps) < MAX_STEPS:
            duration = min(max(line.duration, 0.0), 1e6) if line.duration == line.duration else 0.0
            name, reason = _short(line.step, MAX_NAME), _short(line.reason, MAX_REASON)
            steps.append(Step(name, line.status, reason, round(duration, 3)))
    return steps, reached, last


def _short(text: str, limit: int) -> str:
    text = " ".join(_CONTROL.sub(" ", text.encode(errors="backslashreplace").decode()).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _tail(ran: Ran) -> str:
    lines = [
        line
        for line in ran.output.splitlines()
        if not line.startswith((b'{"step"', b'{"phase"', b'{"lines"', b'{"flood"', b'{"swap"'))
    ]
    text = argument_text(b"\n".join([*lines, *ran.errors.splitlines()])[-MAX_TAIL:])
    return _CONTROL.sub("", text).strip()
