"""Real clients behind `biopsy guard run`: they refuse what is bad, say why, take a good one, keep lock files."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.clients import install
from tests.guard_proxy.conftest import BAD_NPM, BAD_PYPI
from tests.registry.server import StandIn

from thorough import WHOLE

BIOPSY = [sys.executable, "-c", "from biopsy.cli import main; main()"]
ALL = os.environ.get("BIOPSY_TEST_CLIENTS") == "all"
PATIENCE = 120
slow = pytest.mark.skipif(not (ALL or WHOLE), reason="`make test-clients` and `make test-whole` run it")


@dataclass
class Ran:
    """How a command ended, and all that it said."""

    status: int
    said: str


@dataclass
class Shell:
    """A folder in which commands run behind a guard of their own, before the stand-in registries."""

    folder: Path
    environment: dict[str, str]

    def guarded(self, *words: str, **more: str) -> Ran:
        """Run a command behind a guard."""
        return self._run([*BIOPSY, "guard", "run", "--", *words], more)

    def alone(self, *words: str, **more: str) -> Ran:
        """Run one without."""
        return self._run([*words], more)

    def _run(self, words: list[str], more: dict[str, str]) -> Ran:
        done = subprocess.run(
            words, cwd=self.folder, env={**self.environment, **more}, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=PATIENCE,
        )  # fmt: skip
        print(f"$ {' '.join(words)}\n{done.stdout}[{done.returncode}]")
        return Ran(done.returncode, done.stdout)

    def package(self, **wanted: str) -> None:
        """Write a package.json that depends on packages."""
        text = json.dumps({"name": "p", "version": "1.0.0", "dependencies": wanted})
        (self.folder / "package.json").write_text(text)

    def version(self, name: str) -> str:
        """The version of a package that is in node_modules; empty where it is not."""
        try:
            text = (self.folder / "node_modules" / name / "package.json").read_text()
        except OSError:
            return ""
        return str(json.loads(text)["version"])


@pytest.fixture
def shell(
    registries: StandIn, database: Path, home: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Shell:
    """A shell with the clients of the test's mark on its path, and a home with the reports."""
    path: list[Path] = []
    marker = request.node.get_closest_marker("clients")
    try:
        for name in marker.args if marker else ():
            path += install.client(name, home, install=ALL or name in install.QUICK)
    except install.NotHere as error:
        pytest.skip(str(error))
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    shutil.copy(database, tmp_path / "home" / "reports.db")
    (tmp_path / "home" / "guard.yml").write_text("minimum-age: 0\n")
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.lower().startswith(("npm_config_", "pnpm_config_", "uv_", "pip_", "yarn_"))
    }
    for name in ("VIRTUAL_ENV", "CI", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        kept.pop(name, None)
    own = {
        **registries.environment(),
        "HOME": str(tmp_path), "BIOPSY_HOME": str(tmp_path / "home"), "NO_COLOR": "1",
        "PATH": ":".join([*map(str, path), kept["PATH"]]), "NO_UPDATE_NOTIFIER": "1",
        "UV_DEFAULT_INDEX": registries.index, "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never",
        "npm_config_audit": "false", "npm_config_fund": "false", "pnpm_config_registry": registries.url("npm"), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "YARN_NPM_REGISTRY_SERVER": registries.url("npm"), "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
        "YARN_ENABLE_TELEMETRY": "0", "YARN_NODE_LINKER": "node-modules", "YARN_ENABLE_GLOBAL_CACHE": "false",
    }  # fmt: skip
    return Shell(tmp_path / "project", {**kept, **own})


def pip(*words: str) -> list[str]:
    return [sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--target", "here", *words]


def installed(shell: Shell) -> set[str]:
    return {path.name.removesuffix(".dist-info") for path in shell.folder.glob("**/*.dist-info")} & {
        f"bad_py-{v}" for v in ("1.0", "1.1", "1.2")
    }


def test_pip_says_why_an_exact_release_is_refused(shell: Shell) -> None:
    ran = shell.guarded(*pip("bad-py==1.1"))
    assert ran.status != 0
    assert f"blocked-by-biopsy-guard:-{BAD_PYPI}" in ran.said
    assert f"kept out: bad-py 1.1: {BAD_PYPI}" in ran.said
    assert "more: biopsy guard why pypi:bad-py@1.1" in ran.said


def test_an_index_of_the_whole_machine_is_not_asked_beside_the_guard(shell: Shell) -> None:
    (shell.folder / "pip").mkdir()
    (shell.folder / "pip" / "pip.conf").write_text(
        f"[global]\nextra-index-url = {shell.environment['UV_DEFAULT_INDEX']}\n"
    )
    assert "bad_py-1.1" not in shell.guarded(*pip("bad-py==1.1"), XDG_CONFIG_DIRS=str(shell.folder)).said
    assert installed(shell) == set()


def test_nothing_is_left_in_the_temporary_folder_of_a_guard_that_was_killed(shell: Shell) -> None:
    (shell.folder / "tmp").mkdir()
    shell.guarded("sh", "-c", "kill -9 $PPID", TMPDIR=str(shell.folder / "tmp"))
    assert list((shell.folder / "tmp").iterdir()) == []


@slow
def test_pip_takes_the_next_good_release_also_of_a_dependency(shell: Shell) -> None:
    assert shell.guarded(*pip("needs-bad")).status == 0
    assert installed(shell) == {"bad_py-1.0"}


@slow
def test_pip_refuses_a_bad_release_by_hash_and_keeps_to_good_hashes(
    shell: Shell, registries: StandIn
) -> None:
    files = {v: registries.world.of["pypi"].packages["bad-py"].versions[v].files for v in ("1.1", "1.2")}
    for version, good in (("1.1", False), ("1.2", True)):
        digests = [f"--hash=sha256:{file.sha256}" for file in files[version].values()]
        (shell.folder / "r.txt").write_text(f"bad-py=={version} {' '.join(digests)}\n")
        assert (shell.guarded(*pip("--require-hashes", "-r", "r.txt")).status == 0) is good
    assert installed(shell) == {"bad_py-1.2"}


@pytest.mark.clients("npm")
def test_npm_says_why_an_exact_release_is_refused(shell: Shell) -> None:
    shell.package()
    ran = shell.guarded("npm", "install", "bad-js@1.1.0")
    assert ran.status != 0
    assert f"npm error 403 bad-js 1.1.0 is blocked by biopsy guard: {BAD_NPM}" in ran.said
    assert f"https://reports.example/{BAD_NPM}" in ran.said


@slow
@pytest.mark.clients("npm")
def test_npm_takes_the_next_good_release_also_of_a_dependency(shell: Shell) -> None:
    shell.package(**{"needs-bad": "*", "bad-js": "<1.2.0"})
    assert shell.guarded("npm", "install").status == 0
    assert shell.version("bad-js") == "1.0.0"
    assert "1.1.0" not in (shell.folder / "package-lock.json").read_text()


@slow
@pytest.mark.parametrize(("version", "good"), [("1.0.0", True), ("1.1.0", False)])
@pytest.mark.parametrize("addresses", ["true", "false"])
@pytest.mark.clients("npm")
def test_a_lock_file_of_npm_made_without_the_guard_holds(
    shell: Shell, version: str, good: bool, addresses: str
) -> None:
    shell.package(**{"bad-js": version})
    omit = {"npm_config_omit_lockfile_registry_resolved": addresses}
    assert shell.alone("npm", "install", "--package-lock-only", **omit).status == 0
    before = (shell.folder / "package-lock.json").read_bytes()
    ran = shell.guarded("npm", "ci")
    assert (ran.status == 0, shell.version("bad-js")) == (good, version if good else "")
    assert ("blocked" in ran.said) is not good
    assert (shell.folder / "package-lock.json").read_bytes() == before


def project(shell: Shell, wanted: str) -> None:
    (shell.folder / "pyproject.toml").write_text(
        f'[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["{wanted}"]\n'
    )


@slow
@pytest.mark.parametrize(("version", "good"), [("1.2", True), ("1.1", False)])
@pytest.mark.clients("uv")
def test_a_lock_file_of_uv_made_without_the_guard_holds(shell: Shell, version: str, good: bool) -> None:
    project(shell, f"bad-py=={version}")
    assert shell.alone("uv", "lock", "--no-cache").status == 0
    before = (shell.folder / "uv.lock").read_bytes()
    ran = shell.guarded("uv", "sync", "--locked", "--no-cache")
    assert (ran.status == 0, installed(shell)) == (good, {f"bad_py-{version}"} if good else set())
    assert (BAD_PYPI in ran.said) is not good
    assert (shell.folder / "uv.lock").read_bytes() == before


@slow
@pytest.mark.clients("uv")
def test_uv_says_why_and_takes_the_next_good_release(shell: Shell) -> None:
    project(shell, "bad-py==1.1")
    ran = shell.guarded("uv", "sync", "--no-cache")
    assert (ran.status != 0, f"blocked by biopsy guard: {BAD_PYPI}" in ran.said) == (True, True)
    project(shell, "needs-bad")
    assert shell.guarded("uv", "sync", "--no-cache").status == 0
    assert installed(shell) == {"bad_py-1.0"}
    assert registry_in(shell.folder / "uv.lock", shell)


def registry_in(lock: Path, shell: Shell) -> bool:
    """Whether a lock file names the registry, and not the guard."""
    return f'registry = "{shell.environment["UV_DEFAULT_INDEX"]}"' in lock.read_text()


PNPM = ("--config.store-dir=store", "--config.cache-dir=cache")


@slow
@pytest.mark.parametrize("client", [pytest.param("pnpm", marks=pytest.mark.clients("pnpm")),
                                    pytest.param("pnpm", marks=pytest.mark.clients("pnpm-10"))])  # fmt: skip
def test_pnpm_refuses_says_why_takes_the_next_and_keeps_lock_files(shell: Shell, client: str) -> None:
    shell.package(**{"bad-js": "1.1.0"})
    ran = shell.guarded("pnpm", "install", *PNPM)
    assert (ran.status != 0, BAD_NPM in ran.said) == (True, True)
    assert shell.alone("pnpm", "install", "--lockfile-only", *PNPM).status == 0
    ran = shell.guarded("pnpm", "install", "--frozen-lockfile", *PNPM)
    assert (ran.status != 0, BAD_NPM in ran.said) == (True, True)
    (shell.folder / "pnpm-lock.yaml").unlink()
    shell.package(**{"needs-bad": "*"})
    assert shell.alone("pnpm", "install", "--lockfile-only", *PNPM).status == 0
    (shell.folder / "pnpm-lock.yaml").unlink()
    assert shell.guarded("pnpm", "install", *PNPM).status == 0
    text = (shell.folder / "pnpm-lock.yaml").read_text()
    chosen = {v for v in ("1.0.0", "1.1.0", "1.3.0") if f"bad-js@{v}" in text}
    assert chosen in ({"1.0.0"}, {"1.3.0"})  # pnpm asks for an age of its own from its eleventh version on
    assert "127.0.0.1" not in text


@slow
@pytest.mark.clients("yarn")
def test_yarn_refuses_says_why_takes_the_next_and_keeps_lock_files(shell: Shell) -> None:
    (shell.folder / "yarn.lock").touch()
    shell.package(**{"bad-js": "1.1.0"})
    ran = shell.guarded("yarn", "install")
    assert (ran.status != 0, BAD_NPM in ran.said) == (True, True)
    shell.package(**{"bad-js": "<1.2.0"})
    assert shell.guarded("yarn", "install").status == 0
    assert shell.version("bad-js") == "1.0.0"
    before = (shell.folder / "yarn.lock").read_bytes()
    assert b"127.0.0.1" not in before
    assert shell.guarded("yarn", "install", "--immutable").status == 0


@slow
@pytest.mark.clients("poetry")
def test_poetry_refuses_takes_the_next_and_keeps_lock_files(shell: Shell, registries: StandIn) -> None:
    source = f'\n[[tool.poetry.source]]\nname = "own"\nurl = "{registries.index}"\npriority = "primary"\n'
    head = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.11"\n'
    (shell.folder / "pyproject.toml").write_text(f'{head}bad-py = "1.1"\n{source}')
    assert shell.alone("poetry", "lock").status == 0
    more = {"POETRY_VIRTUALENVS_IN_PROJECT": "true", "POETRY_CACHE_DIR": str(shell.folder / "cache")}
    ran = shell.guarded("poetry", "install", **more)
    assert (ran.status != 0, BAD_PYPI in ran.said) == (True, True)
    (shell.folder / "poetry.lock").unlink()
    (shell.folder / "pyproject.toml").write_text(f'{head}bad-py = "<1.2"\n{source}')
    assert shell.guarded("poetry", "lock", **more).status == 0
    assert 'version = "1.0"' in (shell.folder / "poetry.lock").read_text()
    assert shell.guarded("poetry", "install", **more).status == 0
    assert installed(shell) == {"bad_py-1.0"}
