"""The folder of exports over HTTP: whole files, parts of them, and nothing from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from seeded import seed

from biopsy.web.app import Settings, build

Client = TestClient[Litestar]
DATA = bytes(range(256)) * 4000


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    path, out = seed(tmp_path / "reports.db"), tmp_path / "real"
    (out / "npm").mkdir(parents=True)
    (out / "npm" / "all.zip").write_bytes(DATA)
    (out / "feeds").mkdir()
    (out / "feeds" / "all.json").write_text("{}")
    (out / "feeds" / "all.atom").write_text("<feed/>")
    (out / ".secret").write_text("x")
    (out / "away").symlink_to(tmp_path)
    (out / "latest.zip").symlink_to("npm/all.zip")
    (tmp_path / "out").symlink_to("real")
    with TestClient(build(path, Settings(path, exports=tmp_path / "out"))) as client:
        yield client


def test_a_file_is_served_whole_and_known_by_its_tag(client: Client) -> None:
    whole = client.get("/exports/npm/all.zip")
    assert (whole.status_code, whole.content) == (200, DATA)
    assert whole.headers["content-type"] == "application/zip"
    tag = whole.headers["etag"]
    assert tag.startswith('W/"')
    head = client.head("/exports/npm/all.zip")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert head.headers["content-length"] == str(len(DATA))
    again = client.get("/exports/npm/all.zip", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/exports/latest.zip").content == DATA


@pytest.mark.parametrize(
    ("span", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9), ("bytes=100-", 206, 100, len(DATA) - 1), ("bytes=-5", 206, len(DATA) - 5, len(DATA) - 1),
        (f"bytes=10-{len(DATA) * 2}", 206, 10, len(DATA) - 1), (f"bytes={len(DATA)}-", 416, 0, 0), ("bytes=9-1", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, len(DATA) - 1), ("lines=1-2", 200, 0, len(DATA) - 1), ("bytes=x-y", 200, 0, len(DATA) - 1),
        ("bytes=-", 200, 0, len(DATA) - 1), ("bytes=" + "9" * 50 + "-", 200, 0, len(DATA) - 1),
    ],
)  # fmt: skip
def test_a_download_can_go_on_where_it_ended(
    client: Client, span: str, status: int, first: int, last: int
) -> None:
    answer = client.get("/exports/npm/all.zip", headers={"range": span})
    assert answer.status_code == status
    if status != 416:
        assert answer.content == DATA[first : last + 1]


@pytest.mark.parametrize(
    "path",
    [
        "/exports/../reports.db", "/exports/%2e%2e/reports.db", "/exports/npm/../../reports.db",
        "/exports/away/reports.db", "/exports/.secret", "/exports/%00", "/exports/npm\\all.zip", "/exports//etc/passwd",
        "/exports/none", "/exports/" + "a/" * 2000, "/exports/npm/all.zip/x",
    ],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_served(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == 5


def test_a_folder_is_listed_and_feeds_have_their_types(client: Client) -> None:
    listed = client.get("/exports/").json()["files"]
    assert {"name": "npm/"} in listed
    assert ".secret" not in str(listed)
    assert client.get("/exports/feeds/all.json").headers["content-type"] == "application/feed+json"
    assert client.get("/exports/feeds/all.atom").headers["content-type"] == "application/atom+xml"
    assert client.post("/exports/npm/all.zip").status_code == 405


def test_a_folder_that_is_swapped_is_served_at_once(client: Client, tmp_path: Path) -> None:
    old = client.get("/exports/npm/all.zip").headers["etag"]
    new = tmp_path / "next" / "npm"
    new.mkdir(parents=True)
    (new / "all.zip").write_bytes(b"new")
    (tmp_path / "swap").symlink_to("next")
    (tmp_path / "swap").replace(tmp_path / "out")
    answer = client.get("/exports/npm/all.zip", headers={"if-none-match": old})
    assert (answer.status_code, answer.content) == (200, b"new")
