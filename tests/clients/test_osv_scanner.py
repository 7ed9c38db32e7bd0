"""The matcher of osv-scanner finds the bad releases of an image, and nothing else."""

import json

import pytest
from tests.clients import image, seeds
from tests.clients.conftest import Client


@pytest.mark.clients("osvpy", "npm")
def test_osv_scanner_finds_the_bad_releases_alone(client: Client, through_proxy: dict[str, str]) -> None:
    registry = client.shell("npm config get registry --userconfig=/dev/null --globalconfig=none").said.strip()

    def locked(name: str, version: str) -> dict[str, str]:  # it asks about packages of this registry alone
        return {
            "version": version,
            "resolved": f"{registry}{name}/-/{name}-{version}.tgz",
            "integrity": "sha512-AA==",
        }

    packages = {
        "node_modules/ms": locked("ms", "2.1.2"),
        "node_modules/escape-html": locked("escape-html", "1.0.3"),
    }
    lock = {"name": "thing", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {}, **packages}}
    files = {
        "app/requirements.txt": "iniconfig==2.0.0\ntoml==0.10.2\n",
        "app/package-lock.json": json.dumps(lock),
    }
    name, listener = image.start(files)
    try:
        ran = client.run("osv-scanner", **through_proxy, IMAGE=name)
    finally:
        listener.shutdown()
        listener.server_close()
    assert (ran.reports(), ran.status) == ({seeds.PYPI, seeds.NPM}, 0)
    assert client.front.paths()[0] == "POST /v1/querybatch"
