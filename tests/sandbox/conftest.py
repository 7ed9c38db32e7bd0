"""Running a script in a real sandbox, as the only thing a package does."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from biopsy.model.run import Phase
from biopsy.sandbox.order import left
from biopsy.sandbox.raw import Changed, Job, Limits, Ran, Raw, Said, Subject
from biopsy.sandbox.run import raw_run


@dataclass(frozen=True)
class Seen:
    """What a run came to, its files read."""

    raw: Raw
    said: list[Said]
    trace: bytes
    spent: dict[str, float]
    took: float

    @property
    def ran(self) -> tuple[Ran, ...]:
        return self.raw.ran

    def text(self, phase: int = 0) -> str:
        return self.ran[phase].output.decode(errors="replace")

    def change(self, path: str) -> Changed | None:
        return next((one for one in self.raw.changes if one.path == path), None)


@pytest.fixture
def attempt(home: Path, tmp_path: Path) -> Callable[..., Seen]:
    """Run Python scripts (a phase each) in a sandbox, and tell what was seen."""
    import msgspec

    def refuse(_: object) -> object:
        raise OSError("no registry in this test")

    def run(
        *scripts: str, timeout: float = 20.0, profile: str = "laptop", forward=refuse, endpoints=(), **limits
    ) -> Seen:
        parts = "".join(f"if sys.argv[1] == '{i}':\n" + _indent(s) for i, s in enumerate(scripts))
        artifact = tmp_path / "script.py"
        artifact.write_text(f"import os, sys, time, socket, subprocess, signal\n{parts}")
        phases = tuple(
            Phase(f"p{i}", "{artifact}", (str(i),), timeout, installs=bool(endpoints))
            for i in range(len(scripts))
        )
        subject = Subject("pypi", "x", "1", "script.py")
        job = Job(
            f"test-{time.time_ns()}", subject, artifact, profile, phases,
            endpoints=endpoints, limits=Limits(**limits), keep=tmp_path / "keep",
        )  # fmt: skip
        began = time.monotonic()
        with raw_run(job, home, forward=forward, progress=lambda _: None) as raw:
            took = time.monotonic() - began
            decode = msgspec.json.Decoder(Said)
            said = [decode.decode(line) for line in raw.said.read_bytes().splitlines()]
            spent = left(raw.trace.parent / "left.msgpack").spent
            return Seen(raw, said, raw.trace.read_bytes(), spent, took)

    return run


def _indent(script: str) -> str:
    return "".join(f"    {line}\n" for line in script.strip().splitlines())
