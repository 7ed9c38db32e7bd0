"""Auditors of Python projects find the bad release of a lock, and nothing else."""

import pytest
from tests.clients import seeds
from tests.clients.conftest import Client

PINNED = "iniconfig=={}\ntoml==0.10.2\n"
PROJECT = '[project]\nname = "thing"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["iniconfig=={}", "toml==0.10.2"]\n'
BOTH = pytest.mark.parametrize(("version", "found"), [("2.0.0", {seeds.PYPI}), ("2.1.0", set())])


@BOTH
@pytest.mark.clients("pip-audit")
def test_pip_audit_finds_the_bad_release_alone(client: Client, version: str, found: set[str]) -> None:
    client.write("requirements.txt", PINNED.format(version))
    ran = client.run("pip-audit")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert client.front.paths() == ["POST /v1/query"]
    assert "content-type" not in client.front.asked[0].headers  # as it comes, and is to be read


@BOTH
@pytest.mark.clients("uv")
def test_uv_audit_finds_the_bad_release_alone(
    client: Client, server: str, index: dict[str, str], version: str, found: set[str]
) -> None:
    client.write("pyproject.toml", PROJECT.format(version))
    client.environment = index
    ran = client.run("uv audit")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert (f"{server}/v1/vulns/{seeds.PYPI}" in ran.said) is bool(found)  # where one reads of it
    assert client.front.paths()[0] == "POST /v1/querybatch"


@BOTH
@pytest.mark.clients("pysentry")
def test_pysentry_finds_the_bad_release_alone(client: Client, version: str, found: set[str]) -> None:
    client.write("requirements.txt", PINNED.format(version))
    ran = client.run("pysentry")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert client.front.paths()[0] == "POST /v1/querybatch"
