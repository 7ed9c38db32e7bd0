"""Answers in the shape that each registry documents, with reserved names, read field by field."""

import json
from pathlib import Path

import httpx
import pytest
from packageurl import PackageURL

from biopsy.ecosystems.feeds import Poll, by_name
from biopsy.model.release import Endpoint, Release

FOLDER = Path(__file__).with_name("documented")
MOMENT = 1_794_996_000.0  # 2026-11-18T10:00:00Z
DATE = {"date": "Wed, 18 Nov 2026 10:00:10 GMT"}
TIMES = f'{{"at": {MOMENT}}}'

SHAPES = {
    "pypi/changelog": ("pypi_changelog.xml", '{"serial": 24891357}'),
    "pypi/rss": ("pypi_rss.xml", '{"rss/updates.xml": {}}'),
    "cargo/rss": ("cargo_rss.xml", '{"rss/updates.xml": {}}'),
    "npm/changes": ("npm_changes.json", "2891975"),
    "gem/timeframe": ("gem_timeframe.json", TIMES),
    "composer/changes": ("composer_changes.json", '{"at": 17949960000000}'),
    "golang/index": ("golang_index.txt", TIMES),
    "nuget/catalog": ("nuget_page.json", TIMES),
    "maven/search": ("maven_search.json", TIMES),
}

SAID = {
    "pypi/changelog": [
        ("some-package", "", "new", "", "10:00:01"),
        ("some-package", "1.0.0", "new", "", "10:00:01"),
        (
            "some-package",
            "1.0.0",
            "new",
            "some_package-1.0.0-cp312-cp312-manylinux_2_17_x86_64.whl",
            "10:00:02",
        ),
        ("some-package", "1.0.0", "new", "some_package-1.0.0.tar.gz", "10:00:03"),
        ("other", "0.9", "yanked", "", "10:00:05"),
        ("gone", "", "deleted", "", "10:00:06"),
    ],
    "pypi/rss": [
        ("other-package", "2.0.0rc1", "new", "", "10:00:00"),
        ("some-package", "1.0.0", "new", "", "10:00:01"),
    ],
    "cargo/rss": [("some-crate", "0.22.0", "new", "", "10:00:51")],
    "npm/changes": [
        ("some-package", "", "changed", "", ""),
        ("@some/package", "", "changed", "", ""),
        ("gone", "", "deleted", "", ""),
    ],
    "gem/timeframe": [
        ("some_gem", "1.2.0", "new", "some_gem-1.2.0.gem", "10:00:01"),
        ("some_gem", "1.2.0", "new", "some_gem-1.2.0-x86_64-linux-gnu.gem", "10:00:02"),
    ],
    "composer/changes": [
        ("some/package", "", "changed", "", "10:00:01"),
        ("gone/package", "", "deleted", "", "10:00:02"),
    ],
    "golang/index": [
        ("example.test/Some/module", "v1.4.0", "new", "", "10:00:01"),
        ("example.test/other/v2", "v2.0.0-20261118095959-abcdefabcdef", "new", "", "10:00:02"),
    ],
    "nuget/catalog": [
        ("some.package", "1.0.0", "new", "", "10:00:01"),
        ("gone.package", "0.1.0", "deleted", "", "10:00:03"),
    ],
    "maven/search": [
        ("test.example/other", "2.0-rc1", "new", "", "10:00:01"),
        ("test.example/some-package", "1.1", "new", "", "10:00:02"),
    ],
}


def _answer(request: httpx.Request, body: bytes) -> httpx.Response:
    """Give the recorded page where the feed's own is asked for, and what leads there."""
    path = request.url.path
    if path.endswith(("packages.xml", "crates.xml")):
        return httpx.Response(200, content=b"<rss><channel/></rss>", headers=DATE)
    if path.endswith("timeframe_versions.json") and request.url.params["page"] != "1":
        return httpx.Response(200, content=b"[]", headers=DATE)
    here = "http://registry.example"
    if path == "/index.json":
        resource = {"@id": f"{here}/catalog0/index.json", "@type": "Catalog/3.0.0", "comment": "Index"}
        return httpx.Response(200, json={"version": "3.0.0", "resources": [resource]}, headers=DATE)
    if path == "/catalog0/index.json":
        when = "2026-11-18T10:00:03.9553899Z"
        page = {
            "@id": f"{here}/catalog0/page1.json",
            "@type": "CatalogPage",
            "commitTimeStamp": when,
            "count": 2,
        }
        return httpx.Response(200, json={"commitTimeStamp": when, "count": 1, "items": [page]}, headers=DATE)
    return httpx.Response(200, content=body, headers=DATE)


def _poll(name: str) -> Poll:
    file, cursor = SHAPES[name]
    body = (FOLDER / file).read_bytes()
    with httpx.Client(transport=httpx.MockTransport(lambda request: _answer(request, body))) as client:
        feed = by_name(name)
        return feed.poll(client, Endpoint(feed.ecosystem, "http://registry.example/"), cursor, {})


@pytest.mark.parametrize("name", SHAPES)
def test_what_a_registry_documents_is_read(name: str) -> None:
    poll = _poll(name)
    said = [(i.name, i.version, str(i.change), i.filename, i.published[11:19]) for i in poll.items]
    assert said == SAID[name]
    assert (poll.refused, poll.gap, poll.now[:19]) == (0, None, "2026-11-18T10:00:10")


def test_what_is_no_news_is_counted() -> None:
    assert [_poll(name).skipped for name in ("pypi/changelog", "npm/changes", "composer/changes")] == [
        1,
        1,
        1,
    ]


def test_a_gem_s_digest_is_told() -> None:
    assert {item.digest[:12] for item in _poll("gem/timeframe").items} == {"sha256:e3b0c"}


@pytest.mark.parametrize("name", SHAPES)
def test_each_item_has_a_purl_that_others_read(name: str) -> None:
    for item in _poll(name).items:
        purl = PackageURL.from_string(Release(item.ecosystem, item.name, item.version).purl)
        parts = "/".join(filter(None, (purl.namespace, purl.name)))
        assert (purl.type, parts.lower()) == (item.ecosystem, item.name.lower())


def test_the_replication_api_says_its_newest_change_above_its_registry() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        body = {"db_name": "registry", "doc_count": 9, "update_seq": 103_000_000}
        return httpx.Response(200, content=json.dumps(body).encode(), headers=DATE)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        cursor = by_name("npm").start(client, Endpoint("npm", "http://replicate.example/registry/"))
    assert (cursor, asked) == ("103000000", ["/"])
