import base64
import hashlib
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.ecosystems import Listing, by_type
from biopsy.ecosystems.npm import packument, versions
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release
from ecosystems.conftest import Registry

SHA512 = hashlib.sha512(b"x").digest()


def listing(registry: Registry, client: httpx.Client, version: str = "", name: str = "thing") -> Listing:
    return packument.resolve(client, Endpoint("npm", registry.url), Release("npm", name, version))


def document(**more: object) -> str:
    dist = {
        "tarball": "https://files.example/thing/-/thing-1.0.0.tgz",
        "integrity": "sha512-" + base64.b64encode(SHA512).decode(),
        "shasum": "AB" * 20,
    }
    entries = {
        "1.0.0": {"dist": dist, "description": "A thing"},
        "1.10.0": {"dist": dist, "deprecated": "use another"},
        "1.9.0": {"dist": dist},
        "2.0.0-beta.1": {"dist": dist},
    }
    return json.dumps(
        {"dist-tags": {"latest": "1.10.0", "next": "2.0.0-beta.1"}, "versions": entries, **more}
    )


def test_the_document_gives_the_artifact_with_its_digests_in_hex(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page(
        "/thing", document(time={"1.0.0": "2026-01-01T00:00:00Z", "created": 3}), "application/json"
    )
    found = listing(registry, client, "1.0.0")
    (remote,) = found.artifacts
    assert (remote.filename, remote.kind, remote.uploaded) == (
        "thing-1.0.0.tgz",
        "tgz",
        "2026-01-01T00:00:00Z",
    )
    assert dict(remote.digests) == {"sha512": SHA512.hex(), "sha1": "ab" * 20}
    assert found.facts.summary == "A thing"
    assert [v.version for v in found.versions] == ["1.0.0", "1.9.0", "1.10.0", "2.0.0-beta.1"]
    assert found.choose() == found.choose("sdist") == found.choose("all") == found.artifacts


def test_no_version_is_the_tag_latest_and_a_tag_is_a_version(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page("/thing", document(), "application/json")
    found = listing(registry, client)
    assert found.release.version == "1.10.0"
    assert [b.value for b in found.behaviours()] == ["newest", "deprecated use another"]
    assert listing(registry, client, "next").release.version == "2.0.0-beta.1"
    assert listing(registry, client, "v1.9.0").previous == "1.0.0"


def test_without_a_usable_tag_the_highest_final_version_is_the_newest(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page("/thing", document(**{"dist-tags": {"latest": "9.9.9"}}), "application/json")
    assert listing(registry, client).release.version == "1.10.0"


def test_a_scoped_name_is_asked_for_as_npm_does(registry: Registry, client: httpx.Client) -> None:
    registry.page("/@scope%2Fthing", document(), "application/json")
    assert listing(registry, client, name="@scope/thing").release.name == "@scope/thing"


def test_mistakes_and_failures_are_told_apart(registry: Registry, client: httpx.Client) -> None:
    with pytest.raises(UsageError, match="no package 'thing'"):
        listing(registry, client)
    registry.page("/thing", document(), "application/json")
    with pytest.raises(UsageError, match=r"no version 1\.8\.0; .*1\.9\.0.*tags: latest, next"):
        listing(registry, client, "1.8.0")
    registry.page("/thing", "[]", "application/json")
    with pytest.raises(RegistryError, match="cannot be read"):
        listing(registry, client)
    registry.page("/thing", json.dumps({"versions": {"1.0.0": {"dist": {}}}}), "application/json")
    with pytest.raises(RegistryError, match="no address"):
        listing(registry, client)
    registry.page("/thing", json.dumps({"versions": {}}), "application/json")
    with pytest.raises(UsageError, match="no version that npm could install"):
        listing(registry, client)


def test_a_registry_that_is_not_there_is_a_registry_error(client: httpx.Client) -> None:
    endpoint = Endpoint("npm", "http://127.0.0.1:9/")
    with pytest.raises(RegistryError, match="did not answer"):
        packument.resolve(client, endpoint, Release("npm", "thing"))


def test_a_registry_that_sends_us_round_in_circles_is_a_registry_error(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page("/thing", f"{registry.url}thing", status=302)
    with pytest.raises(RegistryError, match="redirect"):
        listing(registry, client)


@settings(deadline=None)
@given(st.lists(st.text(max_size=20)))
def test_any_texts_can_be_ordered(texts: list[str]) -> None:
    assert sorted(versions.ordered(texts)) == sorted(texts)
    assert sorted(texts, key=by_type("pypi").version_key)[:0] == []
