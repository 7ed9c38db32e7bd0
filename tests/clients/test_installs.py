"""Clients that look before they install refuse the bad release, and install a good one."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.clients import seeds
from tests.clients.conftest import Client
from tests.clients.test_javascript_audits import project
from tests.clients.test_python_audits import PROJECT


@pytest.fixture
def default_index(index: dict[str, str]) -> dict[str, str]:
    """The index that uv knows by itself: of packages of another it asks nothing before it installs them."""
    from pip._internal.models.index import PyPI

    if index["UV_DEFAULT_INDEX"] != PyPI.simple_url:
        pytest.skip("pip is set up with an index of its own, and uv asks nothing about packages of such")
    return index


@pytest.mark.clients("uv")
def test_uv_refuses_to_install_the_bad_release(client: Client, default_index: dict[str, str]) -> None:
    client.environment = default_index
    client.write("pyproject.toml", PROJECT.format("2.0.0"))
    ran = client.run("uv sync")
    assert (ran.reports(), ran.status) == ({seeds.PYPI}, 2)
    assert not list(client.folder.glob(".venv/lib/*/site-packages/iniconfig"))


@pytest.mark.clients("uv")
def test_uv_installs_a_good_release(client: Client, default_index: dict[str, str]) -> None:
    client.environment = default_index
    client.write("pyproject.toml", PROJECT.format("2.1.0"))
    ran = client.run("uv sync")
    assert (ran.reports(), ran.status) == (set(), 0)
    assert client.front.paths() == ["POST /v1/querybatch"]
    assert list(client.folder.glob(".venv/lib/*/site-packages/iniconfig"))


@pytest.mark.parametrize(("version", "found"), [("2.1.2", {seeds.NPM}), ("2.0.0", set())])
@pytest.mark.clients("bun")
def test_buns_scanner_lets_only_good_releases_in(
    client: Client, registry: str, version: str, found: set[str]
) -> None:
    project(client, version, {"@bun-security-scanner/osv": "1.0.0"})
    client.environment = {"BUN_CONFIG_REGISTRY": client.front.url}
    ran = client.run("bun's security scanner")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert client.front.paths()[0] == "POST /v1/querybatch"
    assert (client.folder / "node_modules" / "ms").is_dir() is not bool(found)


@pytest.fixture
def environment_to_fill(client: Client, default_index: dict[str, str]) -> dict[str, str]:
    """A virtual environment with a pip that asks one index; its packages are the project's."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", client.folder / ".venv"], check=True)
    inside = client.folder / ".venv" / "bin"
    client.write(".venv/bin/pip", f'#!/bin/sh\nexec {sys.executable} -m pip --python {inside}/python "$@"\n')
    (inside / "pip").chmod(0o755)
    client.path.insert(0, inside)
    one = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_FIND_LINKS": "",
        "PIP_INDEX_URL": default_index["UV_DEFAULT_INDEX"],
    }
    return {"VIRTUAL_ENV": str(inside.parent), **one}


@pytest.mark.parametrize(("version", "found"), [("2.0.0", {seeds.PYPI}), ("2.1.0", set())])
@pytest.mark.clients("scfw")
def test_scfw_lets_only_good_releases_in(  # noqa: PLR0917 - fixtures
    client: Client, through_proxy: dict[str, str], environment_to_fill: dict[str, str], exports: Path,
    version: str, found: set[str],
) -> None:  # fmt: skip
    client.write("requirements.txt", f"iniconfig=={version}\n")
    client.environment = {**through_proxy, **environment_to_fill}
    ran = client.run("Supply-Chain Firewall")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert bool(list(client.folder.glob(".venv/lib/*/site-packages/iniconfig"))) is not bool(found)
    assert {"POST /v1/query", "GET /exports/datadog/samples/pypi/manifest.json"} <= set(client.front.paths())
    told = (
        f"{seeds.PYPI}: Malicious code",
        "An OSV.dev malicious package advisory",
        "Datadog Security Research",
    )
    assert [words in ran.said for words in told] == [bool(found)] * 3  # each of its sources for itself


@pytest.mark.parametrize(("version", "found"), [("2.1.2", {seeds.NPM}), ("2.0.0", set())])
@pytest.mark.clients("safe-chain")
def test_safe_chain_lets_only_good_releases_of_npm_in(
    client: Client, exports: Path, registry: str, version: str, found: set[str]
) -> None:
    client.environment = {
        "npm_config_registry": registry,
        "SAFE_CHAIN_NPM_CUSTOM_REGISTRIES": urlsplit(registry).netloc,
    }
    project(client, version)
    ran = client.run("safe-chain")
    assert ("ms@2.1.2" in ran.said, ran.status) == (bool(found), bool(found))
    assert (client.folder / "node_modules" / "ms").is_dir() is not bool(found)
    lists = "/exports/safe-chain/malware_predictions.json"
    assert client.front.paths()[0] == f"GET {lists}"
    if found:  # again: what it kept is still good, by its ETag
        client.front.asked.clear()
        assert client.run("safe-chain").status == 1
        assert {path for path in client.front.paths() if lists in path} == {f"HEAD {lists}"}


@pytest.mark.parametrize(("version", "found"), [("2.0.0", {seeds.PYPI}), ("2.1.0", set())])
@pytest.mark.clients("safe-chain")
def test_safe_chain_lets_only_good_releases_of_pypi_in(
    client: Client, exports: Path, environment_to_fill: dict[str, str], version: str, found: set[str]
) -> None:
    client.environment = environment_to_fill
    client.write("requirements.txt", f"iniconfig=={version}\ntoml==0.10.2\n")
    ran = client.run("safe-chain for pip")
    assert ("iniconfig@2.0.0" in ran.said, ran.status) == (bool(found), bool(found))
    assert bool(list(client.folder.glob(".venv/lib/*/site-packages/iniconfig"))) is not bool(found)
    assert "GET /exports/safe-chain/malware_pypi.json" in client.front.paths()


@pytest.mark.clients("uv")
def test_uv_installs_nothing_while_the_server_is_down(client: Client, default_index: dict[str, str]) -> None:
    client.environment = {**default_index, "UV_HTTP_RETRIES": "0"}
    client.front.url = "http://127.0.0.1:9"
    client.write("pyproject.toml", PROJECT.format("2.1.0"))
    ran = client.run("uv sync")
    assert ran.status == 2
    assert not list(client.folder.glob(".venv/lib/*/site-packages/iniconfig"))
