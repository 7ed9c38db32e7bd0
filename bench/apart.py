"""One analysis in a process of its own: what it cost, by stage and by phase; ended where it takes too long.

python -m bench.apart HOME TARGET [PROFILE …]
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Final

import msgspec
from msgspec.structs import replace

from biopsy.errors import BiopsyError
from biopsy.model.dossier import Analysis

REST: Final = "goes once more, reading the trace"
"""What of a run is neither its start nor one of its phases."""


class Cost(msgspec.Struct, frozen=True):
    """What an analysis took: seconds by the clock, of the processor with all that it started, and of parts.

    `stages` are those of the pipeline; `phases` those of the slowest profile, with its `start` of a sandbox.
    """

    seconds: float
    processor: float
    call: str
    stages: dict[str, float]
    phases: dict[str, float]


class Unmeasurable(BiopsyError):  # noqa: N818 - it reads as what it says
    """It was not done, or not in time; the message says why."""


def measure(home: Path, target: str, profiles: tuple[str, ...], patience: float) -> Cost:
    """Analyse; raise Unmeasurable where that fails, or takes longer than `patience` seconds."""
    command = [sys.executable, "-m", "bench.apart", str(home), target, *profiles]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        said, errors = child.communicate(timeout=patience)
    except subprocess.TimeoutExpired as err:
        raise Unmeasurable(f"not done after {patience:.0f} s") from err
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, SIGKILL)  # what cleans up after a run has a session of its own
        child.wait()
    if child.returncode:
        raise Unmeasurable((errors.decode(errors="replace").strip().splitlines() or ["no word of why"])[-1])
    return msgspec.json.decode(said, type=Cost)


def parts(analysis: Analysis) -> dict[str, float]:
    """Give the seconds of each phase under the profile that took longest."""
    found: dict[str, dict[str, float]] = {}
    for watch in analysis.dossier.watches:
        found[watch.profile] = {"start of a sandbox": round(watch.start_s, 3)}
    for one in analysis.dossier.outcomes:
        if one.profile in found:
            found[one.profile][one.phase] = round(one.duration_s, 3)
    return max(found.values(), key=lambda phases: sum(phases.values()), default={})


def main() -> None:
    """Analyse what is named, compared with nothing, and print what it cost as JSON."""
    from biopsy.pipeline.analyze import Options, begin, one  # noqa: PLC0415 - counted by none
    from biopsy.pipeline.source import collect  # noqa: PLC0415
    from biopsy.pipeline.work.analysing import Clock  # noqa: PLC0415

    home, target, *profiles = sys.argv[1:]
    options = Options(home=Path(home), profiles=tuple(profiles), against="none")
    began, clock = time.perf_counter(), Clock(lambda _stage: None)
    with begin(options, lambda _text, _done: None) as work:
        clock.mark("fetch")
        sample, *_ = collect(target, None, work.store, work.scratch)
        analysis = one(sample, replace(work, mark=clock.mark))
        clock.mark("")
    seconds, used = time.perf_counter() - began, os.times()
    phases = parts(analysis)
    phases[REST] = round(max(0.0, clock.seconds.get("run", 0.0) - sum(phases.values())), 3)
    cost = Cost(round(seconds, 2), round(sum(used[:4]), 2), str(analysis.verdict.call), clock.seconds, phases)
    sys.stdout.buffer.write(msgspec.json.encode(cost))


if __name__ == "__main__":
    main()
