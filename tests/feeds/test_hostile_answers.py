"""A registry may answer anything: a feed raises one kind of error, or gives items that can be believed."""

import contextlib
import gzip
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.conftest import Clock
from tests.feeds.following import EVERY, follow
from tests.registry import StandIn

from biopsy.ecosystems import feeds
from biopsy.ecosystems.feeds import asking, gathering, markup, naming, protocol
from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

CURSORS = {
    "pypi/changelog": '{"serial": 5, "holes": [[3, 3, 1.0]]}',
    "pypi/rss": "{}",
    "npm/changes": "7",
    "gem/timeframe": '{"at": 1795000000.0}',
    "gem/index": '{"size": 10, "tail": "x"}',
    "cargo/rss": "{}",
    "composer/changes": '{"at": 17950000000000}',
    "golang/index": '{"at": 1795000000.0}',
    "nuget/catalog": '{"at": 1795000000.0}',
    "maven/search": '{"at": 1795000000.0}',
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WRAPPED: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "npm/changes": (lambda x: {"results": x, "last_seq": x}, ["seq", "id", "deleted"]),
    "gem/timeframe": (lambda x: x, ["name", "version", "version_created_at", "sha", "platform"]),
    "composer/changes": (
        lambda x: {"actions": x, "timestamp": 17_950_000_000_001},
        ["type", "package", "time"],
    ),
    "golang/index": (lambda x: x, ["Path", "Version", "Timestamp"]),
    "nuget/catalog": (
        lambda x: {"resources": [{"@type": "Catalog/3.0.0", "@id": "http://registry.example/c"}], "items": x},
        ["@id", "@type", "commitTimeStamp", "nuget:id", "nuget:version"],
    ),
    "maven/search": (lambda x: {"response": {"docs": x}}, ["g", "a", "v", "timestamp"]),
}
LIKELY = st.sampled_from(
    ["some-package", "1.0", "2026-11-18T10:00:00Z", "http://registry.example/c", "update", 8, 1e300]
)
JSON = st.recursive(SCALARS | LIKELY, lambda inner: st.lists(inner, max_size=5), max_leaves=8)


def _client(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True, max_redirects=5)


def _poll(
    name: str, body: bytes, status: int = 200, cursor: str = "", **headers: str
) -> protocol.Poll | None:
    with _client(lambda _: httpx.Response(status, content=body, headers=headers)) as client:
        feed = feeds.by_name(name)
        endpoint = Endpoint(feed.ecosystem, "http://registry.example/")
        try:
            return feed.poll(client, endpoint, cursor or CURSORS[name], {})
        except RegistryError:
            return None


def _believable(poll: protocol.Poll | None, name: str) -> None:
    if poll is None:
        return
    ecosystem = name.partition("/")[0]
    for item in poll.items:
        assert item.ecosystem == ecosystem
        assert naming.normal(ecosystem, item.name) == item.name
        assert not re.search(r"[\s\x00-\x1f\x7f\u202a-\u202e]", item.version + item.filename)
        assert item.published == "" or asking.moment(item.published)


@pytest.mark.parametrize("name", sorted(WRAPPED))
@settings(max_examples=60)
@given(data=st.data())
def test_entries_of_any_shape(name: str, data: st.DataObject) -> None:
    wrap, keys = WRAPPED[name]
    entry = st.dictionaries(st.sampled_from(keys), JSON, max_size=len(keys))
    several = data.draw(st.lists(entry | JSON, max_size=4) | JSON)
    body = json.dumps(wrap(several)).encode()
    if name == "golang/index":
        body = b"\n".join(json.dumps(one).encode() for one in several) if isinstance(several, list) else body
    poll = _poll(name, body + b"\n")
    if poll is not None:
        _believable(poll, name)
        _believable(_poll(name, body + b"\n", cursor=poll.cursor), name)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=15)
@given(body=st.binary(max_size=200), status=st.sampled_from([200, 201, 204, 206, 301, 400, 404, 418, 500]))
def test_bytes_of_any_kind(name: str, body: bytes, status: int) -> None:
    _believable(_poll(name, body, status), name)


@pytest.mark.parametrize("name", ["pypi/changelog", "pypi/rss", "cargo/rss"])
@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 100 + b"</a>" * 100,
        b"<rss><channel><item><link>http://x.example/project/&undefined;/1/</link></item></channel></rss>",
        b'<?xml version="1.0" encoding="utf-7"?><rss/>',
    ],
)
def test_xml_that_does_harm_elsewhere_is_refused(name: str, body: bytes) -> None:
    assert _poll(name, body) is None


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            ["value", "array", "data", "int", "string", "struct", "fault", "nil", "params", "param"]
        ),
        max_size=12,
    )
)
def test_xml_rpc_of_any_nesting_is_a_value_or_an_error(tags: list[str]) -> None:
    text = "".join(f"<{t}>" for t in tags) + "7" + "".join(f"</{t}>" for t in reversed(tags))
    with contextlib.suppress(RegistryError):
        markup.result(f"<methodResponse>{text}</methodResponse>".encode())


def test_a_fault_is_told_in_its_own_words() -> None:
    body = b"""<methodResponse><fault><value><struct><member><name>faultString</name><value><string>HTTPTooManyRequests:
    try later</string></value></member></struct></value></fault></methodResponse>"""
    with pytest.raises(RegistryError, match="try later"):
        markup.result(body)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("HTTPTooManyRequests: too many requests. Limit may reset in 17 seconds.", 17.0),
        ("HTTPTooManyRequests", 60.0),
    ],
)
def test_pypi_s_own_way_of_asking_to_be_left_alone_is_understood(said: str, seconds: float) -> None:
    body = f"""<methodResponse><fault><value><struct><member><name>faultString</name><value><string>{said}</string>
    </value></member></struct></value></fault></methodResponse>""".encode()
    poll = _poll("pypi/changelog", body)
    assert poll is not None
    assert poll.retry_after == seconds


@pytest.mark.parametrize("url", ["http://192.0.2.1/latest", "http://registry.example:81/c", "https://[bad/c"])
def test_an_answer_that_points_elsewhere_is_not_followed(url: str) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"resources": [{"@id": url, "@type": "Catalog/3.0.0"}]})

    with _client(answer) as client, pytest.raises(RegistryError):
        feeds.by_name("nuget").start(client, Endpoint("nuget", "http://registry.example/"))
    assert asked == ["http://registry.example/index.json"]


def test_an_answer_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MAX_ANSWER", 100_000)
    assert _poll("npm/changes", b'{"results": [' + b"0," * 100_000 + b"0]}") is None
    bomb = gzip.compress(b" " * 10_000_000)
    assert _poll("npm/changes", bomb, **{"content-encoding": "gzip"}) is None


def test_an_answer_that_drips_for_ever_is_given_up(
    registry: StandIn, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = follow(registry, client, "npm/changes")
    monkeypatch.setattr(asking, "DEADLINE", 0.05)
    registry.mischief.add("slow", seconds=0.5, times=1)
    with pytest.raises(RegistryError, match="did not answer"):
        follower.poll()


@pytest.mark.parametrize(
    ("retry", "seconds"),
    [
        ("", 60.0),
        ("0", 1.0),
        ("-5", 1.0),
        ("nan", 60.0),
        ("inf", 60.0),
        ("1e9", 86400.0),
        ("soon", 60.0),
        ("Wed, 18 Nov 2026 10:00:30 GMT", 30.0),
        ("Wed, 18 Nov 2020 10:00:30 GMT", 1.0),
    ],
)
def test_retry_after_is_believed_within_reason(retry: str, seconds: float) -> None:
    now = asking.moment("Wed, 18 Nov 2026 10:00:00 GMT")
    assert now is not None
    assert asking.waiting(retry, now) == seconds


def test_more_entries_than_one_poll_gives_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_ITEMS", 10)
    results = [{"seq": n, "id": f"package-{n}", "changes": []} for n in range(8, 33)]
    poll = _poll("npm/changes", json.dumps({"results": results, "last_seq": 32}).encode())
    assert poll is not None
    assert poll.gap is not None
    assert (len(poll.items), poll.gap.expected) == (10, 15)


@pytest.mark.parametrize(
    ("ecosystem", "name", "normal"),
    [
        ("pypi", "Some_Package..x", "some-package-x"),
        ("pypi", "bad name", None),
        ("npm", "@Scope/Name", "@Scope/Name"),
        ("npm", "JSONStream", "JSONStream"),
        ("npm", "../up", None),
        ("npm", "@scope/../up", None),
        ("npm", "a" * 215, None),
        ("gem", "some_gem-x.y", "some_gem-x.y"),
        ("gem", "---", None),
        ("cargo", "some_crate", "some_crate"),
        ("cargo", "a" * 65, None),
        ("composer", "Vendor/Name", "vendor/name"),
        ("composer", "novendor", None),
        ("golang", "example.test/Mixed/v2", "example.test/Mixed/v2"),
        ("golang", "example.test//x", None),
        ("golang", "example.test/../x", None),
        ("nuget", "Some.Package", "some.package"),
        ("maven", "org.example:artifact", "org.example/artifact"),
        ("maven", "org.example", None),
        ("hackage", "lens", None),
        ("pypi", None, None),
        ("pypi", "x\u202ey", None),
    ],
)
def test_names_have_one_normal_form_or_none(ecosystem: str, name: object, normal: str | None) -> None:
    assert naming.normal(ecosystem, name) == normal
    if normal:
        assert naming.normal(ecosystem, normal) == normal


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-18T10:00:00Z", 1794996000.0),
        ("2026-11-18T10:00:00.1234567Z", 1794996000.123456),
        ("2026-11-18T10:00:00.123456789+01:00", 1794992400.123456),
        ("2026-11-18T10:00:00", 1794996000.0),
        ("Wed, 18 Nov 2026 10:00:00 +0000", 1794996000.0),
        ("yesterday", None),
        ("9999999999999", None),
        (17, None),
    ],
)
def test_times_of_all_registries_are_read(text: object, seconds: float | None) -> None:
    assert asking.moment(text) == seconds


@pytest.mark.parametrize("name", EVERY)
def test_a_cursor_is_json_or_a_number_and_comes_back_as_it_was(
    registry: StandIn, client: httpx.Client, clock: Clock, name: str
) -> None:
    follower = follow(registry, client, name)
    follower.poll()
    assert msgspec.json.decode(follower.cursor) is not None
    assert len(follower.cursor) < 500_000
