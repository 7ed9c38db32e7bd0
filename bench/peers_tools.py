"""The tools that are measured: how each is installed and asked, and when it says that something is wrong."""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click

import biopsy

GUARDDOG, HEXORA = "3.2.0", "0.3.2"
LIMIT = 600.0  # seconds for one artifact
DETECTED = 5.0  # GuardDog's score from which it says "suspicious"
SURE = ("high", "very_high")  # hexora's confidence
SCORE = 0.5  # of hexora's model

Seen = dict[str, Any]

# Started by a process that holds little memory: the peak that the kernel tells of a child begins with ours.
_LAUNCHER = """\
import json, os, sys
out, err = sys.argv[1:3]
pid = os.posix_spawn(sys.argv[3], sys.argv[3:], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    (os.POSIX_SPAWN_OPEN, 2, err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)])
_, status, usage = os.wait4(pid, 0)
cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
print(json.dumps([os.waitstatus_to_exitcode(status), cpu, peak]))
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """One detector. `read` takes the artifact, its unpacked tree and the ecosystem."""

    name: str
    version: str
    ecosystems: tuple[str, ...]
    read: Callable[[Path, Path, str], Seen]


def install(home: Path) -> tuple[Tool, ...]:
    """Make an environment for each peer where there is none yet, and return all tools, biopsy first."""
    guarddog = _environment(home / "peers" / f"guarddog-{GUARDDOG}", f"guarddog=={GUARDDOG}")
    hexora = _environment(home / "peers" / f"hexora-{HEXORA}", f"hexora=={HEXORA}")
    _freshen(guarddog)
    own = home / "peers" / "home"
    own.mkdir(exist_ok=True)

    def biopsy_itself(artifact: Path, _tree: Path, _ecosystem: str) -> Seen:
        return ours(artifact, own)

    def rules(_artifact: Path, tree: Path, _ecosystem: str) -> Seen:
        return _hexora(hexora, tree, 0.0)

    def model(_artifact: Path, tree: Path, _ecosystem: str) -> Seen:
        return _hexora(hexora, tree, SCORE)

    def dog(artifact: Path, _tree: Path, ecosystem: str) -> Seen:
        return _guarddog(guarddog, artifact, ecosystem)

    return (
        Tool("biopsy", biopsy.__version__, ("pypi", "npm"), biopsy_itself),
        Tool("guarddog", GUARDDOG, ("pypi", "npm"), dog),
        Tool("hexora rules", HEXORA, ("pypi",), rules),
        Tool("hexora model", HEXORA, ("pypi",), model),
    )


def better(before: Seen | None, now: Seen) -> Seen:
    """Keep the quicker of two readings: what else the machine does only ever slows."""
    if before is None or (before.get("error") and not now.get("error")):
        return now
    return now if not now.get("error") and now["seconds"] < before["seconds"] else before


def _environment(folder: Path, requirement: str) -> Path:
    """Install one peer; return the environment's folder."""
    if not (folder / "installed").is_file():
        venv.create(folder, with_pip=True, clear=True)
        command = [folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise click.ClickException(f"cannot install {requirement}: {done.stderr.strip()[-300:]}")
        (folder / "installed").write_text(requirement)
    return folder


def _freshen(folder: Path) -> None:
    """Call GuardDog's lists of popular names new: else it tries to download them whenever it starts."""
    for path in folder.glob("lib/*/site-packages/guarddog/analyzer/metadata/resources/top_*.json"):
        kept = json.loads(path.read_text())
        if isinstance(kept, dict) and "downloaded_timestamp" in kept:
            path.write_text(json.dumps({**kept, "downloaded_timestamp": int(time.time())}))


def ours(artifact: Path, home: Path) -> Seen:
    """Have biopsy read an artifact, in a process of its own and with a home of its own."""
    script = "from biopsy.cli import run; run()"
    options = ["--static-only", "--against", "none", "--quiet", "--format", "json", "--home", str(home)]
    seen, text = run([sys.executable, "-c", script, "analyze", *options, str(artifact)], (0, 1, 3))
    if not seen.get("error"):
        verdict = json.loads(text)["verdict"]
        call = verdict["call"] if isinstance(verdict, dict) else verdict
        seen |= {"said": call, "detected": call in ("malicious", "suspicious"), "sure": call == "malicious"}
    return seen


def _guarddog(folder: Path, artifact: Path, ecosystem: str) -> Seen:
    command = [str(folder / "bin" / "guarddog"), ecosystem, "scan", str(artifact), "--output-format", "json"]
    seen, text = run(command, (0, 1))
    if not seen.get("error") and "sandbox" in seen["stderr"].lower() and "{" not in text:
        seen, text = run([*command, "--no-sandbox"], (0, 1))
    if not seen.get("error"):
        risk = json.loads(text[text.index("{") :]).get("risk_score", {})
        score = float(risk.get("score", 0))
        seen |= {"said": f"{score} {risk.get('label', '')}".strip(), "detected": score >= DETECTED}
        seen["sure"] = risk.get("label") == "high_risk"
    return seen


def _hexora(folder: Path, tree: Path, least: float) -> Seen:
    command = [str(folder / "bin" / "hexora"), "audit", str(tree), "--output-format", "json"]
    seen, text = run([*command, "--min-score", str(least)], (0,))
    if not seen.get("error"):
        found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        strong = [one for one in found if least or one["confidence"] in SURE]
        rules = sorted({one["rule"] for one in strong})
        seen |= {"said": " ".join(rules), "detected": bool(strong), "sure": bool(strong)}
    return seen


def run(command: list[str], good: tuple[int, ...]) -> tuple[Seen, str]:
    """Run one tool: wall and processor seconds, the most memory of any of its processes, what it printed."""
    with tempfile.TemporaryDirectory(prefix="peers-run-") as name:
        out, err = Path(name) / "out", Path(name) / "err"
        launch = [sys.executable, "-S", "-E", "-c", _LAUNCHER, str(out), str(err), *command]
        began = time.perf_counter()
        try:
            done = subprocess.run(
                launch, capture_output=True, text=True, timeout=LIMIT, check=False, env=_clean(name)
            )
            code, cpu, peak = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return {"error": f"no end after {LIMIT:.0f} s", "seconds": LIMIT, "detected": False}, ""
        seconds = time.perf_counter() - began
        seen: Seen = {"seconds": round(seconds, 3), "cpu": round(cpu, 3), "peak_mb": peak}
        seen["stderr"] = err.read_text(errors="replace")[-200:]
        text = out.read_text(errors="replace")
    if code not in good or (not text.strip() and code):
        seen |= {"error": f"exit {code}: {seen['stderr']}", "detected": False}
    return seen, text


def _clean(home: str) -> dict[str, str]:
    """Give every tool the same plain environment, and a home without anybody's settings.

    Python may keep what it compiled, as it does for whoever installed the tool.
    """
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "PYTHONPATH") if key in os.environ}
    return {**kept, "HOME": home, "TERM": "dumb"}
