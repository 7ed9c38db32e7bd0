import json

import httpx
import pytest

from biopsy.ecosystems import Listing
from biopsy.ecosystems.pypi import index, wheels
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release
from ecosystems.conftest import Registry

SHA = "ab" * 32


def listing(registry: Registry, client: httpx.Client, version: str = "", name: str = "thing") -> Listing:
    return index.resolve(client, Endpoint("pypi", f"{registry.url}simple/"), Release("pypi", name, version))


def anchor(filename: str, more: str = "", digest: str = f"#sha256={SHA}") -> str:
    return f'<a href="../../files/{filename}{digest}" {more}>{filename}</a>'


def test_the_html_form_gives_files_digests_yanks_and_python_versions(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page(
        "/simple/thing/",
        anchor("thing-1.0.tar.gz")
        + anchor("thing-1.0-py3-none-any.whl")
        + anchor("thing-2.0-py3-none-any.whl", 'data-yanked="it &amp; broke"')
        + anchor("thing-3.0-py3-none-any.whl", 'data-requires-python="&gt;=3.99"')
        + anchor("thing-4.0rc1-py3-none-any.whl")
        + anchor("other-9.0.tar.gz"),
    )
    found = listing(registry, client)
    assert found.release.version == "1.0"
    assert [v.version for v in found.versions] == ["1.0", "2.0", "3.0", "4.0rc1"]
    assert found.versions[1].yanked == "it & broke"
    assert [r.filename for r in found.artifacts] == ["thing-1.0-py3-none-any.whl", "thing-1.0.tar.gz"]
    assert found.artifacts[0].digests == (("sha256", SHA),)
    assert found.artifacts[0].url == f"{registry.url}files/thing-1.0-py3-none-any.whl"
    assert [str(b) for b in found.behaviours()] == [
        "pkg.release first @ registry",
        "pkg.release newest @ registry",
    ]


def test_the_json_form_gives_the_same_and_more(registry: Registry, client: httpx.Client) -> None:
    files = [
        {
            "filename": "thing-1.0.tar.gz",
            "url": "/f/thing-1.0.tar.gz",
            "hashes": {"sha256": SHA, "odd": "x"},
            "size": 7,
            "yanked": "bad",
            "upload-time": "2026-01-02T03:04:05Z",
        }
    ]
    body = json.dumps({"name": "thing", "files": files, "meta": {"api-version": "1.1"}})
    registry.page("/simple/thing/", body, "application/vnd.pypi.simple.v1+json")
    found = listing(registry, client, "1")
    (remote,) = found.artifacts
    assert (remote.size, remote.yanked, remote.uploaded) == (7, "bad", "2026-01-02T03:04:05Z")
    assert remote.digests == (("sha256", SHA),)
    assert "pkg.release yanked bad @ registry" in [str(b) for b in found.behaviours()]


def test_the_document_beside_the_simple_api_adds_times_and_a_summary(
    registry: Registry, client: httpx.Client
) -> None:
    registry.page("/simple/thing/", anchor("thing-1.0.tar.gz"))
    urls = [{"filename": "thing-1.0.tar.gz", "size": 9, "upload_time_iso_8601": "2026-01-01T00:00:00Z"}]
    document = {"info": {"summary": "A thing", "project_urls": {"Source": "https://code.example/t"}}}
    registry.page("/pypi/thing/json", json.dumps({**document, "releases": {"1.0": urls}}), "application/json")
    found = listing(registry, client)
    assert (found.artifacts[0].size, found.versions[0].time) == (9, "2026-01-01T00:00:00Z")
    assert (found.facts.summary, found.facts.repository) == ("A thing", "https://code.example/t")


@pytest.mark.parametrize("document", ["[]", "{", '{"info": 3}', '{"releases": {"1.0": [{}]}}'])
def test_a_bad_document_beside_the_simple_api_is_as_none(
    registry: Registry, client: httpx.Client, document: str
) -> None:
    registry.page("/simple/thing/", anchor("thing-1.0.tar.gz"))
    registry.page("/pypi/thing/json", document, "application/json")
    assert listing(registry, client).release.version == "1.0"


def test_no_such_package_and_no_such_version_are_the_users_mistakes(
    registry: Registry, client: httpx.Client
) -> None:
    with pytest.raises(UsageError, match="no package 'thing'"):
        listing(registry, client)
    registry.page("/simple/thing/", anchor("thing-1.0.tar.gz") + anchor("thing-1.1.tar.gz"))
    with pytest.raises(UsageError, match=r"no version 1\.2; there are, among others: .*1\.1"):
        listing(registry, client, "1.2")
    with pytest.raises(UsageError, match="no version nonsense"):
        listing(registry, client, "nonsense")


def test_a_registry_that_fails_is_not_the_users_mistake(registry: Registry, client: httpx.Client) -> None:
    registry.page("/simple/thing/", "no", status=403)
    with pytest.raises(RegistryError, match="403"):
        listing(registry, client)
    registry.page("/simple/thing/", "{", "application/vnd.pypi.simple.v1+json")
    with pytest.raises(RegistryError, match="bad JSON"):
        listing(registry, client)
    registry.page("/simple/thing/", "<p>nothing here")
    with pytest.raises(UsageError, match="no release"):
        listing(registry, client)


def test_a_file_name_that_leads_elsewhere_is_left_out(registry: Registry, client: httpx.Client) -> None:
    registry.page(
        "/simple/thing/",
        '<a href="/f/..%2f..%2fthing-2.0.tar.gz">x</a><a href="file:///thing-3.0.tar.gz">y</a>'
        '<a href="http://[::1/thing-4.0.tar.gz">z</a>' + anchor("thing-1.0.tar.gz", digest=""),
    )
    found = listing(registry, client)
    assert [v.version for v in found.versions] == ["1.0"]
    assert found.artifacts[0].digests == ()


def test_the_password_goes_to_the_index_and_nowhere_else(registry: Registry, client: httpx.Client) -> None:
    endpoint = Endpoint("pypi", f"{registry.url}simple/", "Basic c2VjcmV0")
    assert endpoint.headers(f"{registry.url}simple/thing/") == {"authorization": "Basic c2VjcmV0"}
    assert endpoint.headers("http://files.example/thing") == {}
    registry.page("/simple/thing/", anchor("thing-1.0.tar.gz"))
    index.resolve(client, endpoint, Release("pypi", "thing"))
    assert registry.asked[0][1]["authorization"] == "Basic c2VjcmV0"


def names(found: tuple[object, ...]) -> list[str]:
    return [getattr(remote, "filename", "") for remote in found]


def test_the_artifact_is_chosen_as_an_install_would(registry: Registry, client: httpx.Client) -> None:
    registry.page(
        "/simple/thing/",
        anchor("thing-1.0.tar.gz")
        + anchor("thing-1.0-cp311-cp311-win_amd64.whl")
        + anchor("thing-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
        + anchor("thing-1.0-cp311-cp311-manylinux_2_28_x86_64.whl")
        + anchor("thing-1.0-cp311-cp311-manylinux_2_39_x86_64.whl")
        + anchor("thing-1.0-cp38-abi3-manylinux_2_17_x86_64.whl")
        + anchor("thing-1.0-py3-none-any.whl")
        + anchor("thing-2.0.tar.gz"),
    )
    found = listing(registry, client, "1.0")
    best = "thing-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
    assert names(found.choose()) == [best]
    assert names(found.choose("wheel")) == [best]
    assert names(found.choose("sdist")) == ["thing-1.0.tar.gz"]
    assert names(found.choose("all")) == ["thing-1.0.tar.gz", best]
    assert names(listing(registry, client, "2.0").choose()) == ["thing-2.0.tar.gz"]
    with pytest.raises(UsageError, match=r"has no wheel; it has: thing-2\.0\.tar\.gz"):
        listing(registry, client, "2.0").choose("wheel")
    with pytest.raises(UsageError, match="no such choice"):
        found.choose("egg")


def test_the_sandbox_takes_no_wheel_of_another_machine() -> None:
    assert wheels.rank("t-1-cp311-cp311-musllinux_1_2_x86_64.whl") is None
    assert wheels.rank("t-1-cp312-cp312-manylinux_2_17_x86_64.whl") is None
    assert wheels.rank("t-1-cp311-cp311-manylinux_2_17_aarch64.whl") is None
    assert wheels.rank("nonsense.whl") is None
    old = wheels.rank("t-1-cp311-cp311-manylinux1_x86_64.whl")
    new = wheels.rank("t-1-cp311-cp311-manylinux_2_36_x86_64.whl")
    assert old is not None
    assert new is not None
    assert new < old


def test_the_version_before_is_the_last_that_was_not_yanked(registry: Registry, client: httpx.Client) -> None:
    registry.page(
        "/simple/thing/",
        anchor("thing-1.9.tar.gz") + anchor("thing-1.10.tar.gz", "data-yanked") + anchor("thing-1.11.tar.gz"),
    )
    assert listing(registry, client).previous == "1.9"
    assert listing(registry, client, "1.9").previous is None
    assert listing(registry, client, "1.10").previous == "1.9"


def test_the_version_before_a_final_one_is_no_candidate(registry: Registry, client: httpx.Client) -> None:
    registry.page(
        "/simple/thing/",
        anchor("thing-1.9.tar.gz") + anchor("thing-2.0rc1.tar.gz") + anchor("thing-2.0.tar.gz"),
    )
    assert listing(registry, client).previous == "1.9"
    assert listing(registry, client, "2.0rc1").previous == "1.9"
