"""The other artifact of a release: fetched from a registry on the loopback address, unpacked, compared."""

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from biopsy.ecosystems import Listing, by_type
from biopsy.ecosystems.pypi import configuration
from biopsy.model.release import Artifact, Release, Remote, Tree, TreeFile
from biopsy.pipeline import siblings
from biopsy.pipeline.source import Opened, Sample

CODE = "import os\n\n\ndef go():\n    return os.getcwd()\n"
WHEEL = {"thing-1.0.dist-info/WHEEL": "Tag: py3-none-any\n", "thing-1.0.dist-info/x.py": "x = 1\n"}


def tree(root: Path, files: dict[str, str]) -> Tree:
    found = []
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
        found.append(TreeFile(path, len(text.encode()), hashlib.sha256(text.encode()).hexdigest()))
    return Tree(root, tuple(found))


def differences(tmp_path: Path, one: dict[str, str], other: dict[str, str]) -> list[str]:
    return [str(b) for b in siblings.compare(tree(tmp_path / "a", one), tree(tmp_path / "b", other))]


def test_code_that_only_the_wheel_has_is_told_and_so_is_changed_code(tmp_path: Path) -> None:
    wheel = {
        **WHEEL,
        "thing/a.py": CODE,
        "thing/b.py": CODE + "go()\n",
        "thing/c.py": "import socket\n",
        "x.pth": "import thing\n",
    }
    sdist = {"setup.py": "", "src/thing/a.py": CODE, "src/thing/b.py": CODE}
    assert differences(tmp_path, wheel, sdist) == [
        "pkg.differs changed thing/b.py @ thing/b.py",
        "pkg.differs added thing/c.py @ thing/c.py",
        "pkg.differs added x.pth @ x.pth",
    ]


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("\n", "\r\n"),
        "# a comment\n" + CODE,
        '"""Words."""\n' + CODE,
        "\ufeff" + CODE,
        CODE.replace("    ", "\t"),
    ],
)
def test_what_means_the_same_to_python_is_the_same(tmp_path: Path, same: str) -> None:
    assert differences(tmp_path, {**WHEEL, "thing/a.py": same}, {"thing/a.py": CODE}) == []


def test_code_moved_to_where_a_build_puts_it_is_the_same(tmp_path: Path) -> None:
    wheel = {
        **WHEEL,
        "thing-1.0.data/purelib/thing/a.py": CODE,
        "thing-1.0.data/scripts/go.py": "import thing\n",
    }
    assert differences(tmp_path, wheel, {"lib/thing/a.py": CODE + "#", "bin/go.py": "import thing\n"}) == []


def test_in_an_sdist_only_the_packages_of_the_wheel_count(tmp_path: Path) -> None:
    sdist = {
        "setup.py": "import os\n",
        "tests/x.py": "import os\n",
        "src/thing/a.py": CODE,
        "src/thing/b.py": "import os\n",
    }
    wheel = {**WHEEL, "thing/a.py": CODE}
    assert differences(tmp_path, sdist, wheel) == ["pkg.differs added src/thing/b.py @ src/thing/b.py"]


def test_code_that_does_not_parse_differs_by_its_bytes(tmp_path: Path) -> None:
    odd = "print 'two'\n" + "(" * 5000
    assert differences(tmp_path, {**WHEEL, "thing/a.py": odd}, {"thing/a.py": odd}) == []
    wanted = ["pkg.differs changed thing/a.py @ thing/a.py"]
    assert differences(tmp_path, {**WHEEL, "thing/a.py": odd + "x"}, {"thing/a.py": odd}) == wanted


def packed(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"thing-1.0/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def served() -> Iterator[tuple[str, dict[str, bytes]]]:
    """The address of a registry, and what it serves."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", pages
    server.shutdown()
    server.server_close()


def opened(tmp_path: Path, url: str, *, size: int | None = None) -> Opened:
    files = {**WHEEL, "thing/a.py": CODE, "thing/b.py": "import socket\n"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    wheel.write_bytes(buffer.getvalue())
    artifact = Artifact(wheel.name, "wheel", wheel, wheel.stat().st_size, "ab" * 32)
    release = Release("pypi", "thing", "1.0")
    remotes = (
        Remote(wheel.name, f"{url}/{wheel.name}", "wheel"),
        Remote("thing-1.0.tar.gz", f"{url}/thing-1.0.tar.gz", "sdist", size=size),
    )
    sample = Sample(by_type("pypi"), release, artifact, Listing(release, remotes))
    return Opened(sample, tree(tmp_path / "tree", files), ())


def found(one: Opened, tmp_path: Path) -> list[str]:
    return [b.value for b in siblings.read(one, tmp_path / "store", tmp_path / "scratch")]


@pytest.fixture(autouse=True)
def _index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    configuration.endpoint.cache_clear()
    yield
    configuration.endpoint.cache_clear()


def test_the_sibling_is_fetched_unpacked_and_never_run(
    tmp_path: Path, served: tuple[str, dict[str, bytes]]
) -> None:
    url, pages = served
    trap = tmp_path / "was-run"
    pages["/thing-1.0.tar.gz"] = packed({"setup.py": f"open({str(trap)!r}, 'w')\n", "thing/a.py": CODE})
    assert found(opened(tmp_path, url), tmp_path) == ["added thing/b.py"]
    assert not trap.exists()


@pytest.mark.parametrize(
    "body",
    [None, b"", b"no archive", packed({"x": "y" * 100})[:60]],
    ids=["missing", "empty", "no archive", "cut short"],
)
def test_a_sibling_that_cannot_be_had_says_nothing(
    tmp_path: Path, served: tuple[str, dict[str, bytes]], body: bytes | None
) -> None:
    url, pages = served
    if body is not None:
        pages["/thing-1.0.tar.gz"] = body
    assert found(opened(tmp_path, url), tmp_path) == []


def test_a_large_sibling_is_not_fetched_whatever_size_was_announced(
    tmp_path: Path, served: tuple[str, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, pages = served
    pages["/thing-1.0.tar.gz"] = packed({"thing/a.py": CODE})
    monkeypatch.setattr(siblings, "MAX_PACKED", 50)
    assert found(opened(tmp_path, url, size=51), tmp_path) == []
    assert found(opened(tmp_path, url, size=5), tmp_path) == []


def test_a_local_artifact_has_no_sibling(tmp_path: Path) -> None:
    one = opened(tmp_path, "http://127.0.0.1:9")
    alone = Sample(one.sample.ecosystem, one.sample.release, one.sample.artifact)
    assert found(Opened(alone, one.tree, ()), tmp_path) == []
