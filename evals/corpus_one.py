"""One real release, analysed in a process of its own, so that its time and memory are its own."""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from biopsy import pipeline
from biopsy.errors import BiopsyError
from biopsy.model.behaviour import By
from biopsy.model.dossier import Analysis, Finding
from biopsy.model.run import Status
from biopsy.pipeline import source
from evals import corpus_kept

LIMIT = {"static": 900.0, "dynamic": 1500.0}  # seconds for one package; none should come near
EVIDENCE = 4  # behaviours kept of each finding

_STAGES = {"fetching": "fetch", "unpacking": "unpack", "reading": "read"}


def prepare(home: Path) -> Path:
    """Return a home of the corpus' own, which uses the images and the gVisor of the real one."""
    own = home / "corpus"
    own.mkdir(parents=True, exist_ok=True)
    for shared in ("images", "bin", "baselines"):
        (home / shared).mkdir(exist_ok=True)
        if not (own / shared).is_symlink():
            (own / shared).symlink_to(home / shared)
    return own


def fetch(target: str, artifact: str, home: Path) -> str:
    """Bring one artifact here; return its sha256. Raises BiopsyError where it does not come."""
    corpus_kept.use(home / "pages")
    with tempfile.TemporaryDirectory() as scratch:
        which = None if artifact == "tgz" else artifact
        (sample,) = source.collect(target, which, home / "artifacts", Path(scratch))
    return sample.artifact.sha256


def measure(
    target: str, artifact: str, sha256: str, home: Path, mode: str, *, profiles: Sequence[str] = ()
) -> dict[str, Any]:
    """Analyse in a new process; one that dies or hangs is an error in the row."""
    command = [sys.executable, "-m", __name__, target, artifact, sha256 or "-", str(home), mode, *profiles]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT[mode], check=False)
    except subprocess.TimeoutExpired:
        return {"verdict": "error", "why": f"no end after {LIMIT[mode]:.0f} s"}
    if done.returncode:
        return {"verdict": "error", "why": f"exit {done.returncode}: {done.stderr.strip()[-300:]}"}
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def analyse(
    target: str, artifact: str, sha256: str, home: Path, mode: str, *, profiles: Sequence[str] = ()
) -> dict[str, Any]:
    """Analyse here and now, and compare with no other release: each stands for itself."""
    corpus_kept.use(home / "pages")
    marks: list[tuple[str, float]] = []

    def progress(text: str, _done: float | None) -> None:
        stage = _STAGES.get(text.partition(" ")[0], "run")
        if not marks or marks[-1][0] != stage:
            marks.append((stage, time.monotonic()))

    which = None if artifact == "tgz" else artifact
    options = pipeline.Options(
        home=home, artifact=which, static_only=mode == "static", profiles=tuple(profiles), against="none"
    )
    began = time.process_time()
    try:
        (analysis,) = pipeline.analyze(target, options, progress)
    except BiopsyError as err:
        return {"verdict": "error", "why": str(err)}
    stages = _stages([*marks, ("", time.monotonic())])
    seconds = sum(stages.values()) - stages.get("fetch", 0)
    if sha256 not in ("-", analysis.dossier.artifact.sha256):
        return {
            "verdict": "error",
            "why": f"not what the list names: {analysis.dossier.artifact.filename}",
        }
    cost = {"seconds": round(seconds, 2), "cpu": round(time.process_time() - began, 2), "stages": stages}
    return {**_seen(analysis), **cost, "peak_mb": _peak()}


def _stages(marks: list[tuple[str, float]]) -> dict[str, float]:
    """Add up what lies between the marks, in seconds."""
    stages: dict[str, float] = {}
    for (stage, began), (_, ended) in pairwise(marks):
        stages[stage] = round(stages.get(stage, 0) + ended - began, 3)
    return stages


def _seen(analysis: Analysis) -> dict[str, Any]:
    dossier, verdict = analysis.dossier, analysis.verdict
    short = [
        f"{o.profile}/{o.phase}: {o.status} {o.reason}".strip()
        for o in dossier.outcomes
        if o.status is not Status.COMPLETED and o.reason != "static-only"
    ]
    lost = [
        f"{w.profile}: {w.malformed} malformed, {w.dropped} dropped, {w.truncated} truncated, "
        f"{w.behaviours_dropped} behaviours"
        for w in dossier.watches
        if not w.complete
    ]
    return {
        "file": dossier.artifact.filename,
        "mb": round(dossier.artifact.size / 1e6, 2),
        "verdict": verdict.call.value,
        "why": verdict.reason,
        "because": list(verdict.because) if verdict.call in ("malicious", "suspicious") else [],
        "findings": [_finding(finding) for finding in analysis.findings],
        "gaps": short + lost + [str(b) for b in dossier.behaviours if str(b.kind) == "archive.damaged"],
        "behaviours": len(dossier.behaviours),
        "run_id": dossier.run_id,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    shown = []
    for behaviour in finding.evidence[:EVIDENCE]:
        by = "" if behaviour.by is By.PACKAGE else f" by {behaviour.owner or behaviour.by}"
        shown.append(f"{behaviour}{by}"[:400])
    weight = f"{finding.severity}/{finding.confidence}{' convicts' if finding.convicts else ''}"
    return {"rule": finding.rule, "weight": weight, "status": finding.status, "evidence": shown}


def _peak() -> int:
    """The most memory that this process held, in MB; not `ru_maxrss`, which the process before us leaves."""
    status = Path("/proc/self/status").read_text()
    match = re.search(r"VmHWM:\s+(\d+)", status)
    return int(match[1]) // 1024 if match else 0


def main() -> int:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("target", "artifact", "sha256", "home", "mode"):
        parser.add_argument(name)
    parser.add_argument("profiles", nargs="*")
    args = parser.parse_args()
    out = os.dup(1)  # whatever else may print goes to standard error
    os.dup2(2, 1)
    home, profiles = Path(args.home), args.profiles
    line = json.dumps(analyse(args.target, args.artifact, args.sha256, home, args.mode, profiles=profiles))
    os.write(out, line.encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
