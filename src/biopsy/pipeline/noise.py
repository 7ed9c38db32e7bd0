"""Record once, for an image, ecosystem and profile, what tools do by themselves: runs of empty packages."""

import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from biopsy.ecosystems import Ecosystem
from biopsy.model.release import Artifact, Release
from biopsy.sandbox import baseline
from biopsy.sandbox.baseline import Baseline
from biopsy.sandbox.internet.gateway import Forward
from biopsy.sandbox.observe import record as recorded
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.run import raw_run
from biopsy.unpack import unpack

if TYPE_CHECKING:
    from biopsy.pipeline.analyze import Progress

FOLDER = "baselines"


class Bench(Struct, frozen=True):
    """What the empty packages are run with."""

    ecosystem: Ecosystem
    image_id: str
    home: Path
    scratch: Path
    forward: Forward


def record(bench: Bench, profiles: Iterable[str], progress: "Progress") -> None:
    """Record the baselines that are missing; raises SandboxError where the empty package cannot be run."""
    kind = bench.ecosystem.type
    for profile in dict.fromkeys(profiles):
        file = baseline.path(bench.home / FOLDER, bench.image_id, kind, profile)
        if baseline.load(file) is not None:
            continue
        facts: set[baseline.Fact] = set()
        for filename, data in bench.ecosystem.empty():
            progress(f"learning what the tools of {kind} do by themselves ({profile})", None)
            facts |= _run(bench, profile, filename, data).facts
        baseline.save(Baseline(bench.image_id, kind, profile, frozenset(facts)), file)


def _run(bench: Bench, profile: str, filename: str, data: bytes) -> Baseline:
    ecosystem = bench.ecosystem
    with tempfile.TemporaryDirectory(dir=bench.scratch) as name:
        path = Path(name) / filename
        path.write_bytes(data)
        tree = unpack(path, Path(name) / "tree").tree
        artifact = Artifact(filename, ecosystem.kind(filename) or "", path, len(data), "")
        release = ecosystem.identify(tree, filename) or Release(ecosystem.type, "", "")
        subject = Subject(ecosystem.type, release.name, release.version, filename)
        job = Job(
            run_id=f"baseline-{secrets.token_hex(4)}",
            subject=subject,
            artifact=path,
            profile=profile,
            phases=ecosystem.plan(tree, artifact),
            endpoints=(ecosystem.endpoint(),),
        )
        with raw_run(job, bench.home, forward=bench.forward, progress=lambda _text: None) as raw:
            return recorded(raw, subject, bench.image_id)
