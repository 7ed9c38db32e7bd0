"""The clock inside the sandbox: who waits sleeps through it at once, and everybody agrees what time it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evals.build import build
from evals.scenario import scenarios
from msgspec.structs import replace

from biopsy import pipeline
from biopsy.model.behaviour import Kind
from thorough import WHOLE

pytestmark = pytest.mark.sandbox

HOUR = 3600

_RUN = """
import json, time
programs = json.loads(PROGRAMS)
for name, argv in programs:
    began = time.monotonic()
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=8, start_new_session=True)
        said = done.stdout or done.stderr[-300:]
    except subprocess.TimeoutExpired as err:
        said = "no end"
    print(json.dumps([name, said.strip(), round(time.monotonic() - began, 2)]), flush=True)
"""


@pytest.fixture
def programs(attempt: Callable[..., Any]) -> Callable[..., dict[str, tuple[str, float]]]:
    """Run programs one after the other; give what each said and the real seconds that it took."""

    def run(**argv: list[str]) -> dict[str, tuple[str, float]]:
        text = _RUN.replace("PROGRAMS", repr(json.dumps(list(argv.items()))))
        seen = attempt(text, timeout=100)
        rows = [json.loads(line) for line in seen.text().splitlines()]
        return {name: (said, took) for name, said, took in rows}

    return run


def py(text: str) -> list[str]:
    return ["python3", "-c", f"import time\na = time.time()\n{text}\nprint(time.time() - a)"]


def node(text: str) -> list[str]:
    return ["node", "-e", f"const a = Date.now(), tell = () => console.log((Date.now() - a) / 1000);{text}"]


WAITS = {
    "python_alarm": (py("import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\nsignal.alarm(3600)\nsignal.pause()"), HOUR),
    "python_itimer": (
        py("import signal\nh = []\nsignal.signal(signal.SIGALRM, lambda *_: h.append(1))\nsignal.setitimer(signal.ITIMER_REAL, 600, 600)\nwhile len(h) < 3: signal.pause()"),
        1800,
    ),
    "python_sleep": (py("time.sleep(3600)"), HOUR),
    "python_event": (py("import threading\nthreading.Event().wait(300)"), 300),
    "python_timer": (py("import threading\nt = threading.Timer(300, print)\nt.start()\nt.join()"), 300),
    "python_asyncio": (py("import asyncio\nasyncio.run(asyncio.sleep(72 * 3600))"), 72 * HOUR),
    "python_sched": (py("import sched\ns = sched.scheduler()\ns.enter(5000, 1, print)\ns.run()"), 5000),
    "python_select": (py("import select\nselect.select([], [], [], 600)"), 600),
    "python_child": (py("import subprocess\nsubprocess.run(['sleep', '600'])"), 600),
    "python_spin": (py("while time.time() - a < 300: pass"), 300),
    "node_timeout": (node("setTimeout(tell, 3600e3)"), HOUR),
    "node_interval": (node("let n = 0; const i = setInterval(() => ++n == 3 && (clearInterval(i), tell()), 6e4)"), 180),
    "node_atomics": (node("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6e5); tell()"), 600),
    "node_spin": (node("while (Date.now() - a < 3e5); tell()"), 300),
    "node_promises": (node("require('timers/promises').setTimeout(72 * 3600e3).then(tell)"), 72 * HOUR),
    "node_child": (node("require('child_process').execSync('sleep 600'); tell()"), 600),
    "python_minutes": (py("for _ in range(400): time.sleep(60)"), 400 * 60),
    "python_seconds": (py("for _ in range(900): time.sleep(1)"), 900),
    "python_hours": (py("import select\nfor _ in range(24): select.select([], [], [], 10800)"), 72 * HOUR),
    "node_hours": (node("let n = 0; const i = setInterval(() => ++n == 12 && (clearInterval(i), tell()), 6 * 36e5)"), 72 * HOUR),
    "bash_sleep": (["bash", "-c", "a=$(date +%s); sleep 1h; echo $(($(date +%s) - a))"], HOUR),
    "bash_seconds": (["bash", "-c", "SECONDS=0; sleep 90; echo $SECONDS"], 90),
    "bash_loop": (["bash", "-c", "a=$(date +%s); for i in 1 2 3 4; do sleep 30; done; echo $(($(date +%s) - a))"], 120),
    "perl_sleep": (["perl", "-e", "$a = time; sleep 3600; print time - $a"], HOUR),
    "perl_select": (["perl", "-e", "$a = time; select(undef, undef, undef, 100); print time - $a"], 100),
}  # fmt: skip


def test_what_sleeps_wakes_at_once_and_has_slept(
    programs: Callable[..., dict[str, tuple[str, float]]],
) -> None:
    found = programs(**{name: argv for name, (argv, _) in WAITS.items()})
    for name, row in found.items():
        print(name, row)
    for name, (_, wanted) in WAITS.items():
        said, took = found[name]
        slept = float(said.split()[-1])
        assert wanted - 1 <= slept <= wanted * 8, (name, said)  # late on a busy machine, never early
        assert took < 7, (name, took)


@pytest.mark.skipif(not WHOLE, reason="half a minute of compiling")
def test_what_is_compiled_at_install_does_not_come_late(tmp_path: Path, home: Path) -> None:
    plain = next(one for one in scenarios() if one.id == "C15")
    more = {f"src/more{n}.c": f"int more{n}(int a) {{ return a + {n}; }}\n" for n in range(40)}
    gyp = plain.files["binding.gyp"].replace(
        '"src/hash.c"', ", ".join(f'"{one}"' for one in ("src/hash.c", *more))
    )
    artifact = build(replace(plain, files={**plain.files, **more, "binding.gyp": gyp}), tmp_path)
    chosen = pipeline.Options(home=home, profiles=("laptop",), against="none")
    (analysis,) = pipeline.analyze(str(artifact), chosen, lambda _text, _done: None)
    seen = {one.kind for one in analysis.dossier.behaviours}
    assert Kind.PROCESS_EXEC in seen
    assert Kind.DIFFERS_CLOCK not in seen
