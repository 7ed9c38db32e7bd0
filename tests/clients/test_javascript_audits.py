"""Auditors of JavaScript projects find the bad release of a lock, and nothing else."""

import json

import pytest
from tests.clients import seeds
from tests.clients.conftest import Client

BULK = "POST /-/npm/v1/security/advisories/bulk"
BOTH = pytest.mark.parametrize(("version", "found"), [("2.1.2", {seeds.NPM}), ("2.0.0", set())])


def project(client: Client, version: str, tools: dict[str, str] | None = None) -> None:
    wanted = {"dependencies": {"ms": version, "escape-html": "1.0.3"}, "devDependencies": tools or {}}
    client.write("package.json", json.dumps({"name": "thing", "version": "1.0.0", **wanted}))


def locked(client: Client, version: str) -> None:
    """Write the lock file of npm: to look into it asks no registry."""
    project(client, version)
    wanted = {"ms": version, "escape-html": "1.0.3"}
    packages = {f"node_modules/{name}": {"version": one} for name, one in wanted.items()}
    root = {"": {"name": "thing", "version": "1.0.0", "dependencies": wanted}}
    lock = {"name": "thing", "version": "1.0.0", "lockfileVersion": 3, "requires": True}
    client.write("package-lock.json", json.dumps({**lock, "packages": {**root, **packages}}))


@BOTH
@pytest.mark.clients("npm")
def test_npm_audit_finds_the_bad_release_alone(
    client: Client, server: str, version: str, found: set[str]
) -> None:
    locked(client, version)
    client.front.url = server  # nothing but biopsy
    ran = client.run("npm audit")
    assert (ran.reports(), ran.status) == (found, bool(found))


@pytest.mark.clients("npm")
def test_npm_audit_mends_with_a_good_release(client: Client, registry: str) -> None:
    locked(client, "2.1.2")
    ran = client.run("npm audit")
    assert (ran.reports(), ran.status) == ({seeds.NPM}, 1)
    assert client.front.paths() == [BULK]
    assert client.front.asked[0].headers["content-encoding"] == "gzip"
    assert "Will install ms@" in ran.said
    assert "Will install ms@2.1.3" not in ran.said  # bad as well, though nobody asked about it


@BOTH
@pytest.mark.clients("npm")
def test_npm_install_tells_of_the_bad_release(
    client: Client, registry: str, version: str, found: set[str]
) -> None:
    project(client, version)
    ran = client.run("npm install")
    assert ("1 critical" in ran.said, "found 0 vuln" in ran.said) == (bool(found), not found)
    assert client.front.paths() == [BULK]


QUICK = "POST /-/npm/v1/security/audits/quick"  # the endpoint of before, with the whole tree in the body


@BOTH
@pytest.mark.parametrize(
    "asks",
    [
        pytest.param(BULK, marks=pytest.mark.clients("pnpm"), id="pnpm 11"),
        pytest.param(QUICK, marks=pytest.mark.clients("pnpm-10"), id="pnpm 10"),
    ],
)
def test_pnpm_audit_finds_the_bad_release_alone(
    client: Client, registry: str, asks: str, version: str, found: set[str]
) -> None:
    project(client, version)
    client.shell(f"pnpm install --lockfile-only --registry {client.front.url}/")
    client.front.passed.clear()
    ran = client.run("pnpm")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert (client.front.paths(), client.front.passed) == ([asks], [])


@BOTH
@pytest.mark.clients("yarn")
def test_yarn_audit_finds_the_bad_release_alone(
    client: Client, registry: str, version: str, found: set[str]
) -> None:
    project(client, version)
    client.write("yarn.lock", "")
    client.environment = {
        "YARN_ENABLE_TELEMETRY": "0",
        "YARN_NPM_REGISTRY_SERVER": client.front.url,
        "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1",
    }
    client.shell("yarn install --mode=update-lockfile")
    ran = client.run("yarn")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert client.front.paths() == [BULK]


@BOTH
@pytest.mark.clients("bun")
def test_bun_audit_finds_the_bad_release_alone(
    client: Client, registry: str, version: str, found: set[str]
) -> None:
    project(client, version)
    client.shell(f"bun install --lockfile-only --ignore-scripts --registry {client.front.url}/")
    client.front.passed.clear()
    ran = client.run("bun audit")
    assert (ran.reports(), ran.status) == (found, bool(found))
    assert (client.front.paths(), client.front.passed) == ([BULK], [])
