"""What deploy/ holds is right in form, asks for no privilege that it does not need, and names commands that exist."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rich_click as click
import yaml
from tests.clients import install

from biopsy.cli.app import biopsy

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yml").read_text())
PAGES = [ROOT / "docs" / f"{name}.md" for name in ("deployment", "operation", "sizing")]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OBJECTS: list[dict[str, Any]] = [
    one
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(path.read_text())
]


@pytest.fixture(scope="session")
def linters(home: Path) -> Path:
    """Programs that look at such files, of a lock with hashes, installed once into BIOPSY_HOME."""
    try:
        (folder,) = install.client("linters", home, install=True)
    except install.NotHere as error:
        pytest.skip(f"no linters: {error}")
    return folder


def said(*command: str | Path) -> tuple[int, str]:
    """How a command ended, and what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_nothing_is_wrong_with_the_container_file(linters: Path) -> None:
    assert said(linters / "hadolint", DEPLOY / "Containerfile") == (0, "")


def test_the_compose_file_is_of_the_specification(linters: Path) -> None:
    status, text = said(
        linters / "python", Path(__file__).with_name("lint_compose.py"), DEPLOY / "compose.yml"
    )
    assert (status, text) == (0, " ".join(sorted(COMPOSE["services"])))


def test_what_is_misspelt_in_a_compose_file_is_found(linters: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yml"
    wrong.write_text((DEPLOY / "compose.yml").read_text().replace("pids_limit", "pidslimit"))
    assert said(linters / "python", Path(__file__).with_name("lint_compose.py"), wrong)[0] != 0


def test_kubernetes_knows_every_field(linters: Path, tmp_path: Path) -> None:
    whole = tmp_path / "all.yaml"
    whole.write_text(yaml.safe_dump_all(one for one in OBJECTS if one["kind"] != "Kustomization"))
    if shutil.which(
        "kubectl"
    ):  # it puts the parts together as they are applied, and needs no cluster for that
        status, text = said("kubectl", "kustomize", DEPLOY / "kubernetes")
        assert status == 0, text
        whole.write_text(text)
    status, text = said(linters / "kubernetes-validate", "--strict", whole)
    assert status == 0, text
    assert text.count(" passed for ") == len(OBJECTS) - 1


def test_every_file_is_named_by_the_kustomization() -> None:
    (named,) = (one["resources"] for one in OBJECTS if one["kind"] == "Kustomization")
    there = {path.name for path in (DEPLOY / "kubernetes").iterdir()} - {"kustomization.yaml"}
    assert set(named) == there


@pytest.fixture
def systemd(tmp_path: Path) -> Path:
    """The units as they would be on a machine where biopsy is installed."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/biopsy/bin/biopsy", sys.executable)
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(systemd: Path) -> None:
    units = [p for p in systemd.iterdir() if p.suffix in {".service", ".timer", ".target"}]
    assert said("systemd-analyze", "verify", "--man=no", *units) == (0, "")


@pytest.mark.parametrize(
    ("name", "most"), [("watch", 20), ("serve", 20), ("guard", 20), ("pack", 20), ("worker", 70)]
)
def test_a_unit_is_exposed_as_little_as_its_work_allows(systemd: Path, name: str, most: int) -> None:
    unit = systemd / f"biopsy-{name}.service"
    status, text = said("systemd-analyze", "security", "--offline=yes", f"--threshold={most}", unit)
    assert status == 0, text


def _commands() -> Iterator[tuple[str, list[str]]]:
    for name, service in COMPOSE["services"].items():
        if "command" in service and service["image"].startswith("biopsy"):
            yield f"compose {name}", service["command"]
        for line in service.get("entrypoint", ()):
            yield from ((f"compose {name}", words) for words in _in_shell(line))
    for unit in UNITS:
        for line in re.findall(r"(?m)^Exec\w+=/opt/biopsy/bin/biopsy (.+)$", unit.read_text()):
            yield f"systemd {unit.stem}", shlex.split(line)
    for one in _containers():
        if one.get("command", ["sh"])[0] == "sh" and "command" in one:
            yield from ((f"kubernetes {one['name']}", words) for words in _in_shell(one["args"][0]))
        else:
            yield f"kubernetes {one['name']}", one["args"]
    for page in PAGES:
        for block in re.findall(r"```shell\n(.*?)```", page.read_text(), re.DOTALL):
            yield from ((page.stem, words) for words in _in_shell(block))


def _in_shell(text: str) -> Iterator[list[str]]:
    """The words after `biopsy` in a script or a block of a page."""
    for line in text.replace("\\\n", " ").splitlines():
        plain = line.partition("  #")[0]
        for before, found in re.findall(
            r"(^|xargs -r |[\s;&|])biopsy ((?:\"[^\"]*\"|'[^']*'|[^|;&>'\"])+)", plain
        ):
            yield [*shlex.split(found), *(["MORE"] if before.startswith("xargs") else [])]


def _containers() -> Iterator[dict[str, Any]]:
    for one in OBJECTS:
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield from template["spec"].get("initContainers", [])
            yield from template["spec"]["containers"]


@pytest.mark.parametrize(
    ("where", "words"), [pytest.param(w, c, id=f"{w}: {' '.join(c)}") for w, c in _commands()]
)
def test_a_command_that_is_deployed_exists_with_its_options(where: str, words: list[str]) -> None:
    command: click.Command = biopsy
    context = click.Context(command, info_name="biopsy")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None, where
        command = found
        context = click.Context(command, parent=context, info_name=name)
    command.make_context(context.info_name, list(words), parent=context.parent)


def _asked() -> dict[str, set[str]]:
    unit = (DEPLOY / "systemd" / "biopsy-worker.service").read_text()
    (line,) = re.findall(r"(?m)^CapabilityBoundingSet=(.+)$", unit)
    asked = {"systemd": {word.removeprefix("CAP_") for word in line.split()}}
    asked["compose"] = set(COMPOSE["services"]["worker"]["cap_add"])
    for one in _containers():
        if one["image"] == "biopsy-worker":
            asked[f"kubernetes {one['name']}"] = set(one["securityContext"]["capabilities"]["add"])
    return asked


def test_workers_have_the_same_capabilities_everywhere() -> None:
    asked = _asked()
    assert len(asked) == 4
    assert len({frozenset(names) for names in asked.values()}) == 1


def test_nothing_is_privileged_and_all_but_workers_have_no_capability() -> None:
    for name, service in COMPOSE["services"].items():
        assert "privileged" not in service
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert ("cap_add" in service) is (name in {"worker", "database", "permissions"})
    for one in _containers():
        context = one["securityContext"]
        assert context["capabilities"]["drop"] == ["ALL"]
        assert context["readOnlyRootFilesystem"]
        assert one["image"] == "biopsy-worker" or context["allowPrivilegeEscalation"] is False, one["name"]
        assert not context.get("privileged")


@pytest.mark.sandbox
def test_packages_are_run_with_those_capabilities_and_no_new_privileges(tmp_path: Path, home: Path) -> None:
    wheel = tmp_path / "sim_caps-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("sim_caps/__init__.py", "open('/tmp/x', 'w').close()\n")
        archive.writestr(
            "sim_caps-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: sim-caps\nVersion: 1.0\n"
        )
        archive.writestr(
            "sim_caps-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("sim_caps-1.0.dist-info/RECORD", "")
    kept = ",".join(f"+{name.lower()}" for name in sorted(_asked()["systemd"]))
    limited = ["setpriv", "--no-new-privs", f"--bounding-set=-all,{kept}", sys.executable, "-P", "-c"]
    options = ["--profile", "laptop", "--phases", "start,import", "--against", "none", "--format", "json"]
    start = "from biopsy.cli import main; main()"
    done = subprocess.run(
        [*limited, start, "analyze", wheel, *options, "--home", home],
        capture_output=True,
        text=True,
        check=False,
    )
    phases = {one["phase"]: one["status"] for one in json.loads(done.stdout)["phases"]}
    assert {phases[name] for name in ("install", "start", "import")} == {"completed"}, done.stderr


def test_the_images_have_the_versions_that_were_tested_and_no_tools_of_tests() -> None:
    tested = set(re.findall(r"(?m)^\S+==\S+", (ROOT / "requirements.lock").read_text()))
    deployed = set(re.findall(r"(?m)^\S+==\S+", (DEPLOY / "requirements.lock").read_text()))
    assert deployed < tested
    assert not {one.partition("==")[0] for one in deployed} & {"pytest", "mypy", "ruff", "hypothesis"}
