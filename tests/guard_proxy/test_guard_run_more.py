"""bun, PDM and the first yarn behind `biopsy guard run`: each refuses what is bad, and writes lock files that last."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from tests.guard_proxy.conftest import BAD_NPM, BAD_PYPI
from tests.guard_proxy.test_guard_run import BIOPSY, Shell, installed, project, shell, slow
from tests.registry.server import StandIn

__all__ = ["shell"]
KEPT_OUT = f"kept out: bad-js 1.1.0: {BAD_NPM}"
LOCKED = f"bad-js 1.1.0 is blocked: {BAD_NPM}"


def begin(at: Shell, *lock: str, **wanted: str) -> None:
    """A project as it was before anything was installed."""
    at.package(**wanted)
    for name in ("node_modules", *lock):
        path = at.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def lasts(at: Shell, lock: str, registries: StandIn) -> bool:
    """Whether a lock file names the registry and no guard."""
    text = (at.folder / lock).read_text()
    return f"{registries.url('npm')}bad-js/-/bad-js-1.0.0.tgz" in text and "1.1.0" not in text


@slow
@pytest.mark.clients("yarn-1")
def test_the_first_yarn_refuses_takes_the_next_and_keeps_lock_files(
    shell: Shell, registries: StandIn
) -> None:
    plain = ("--registry", registries.url("npm"), "--non-interactive")
    begin(shell, **{"bad-js": "1.1.0"})
    ran = shell.guarded("yarn", "install", "--non-interactive")
    assert (ran.status != 0, KEPT_OUT in ran.said) == (True, True)
    assert shell.alone("yarn", "install", *plain).status == 0
    ran = shell.guarded("yarn", "install", "--frozen-lockfile")
    assert (ran.status != 0, LOCKED in ran.said) == (True, True)
    begin(shell, "yarn.lock", **{"bad-js": "<1.2.0"})
    assert shell.guarded("yarn", "install", "--non-interactive").status == 0
    assert (shell.version("bad-js"), lasts(shell, "yarn.lock", registries)) == ("1.0.0", True)
    begin(shell, **{"bad-js": "<1.2.0"})
    before = (shell.folder / "yarn.lock").read_bytes()
    for run in (shell.alone, shell.guarded):
        assert run("yarn", "install", "--frozen-lockfile").status == 0
    assert (shell.folder / "yarn.lock").read_bytes() == before


@slow
@pytest.mark.clients("bun")
def test_bun_refuses_takes_the_next_and_keeps_lock_files(shell: Shell, registries: StandIn) -> None:
    own = {"BUN_CONFIG_REGISTRY": registries.url("npm")}
    begin(shell, **{"bad-js": "1.1.0"})
    ran = shell.guarded("bun", "install")
    assert (ran.status != 0, KEPT_OUT in ran.said) == (True, True)
    assert shell.alone("bun", "install", **own).status == 0
    ran = shell.guarded("bun", "install", "--frozen-lockfile")
    assert (ran.status != 0, LOCKED in ran.said) == (True, True)
    begin(shell, "bun.lock", **{"bad-js": "1.1.0"})
    (shell.folder / "bunfig.toml").write_text("[install]\nsaveTextLockfile = false\n")
    assert shell.alone("bun", "install", **own).status == 0
    assert (shell.folder / "bun.lockb").is_file()
    ran = shell.guarded("bun", "install", "--frozen-lockfile")
    assert (ran.status != 0, f"bun.lockb: {LOCKED}" in ran.said) == (True, True)
    (shell.folder / "bunfig.toml").unlink()
    begin(shell, "bun.lock", "bun.lockb", **{"needs-bad": "*", "bad-js": "<1.2.0"})
    assert shell.guarded("bun", "install").status == 0
    assert (shell.version("bad-js"), lasts(shell, "bun.lock", registries)) == ("1.0.0", True)
    begin(shell, **{"needs-bad": "*", "bad-js": "<1.2.0"})
    before = (shell.folder / "bun.lock").read_bytes()
    for run in (shell.alone, shell.guarded):
        assert run("bun", "install", "--frozen-lockfile", **own).status == 0
    assert (shell.folder / "bun.lock").read_bytes() == before


@slow
@pytest.mark.clients("npm")
def test_a_lock_file_that_npm_makes_behind_the_guard_names_the_registry(
    shell: Shell, registries: StandIn
) -> None:
    begin(shell, **{"bad-js": "<1.2.0"})
    assert shell.guarded("npm", "install").status == 0
    assert lasts(shell, "package-lock.json", registries)
    assert shell.guarded("npm", "install").status == 0  # it reads what it noted in node_modules
    assert lasts(shell, "package-lock.json", registries)
    begin(shell, **{"bad-js": "<1.2.0"})
    assert shell.alone("npm", "ci").status == 0


@slow
@pytest.mark.parametrize("addresses", [(), ("-S", "static_urls")])
@pytest.mark.clients("pdm")
def test_pdm_refuses_takes_the_next_and_keeps_lock_files(
    shell: Shell, registries: StandIn, addresses: tuple[str, ...]
) -> None:
    own = shell.folder / ".venv"  # else it would install into the environment of the tests
    assert shell.alone(sys.executable, "-m", "venv", "--without-pip", str(own)).status == 0
    more = {
        "PDM_CHECK_UPDATE": "0", "PDM_PYTHON": str(own / "bin" / "python"), "VIRTUAL_ENV": str(own), "PDM_CACHE_DIR": str(shell.folder / "cache"),
        "PDM_USE_UV": "0", "PDM_PYPI_URL": registries.index,
    }  # fmt: skip
    lock = shell.folder / "pdm.lock"
    project(shell, "bad-py==1.1")
    ran = shell.guarded("pdm", "lock", **more)
    assert (ran.status != 0, f"kept out: bad-py 1.1: {BAD_PYPI}" in ran.said) == (True, True)
    assert shell.alone("pdm", "lock", *addresses, **more).status == 0
    ran = shell.guarded("pdm", "sync", "--no-self", **more)
    assert (ran.status != 0, f"bad-py 1.1 is blocked: {BAD_PYPI}" in ran.said) == (True, True)
    lock.unlink()
    project(shell, "needs-bad")
    assert shell.guarded("pdm", "lock", *addresses, **more).status == 0
    before = lock.read_bytes()
    assert b'version = "1.0"' in before
    assert (registries.root.encode() in before) == bool(addresses)
    assert b"127.0.0.1" not in before.replace(registries.root.encode(), b"")
    for run in (shell.guarded, shell.alone):
        assert run("pdm", "sync", "--no-self", **more).status == 0
    assert (installed(shell), lock.read_bytes()) == ({"bad_py-1.0"}, before)


_WRITES = """
import os, pathlib, time
here = os.environ["BIOPSY_GUARD"] + "/npm/bad-js/-/bad-js-1.0.0.tgz"
pathlib.Path("package-lock.json").write_text('{"resolved": "' + here + '"}')
time.sleep(1)
"""


def test_lock_files_name_the_registry_when_the_guard_was_killed(shell: Shell, registries: StandIn) -> None:
    lock = shell.folder / "package-lock.json"
    words = [*BIOPSY, "guard", "run", "--", sys.executable, "-c", _WRITES]
    guard = subprocess.Popen(words, cwd=shell.folder, env=shell.environment, stderr=subprocess.DEVNULL)
    try:
        assert soon(lambda: lock.exists() and "bad-js" in lock.read_text())
    finally:
        guard.kill()
        guard.wait(30)
    assert "127.0.0.1" in lock.read_text()
    wanted = f'{{"resolved": "{registries.url("npm")}bad-js/-/bad-js-1.0.0.tgz"}}'
    assert soon(lambda: lock.read_text() == wanted)


def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes true within a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not holds():
        time.sleep(0.1)
    return holds()
