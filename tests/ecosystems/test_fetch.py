import hashlib
from pathlib import Path

import httpx
import pytest

from biopsy import fetch
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Remote
from ecosystems.conftest import Registry

BODY = b"what is in it" * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
SHA512 = hashlib.sha512(BODY).hexdigest()


def remote(registry: Registry, *digests: tuple[str, str], filename: str = "thing-1.0.tgz") -> Remote:
    return Remote(filename, f"{registry.url}thing", "tgz", digests)


def get(what: Remote, registry: Registry, client: httpx.Client, folder: Path) -> fetch.Artifact:
    return fetch.fetch(what, Endpoint("npm", registry.url), client, folder)


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.is_file())


def test_an_artifact_lies_under_its_hash(registry: Registry, client: httpx.Client, tmp_path: Path) -> None:
    registry.page("/thing", BODY, "application/octet-stream")
    found = get(remote(registry, ("sha512", SHA512)), registry, client, tmp_path)
    assert found.path == tmp_path / SHA256[:2] / SHA256 / "thing-1.0.tgz"
    assert (found.path.read_bytes(), found.size, found.sha256) == (BODY, len(BODY), SHA256)
    assert found.verified
    assert left(tmp_path) == ["thing-1.0.tgz"]


def test_without_a_digest_it_is_not_verified(
    registry: Registry, client: httpx.Client, tmp_path: Path
) -> None:
    registry.page("/thing", BODY, "application/octet-stream")
    assert not get(remote(registry), registry, client, tmp_path).verified


@pytest.mark.parametrize("digests", [[("sha256", "00" * 32)], [("sha256", SHA256), ("sha1", "00" * 20)]])
def test_what_differs_from_any_digest_is_refused_and_not_kept(
    registry: Registry, client: httpx.Client, tmp_path: Path, digests: list[tuple[str, str]]
) -> None:
    registry.page("/thing", BODY, "application/octet-stream")
    with pytest.raises(RegistryError, match="not what the registry announced"):
        get(remote(registry, *digests), registry, client, tmp_path)
    assert left(tmp_path) == []


def test_what_is_there_is_not_fetched_again_unless_it_was_damaged(
    registry: Registry, client: httpx.Client, tmp_path: Path
) -> None:
    registry.page("/thing", BODY, "application/octet-stream")
    first = get(remote(registry, ("sha256", SHA256)), registry, client, tmp_path)
    get(remote(registry, ("sha256", SHA256)), registry, client, tmp_path)
    assert len(registry.asked) == 1
    first.path.write_bytes(b"damaged")
    assert get(remote(registry, ("sha256", SHA256)), registry, client, tmp_path).path.read_bytes() == BODY


def test_too_large_is_refused_while_it_comes(
    registry: Registry, client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_ARTIFACT", 1000)
    registry.page("/thing", BODY, "application/octet-stream")
    with pytest.raises(RegistryError, match="larger than"):
        get(remote(registry), registry, client, tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "x\n", "a\\b", "é.tgz"])
def test_a_name_that_is_no_file_name_is_refused(
    registry: Registry, client: httpx.Client, tmp_path: Path, name: str
) -> None:
    with pytest.raises(RegistryError, match="no file name"):
        get(remote(registry, filename=name), registry, client, tmp_path)


def test_a_refusal_is_a_registry_error(registry: Registry, client: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="404"):
        get(remote(registry), registry, client, tmp_path)
    assert left(tmp_path) == []


def test_a_local_file_is_copied_and_not_verified(tmp_path: Path) -> None:
    source = tmp_path / "thing-1.0-py3-none-any.whl"
    source.write_bytes(BODY)
    found = fetch.adopt(source, tmp_path / "store")
    assert (found.kind, found.sha256, found.verified) == ("wheel", SHA256, False)
    assert found.path.read_bytes() == BODY
    source.unlink()
    assert found.path.is_file()


def test_what_cannot_be_read_is_the_users_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="not a regular file"):
        fetch.adopt(tmp_path, tmp_path / "store")
    monkeypatch.setattr(fetch, "MAX_ARTIFACT", 10)
    large = tmp_path / "x.tgz"
    large.write_bytes(BODY)
    with pytest.raises(UsageError, match="larger than"):
        fetch.adopt(large, tmp_path / "store")
    assert left(tmp_path / "store") == []


def test_the_client_opens_with_whatever_authorities_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CERT", "/nonexistent/bundle.pem")
    with fetch.client() as client:
        assert client.follow_redirects
