"""The stand-in is believed by the real clients, or it proves nothing."""

import subprocess
import sys
import tarfile
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.registry import StandIn, build

from biopsy import fetch
from biopsy.ecosystems import by_type
from biopsy.model.release import Endpoint, Release


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn() as one:
        one.publish(
            "pypi", "demo-one", "1.0", [build.wheel("demo-one", "1.0"), build.sdist("demo-one", "1.0")]
        )
        one.publish("npm", "@stand/in", "1.0.0", [build.tgz("@stand/in", "1.0.0")])
        yield one
        assert one.errors == []


def test_pip_downloads_from_it(registry: StandIn, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-cache-dir",
        "-q",
        "-d",
        str(tmp_path),
    ]
    where = ["--index-url", registry.index, "demo_one==1.0"]
    subprocess.run(
        [*command, *where], check=True, timeout=120, env={"PIP_CONFIG_FILE": "/dev/null", "PATH": ""}
    )
    assert [p.name for p in tmp_path.iterdir()] == ["demo_one-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("ecosystem", "name", "version"), [("pypi", "demo-one", "1.0"), ("npm", "@stand/in", "1.0.0")]
)
def test_biopsy_resolves_and_verifies_from_it(
    registry: StandIn, tmp_path: Path, ecosystem: str, name: str, version: str
) -> None:
    where = Endpoint(ecosystem, registry.index if ecosystem == "pypi" else registry.url("npm"))
    with httpx.Client(trust_env=False) as client:
        listing = by_type(ecosystem).resolve(client, where, Release(ecosystem, name))
        artifact = fetch.fetch(listing.choose()[0], where, client, tmp_path)
    assert (listing.release.version, artifact.verified) == (version, True)


def test_python_s_own_client_reads_the_changelog(registry: StandIn) -> None:
    proxy = xmlrpc.client.ServerProxy(registry.url("pypi") + "pypi", allow_none=True)
    before = int(str(proxy.changelog_last_serial()))
    registry.publish("pypi", "demo-one", "2.0", [build.wheel("demo-one", "2.0")])
    rows = proxy.changelog_since_serial(before)
    assert isinstance(rows, list)
    assert [(row[0], row[1], row[3]) for row in rows if isinstance(row, list)] == [
        ("demo-one", "2.0", "new release"),
        ("demo-one", "2.0", "add py3 file demo_one-2.0-py3-none-any.whl"),
    ]


def test_artifacts_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    assert build.sdist("a", "1") == build.sdist("a", "1")
    assert build.wheel("a", "1") == build.wheel("a", "1")
    name, data = build.tgz("@s/a", "1.0.0", scripts={"install": "true"})
    (tmp_path / name).write_bytes(data)
    with tarfile.open(tmp_path / name) as archive:
        assert archive.getnames() == ["package/index.js", "package/package.json"]
