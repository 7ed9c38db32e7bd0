"""One run: a job goes in, a cell does it, what it saw comes out; nothing stays behind, whatever happens.

Three processes stand for that: the cell, in namespaces that vanish with it; this one, which answers the
registry gateway; and a janitor, a shell that waits for either to end and then removes what namespaces do not:
control groups and the run's folder. All three may be killed at any moment; `clean` is for after a power cut.
"""

import contextlib
import dataclasses
import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from msgspec.structs import replace

from biopsy.errors import SandboxError
from biopsy.model.run import Run
from biopsy.sandbox import baseline, branch, cgroup, gvisor, image_layers, machine, order
from biopsy.sandbox.internet import authority, gateway, served
from biopsy.sandbox.internet import spec as internet
from biopsy.sandbox.network import OUTSIDE
from biopsy.sandbox.observe import observe
from biopsy.sandbox.observe_outcome import quiet, reached
from biopsy.sandbox.order import Engine
from biopsy.sandbox.raw import Job, Raw

Progress = Callable[[str], None]

MARGIN = 180.0
"""Seconds beyond its phases' time that a cell has for everything else."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SPACES = ("unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount", "--mount-proc", "--net")
_KEPT = ("trace.bin", "said.jsonl", "heard.msgpack", "written.tar", "cell.log", "gvisor.log", "internet.log")
_JANITOR = """
read -r _
folder=$1; shift
n=0
while [ $# -gt 0 ] && [ $n -lt 100 ]; do
  left=
  for group in "$@"; do
    if [ -d "$group" ]; then
      for pid in $(cat "$group/cgroup.procs" 2>/dev/null); do kill -9 "$pid" 2>/dev/null; done
      rmdir "$group" 2>/dev/null || left=1
    fi
  done
  [ -z "$left" ] && [ $n -gt 0 ] && break
  n=$((n+1)); sleep 0.1
done
rm -rf -- "$folder"
[ -d "$folder" ] && sleep 0.5 && rm -rf -- "$folder"
exit 0
"""


def run(job: Job, home: Path, *, forward: gateway.Forward, progress: Progress) -> Run:
    """Do a job and its branches, say what the package did. Raises SandboxError where the fault is ours."""
    asked = time.time_ns()
    own, branches = branch.split(job)
    saves = any(not branch.fresh(one) for one in branches)
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(_started(own, home, forward, progress, saves=saves))
        kept = origin.installed.is_dir()

        def start(one: Job) -> AbstractContextManager[branch.Origin]:
            return _started(one, home, forward, progress, origin)

        wanted = [one for one in branches if kept or branch.fresh(one)]
        raws, notes = branch.run(wanted, start, stack)
        known = baseline.load(_baseline(home, job))
        seen = observe(origin.raw, job.subject, known, [one for one in raws if not quiet(one)])
        seen = reached(seen, filter(quiet, raws))
        start_s = (origin.raw.start_ns - asked) / 1e9
        return replace(seen, watch=replace(seen.watch, start_s=start_s, notes=(*seen.watch.notes, *notes)))


@contextmanager
def raw_run(job: Job, home: Path, *, forward: gateway.Forward, progress: Progress) -> Iterator[Raw]:
    """Do a job and give what the cell left, before any of it is believed; its files go at the block's end."""
    with _started(job, home, forward, progress) as origin:
        yield origin.raw


@contextmanager
def _started(
    job: Job,
    home: Path,
    forward: gateway.Forward,
    progress: Progress,
    origin: branch.Origin | None = None,
    *,
    saves: bool = False,
) -> Iterator[branch.Origin]:
    """Do a job, as a branch of `origin` if that is given; `saves` is whether branches of its own follow."""
    engine = gvisor.choose(home)
    built, layers = image_layers.of(home, job.subject.ecosystem)
    with _folder(home, job) as (folder, groups):
        where = origin.where if origin else machine.address()
        site = order.Site(
            str(built.root), engine, job.limits, groups, where.address4, where.gateway4, where.address6,
            where.gateway6, job.keep is not None,
            layers=tuple(str(one.root) for one in layers),
            below=str(origin.installed) if origin and not branch.fresh(job) else "",
            saves=str(folder / branch.INSTALLED) if saves else "",
        )  # fmt: skip
        order.save(site, folder / "site.msgpack")
        with _cell(folder) as cell:
            made = _machine(job, where, folder, origin)
            socket = folder / "gateway"
            handed = tuple({c.name: c for c in (*made.canaries, *served.canaries(made.seed))}.values())
            internet.write(
                internet.Spec(
                    folder, OUTSIDE, where.address4, where.gateway4, made.seed.hex(), where.address6,
                    where.gateway6, job.endpoints, socket if job.endpoints else None, handed,
                    internet.Bounds(total=job.limits.said), job.modules, job.fields,
                ),
                folder / "internet.json",
            )  # fmt: skip
            order.save(made.order, folder / "order.msgpack")
            with gateway.serve(socket, forward, job.endpoints, made.canaries):
                _attend(cell, job, folder, progress)
        raw = _raw(job, folder, made, engine)
        if job.keep:
            _keep(folder, job.keep / job.profile)
        yield branch.Origin(where, made, folder, raw)


def _machine(job: Job, where: machine.Address, folder: Path, origin: branch.Origin | None) -> machine.Machine:
    """Make a machine, or, for a branch, the same with other phases; its authority comes to the folder."""
    if origin is None:
        authority.make(folder)
        return machine.make(job, where, (folder / "ca.pem").read_bytes())
    for name in authority.FILES:
        shutil.copy2(origin.folder / name, folder / name)
    return dataclasses.replace(origin.made, order=replace(origin.made.order, phases=job.phases))


def _baseline(home: Path, job: Job) -> Path:
    kind = job.subject.ecosystem
    return baseline.path(home / "baselines", image_layers.machine_id(home, kind), kind, job.profile)


@contextmanager
def _folder(home: Path, job: Job) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Make the run's folder, locked while we live, and the janitor who removes it."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", f"{job.run_id}-{job.profile}")[:80]
    folder = home.resolve() / "run" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    groups = cgroup.plan(name)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as err:
        raise SandboxError(f"there is a run of this name already: {name}") from err
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "groups").write_text("\n".join(groups))
    janitor = subprocess.Popen(
        [*gvisor.as_root(), "sh", "-c", _JANITOR, "sh", str(folder), *groups],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield folder, groups
    finally:
        assert janitor.stdin is not None
        janitor.stdin.close()
        os.close(lock)
        with contextlib.suppress(subprocess.TimeoutExpired):
            janitor.wait(30)


@contextmanager
def _cell(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the cell; end it with the block."""
    command = [*gvisor.as_root(), "setpriv", "--pdeathsig", "KILL", *_SPACES]
    command += [sys.executable, "-P", "-m", "biopsy.sandbox.cell", str(folder)]
    env = {"PATH": _PATH, "LANG": "C.UTF-8"}
    if path := os.environ.get("PYTHONPATH"):
        env["PYTHONPATH"] = path
    with (folder / "cell.log").open("wb") as log:
        cell = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env, cwd="/"
        )
    try:
        yield cell
    finally:
        assert cell.stdin is not None
        assert cell.stdout is not None
        with contextlib.suppress(OSError):
            cell.stdin.close()
        try:
            cell.wait(5)
        except subprocess.TimeoutExpired:
            cell.kill()
            cell.wait()
        cell.stdout.close()


def _attend(cell: subprocess.Popen[bytes], job: Job, folder: Path, progress: Progress) -> None:
    """Let the cell begin and follow it to its end."""
    assert cell.stdin is not None
    assert cell.stdout is not None
    late = threading.Timer(job.limits.time + MARGIN, cell.kill)
    late.daemon = True
    late.start()
    broke = ""
    try:
        with contextlib.suppress(OSError):
            cell.stdin.write(b"go\n")
            cell.stdin.flush()
        for line in cell.stdout:
            word, _, rest = line.decode(errors="replace").strip().partition(" ")
            if word == "ran":
                progress(f"{job.profile}: {rest}")
            elif word == "broke":
                broke = rest
    finally:
        late.cancel()
    if broke or cell.wait() != 0:
        log = (folder / "cell.log").read_text(errors="replace").strip().splitlines()
        raise SandboxError(f"the sandbox broke: {broke or (log or ['its process was killed'])[-1][:300]}")


def _raw(job: Job, folder: Path, made: machine.Machine, engine: Engine) -> Raw:
    left, one = order.left(folder / "left.msgpack"), made.order
    return Raw(
        profile=job.profile,
        start_ns=left.start_ns,
        end_ns=left.end_ns,
        home=one.home,
        project=one.project,
        uid=one.uid,
        hostname=one.hostname,
        trace=folder / "trace.bin",
        said=folder / "said.jsonl",
        ran=left.ran,
        changes=left.changes,
        canaries=made.canaries,
        trace_truncated=left.trace_truncated,
        said_dropped=left.said_dropped,
        changes_dropped=left.changes_dropped,
        gvisor=engine.version,
        platform=engine.platform,
        notes=left.notes,
        heard=folder / "heard.msgpack",
    )


def _keep(folder: Path, into: Path) -> None:
    """Leave for people what they may want to look at."""
    into.mkdir(parents=True, exist_ok=True)
    for name in _KEPT:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(folder / name, into / name)
