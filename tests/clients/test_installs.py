"""Clients that look before they install refuse the bad release, and install a good one."""

import pytest
from tests.clients import seeds
from tests.clients.conftest import Client
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
