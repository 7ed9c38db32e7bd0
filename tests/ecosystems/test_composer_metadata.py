import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.composer import archive
from tests.registry.server import StandIn

from biopsy.ecosystems import Listing, by_type
from biopsy.ecosystems.composer import metadata, versions
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release
from ecosystems.conftest import Registry

COMPOSER = by_type("composer")
NAME = "acme/slugger"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn() as one:
        for version, more in (
            ("1.0.0", {"bin": ["bin/slug"], "require": {"php": ">=8"}}),
            ("v1.10.0", {"require": {"php": ">=8", "acme/words": "^1"}}),
            ("1.9.0", {"require": {"php": ">=8"}}),
            ("2.0.0-RC1", {}),
        ):
            one.publish("composer", NAME, version, [archive(NAME, version, {"src/a.php": "<?php"}, **more)])
        one.publish("composer", NAME, "dev-main", [archive(NAME, "dev-main")])
        one.publish("composer", "acme/gone", "1.0", [archive("acme/gone", "1.0")], abandoned="acme/here")
        one.publish("composer", "acme/bare", "1.0.0")
        yield one


def listing(stand_in: StandIn, client: httpx.Client, version: str = "", name: str = NAME) -> Listing:
    return metadata.resolve(
        client, Endpoint("composer", stand_in.url("composer")), Release("composer", name, version)
    )


def test_no_version_is_the_newest_stable_one(stand_in: StandIn, client: httpx.Client) -> None:
    found = listing(stand_in, client)
    assert found.release.version == found.facts.newest == "v1.10.0"
    assert found.release.purl == "pkg:composer/acme/slugger@v1.10.0"
    assert [one.version for one in found.versions] == ["1.0.0", "1.9.0", "v1.10.0", "2.0.0-RC1"]
    assert found.previous == "1.9.0"


def test_what_is_minified_is_whole_again(stand_in: StandIn, client: httpx.Client) -> None:
    found = listing(stand_in, client, "1.0.0")
    assert found.manifest is not None
    assert found.manifest.commands == {"slug": "bin/slug"}
    later = listing(stand_in, client, "1.10")
    assert later.manifest is not None
    assert later.manifest.commands == {}
    assert later.manifest.dependencies == {"php": ">=8", "acme/words": "^1"}
    assert later.before is not None
    assert later.before.dependencies == {"php": ">=8"}


def test_the_archive_can_be_had_where_the_metadata_say(stand_in: StandIn, client: httpx.Client) -> None:
    (remote,) = listing(stand_in, client, "1.9.0").artifacts
    assert (remote.filename, remote.kind, remote.digests) == ("acme-slugger-1.9.0.zip", "zip", ())
    assert (
        client.get(remote.url).content
        == archive(NAME, "1.9.0", {"src/a.php": "<?php"}, require={"php": ">=8"})[1]
    )


def test_a_branch_is_asked_for_by_its_name(stand_in: StandIn, client: httpx.Client) -> None:
    assert listing(stand_in, client, "dev-main").release.version == "dev-main"


def test_an_abandoned_package_is_deprecated(stand_in: StandIn, client: httpx.Client) -> None:
    assert listing(stand_in, client, name="acme/gone").facts.deprecated == "abandoned use acme/here"


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        ("acme/none", "", "has no package 'acme/none'"),
        (NAME, "3.0", "has no version 3.0; there are, among others: "),
        ("acme/bare", "", "has no archive"),
    ],
)
def test_what_is_not_there_is_said(
    stand_in: StandIn, client: httpx.Client, name: str, version: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        listing(stand_in, client, version, name)


ROOT = {"metadata-url": "/p2/%package%.json"}


def one(registry: Registry, client: httpx.Client) -> Listing:
    return metadata.resolve(client, Endpoint("composer", registry.url), Release("composer", NAME))


def page(registry: Registry, root: object, entries: object) -> None:
    registry.page("/packages.json", json.dumps(root), "application/json")
    registry.page(f"/p2/{NAME}.json", json.dumps({"packages": {NAME: entries}}), "application/json")


def test_a_repository_may_hold_its_packages_in_its_own_page(registry: Registry, client: httpx.Client) -> None:
    dist = {"type": "zip", "url": "a/b.zip", "shasum": "AB" * 20}
    root = {"packages": {NAME: {"1.0": {"version": "1.0", "dist": dist}}}}
    page(registry, root, [])
    (remote,) = one(registry, client).artifacts
    assert (remote.url, remote.digests) == (f"{registry.url}a/b.zip", (("sha1", "ab" * 20),))


def test_a_preferred_mirror_goes_before_the_archives_own_place(
    registry: Registry, client: httpx.Client
) -> None:
    mirror = {"dist-url": "/m/%package%/%version%/%reference%.%type%", "preferred": True}
    dist = {"type": "zip", "url": "https://files.example/x.zip", "reference": "a/b"}
    page(registry, {**ROOT, "mirrors": [mirror]}, [{"version": "1.0", "dist": dist}])
    (remote,) = one(registry, client).artifacts
    reference = hashlib.md5(b"a/b").hexdigest()
    assert remote.url == f"{registry.url}m/{NAME}/1.0/{reference}.zip"


@pytest.mark.parametrize("root", [{"providers-url": "/p/%package%$%hash%.json"}, {"metadata-url": 3}, {}])
def test_the_first_form_of_metadata_is_refused_in_so_many_words(
    registry: Registry, client: httpx.Client, root: object
) -> None:
    page(registry, root, [])
    with pytest.raises(RegistryError, match="second form of metadata"):
        one(registry, client)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda s: st.lists(s) | st.dictionaries(st.sampled_from(["version", "dist", "time", "x"]), s),
        max_leaves=8,
    )
)
def test_metadata_of_any_shape_come_to_entries(value: object) -> None:
    assert all(isinstance(entry, dict) for entry in metadata.expand(value, minified=True))


ORDER = [
    "what", "", "1.x-dev", "dev-main", "0.9", "1.0.0-dev", "1.0-alpha2", "1.0.0a10", "1.0b1", "1.0.0-RC2",
    "v1.0", "1.0.0-p1", "1.0.1", "1.2", "1.10", "2.0-beta", "v2.0.0", "20100102", "2010.01.02.1",
]  # fmt: skip


def test_versions_stand_in_composers_order() -> None:
    numbered = [one for one in ORDER if versions.key(one)[0] == 2]
    assert versions.ordered(reversed(numbered[:-2])) == numbered[:-2]
    assert {versions.key(one)[0] for one in ORDER[:2]} == {0}
    assert {versions.key(one)[0] for one in ORDER[2:4]} == {1}


@pytest.mark.parametrize(
    ("text", "early"),
    [("1.0", False), ("1.0-p1", False), ("1.0RC", True), ("dev-x", True), ("1.0-dev", True)],
)
def test_what_is_not_stable_comes_before_a_release(text: str, early: bool) -> None:
    assert COMPOSER.prerelease(text) is early


@given(st.lists(st.text(max_size=20)))
def test_any_texts_can_be_ordered(texts: list[str]) -> None:
    assert sorted(versions.ordered(texts)) == sorted(texts)


@pytest.mark.parametrize("text", ["Acme/Slugger", " acme/slugger "])
def test_a_name_is_lower_case(text: str) -> None:
    assert COMPOSER.normalise(text) == NAME


@pytest.mark.parametrize("text", ["", "acme", "a/b/c", "../x", "a/..", "-a/b", "a" * 300 + "/b"])
def test_what_can_be_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        COMPOSER.normalise(text)
