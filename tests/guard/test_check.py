"""`biopsy check`: entries against a real database, in every form and with every exit status."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from biopsy.cli.app import biopsy
from biopsy.model.check import Entry, Verdict
from biopsy.pipeline.check import check
from biopsy.reports.database import Database
from biopsy.reports.verdict import judged

EVERY = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
DIGEST = "c" * 64
MADE = "2026-01-01T00:00:00Z"


def report(number: int, ecosystem: str, name: str, **affected: Any) -> tuple[str, bytes]:
    about = {"package": {"ecosystem": ecosystem, "name": name}, **affected}
    if ecosystem == "":
        del about["package"]
    origin = {"source": "lab", "sha256": "a" * 64, "import_time": MADE, "modified_time": MADE}
    made = {
        "schema_version": "1.7.4", "id": f"MAL-2026-{number}", "modified": MADE, "published": MADE,
        "summary": f"Malicious code in {name} ({ecosystem})", "details": "It steals.", "affected": [about],
        "references": [{"type": "ADVISORY", "url": f"https://reports.example/{number}"}],
        "database_specific": {"malicious-packages-origins": [origin]},
    }  # fmt: skip
    return f"{number}.json", json.dumps(made).encode()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a few reports."""
    path = tmp_path_factory.mktemp("reports") / "reports.db"
    database = Database(path, create=True)
    git = {"type": "GIT", "repo": "https://github.com/o/evil.git", "events": [{"introduced": "0"}]}
    digest = {"indicators": {"package_integrity": [{"filename": "x.whl", "hashes": {"sha256": DIGEST}}]}}
    taken = database.take("lab", [
        report(1, "PyPI", "Evil_Thing", versions=["1.0.0", "1.0.1"]),
        report(2, "npm", "evil", ranges=EVERY),
        report(3, "PyPI", "hashed", versions=["9"], database_specific=digest),
        report(4, "", "o/evil", ranges=[git]),
        report(5, "Go", "example.com/evil", versions=["1.0.0"]),
    ], MADE)  # fmt: skip
    assert [one.reason for one in taken] == [""] * 5
    database.close()
    return path


@pytest.fixture
def store(file: Path) -> Any:
    """It, open."""
    database = Database(file)
    yield database
    database.close()


@pytest.mark.parametrize(
    ("entry", "verdict", "ids"),
    [
        (Entry("PyPI", "evil.thing", "1.0"), "malicious", ["MAL-2026-1"]),
        (Entry("PyPI", "evil.thing", "1.0.2"), "unreported", []),
        (Entry("PyPI", "evil.thing", "", wanted="<2"), "possible", ["MAL-2026-1"]),
        (Entry("PyPI", "evil.thing", "", wanted=">1.0.1"), "unreported", []),
        (Entry("PyPI", "good", "1.0"), "unreported", []),
        (Entry("npm", "evil", "0.0.1"), "malicious", ["MAL-2026-2"]),
        (Entry("npm", "evil", ""), "malicious", ["MAL-2026-2"]),
        (Entry("npm", "Evil", "1.0.0"), "unreported", []),
        (Entry("PyPI", "hashed", "1", hashes=(f"sha256:{DIGEST}",)), "malicious", ["MAL-2026-3"]),
        (Entry("PyPI", "hashed", "1", hashes=("sha256:00",)), "unreported", []),
        (Entry("Git", "https://github.com/O/evil", "c0ffee"), "possible", ["MAL-2026-4"]),
        (Entry("Git", "ssh://git@github.com/o/good.git", "c0ffee"), "unreported", []),
        (Entry("", "here", "", origin="./here"), "unchecked", []),
        (Entry("purl", "pkg:npm/evil@1.0.0"), "malicious", ["MAL-2026-2"]),
        (Entry("purl", "pkg:pypi/evil-thing"), "possible", ["MAL-2026-1"]),
        (Entry("purl", "pkg:golang/example.com/evil@v1.0.0"), "malicious", ["MAL-2026-5"]),
        (Entry("purl", "pkg:deb/debian/evil@1"), "unchecked", []),
        (Entry("purl", "pkg:swift/evil@1"), "unchecked", []),
        (Entry("purl", "nonsense"), "unchecked", []),
    ],
    ids=str,
)
def test_an_entry_is_judged(store: Database, entry: Entry, verdict: str, ids: list[str]) -> None:
    found = judged(entry, store)
    assert (found.verdict.value, [one.id for one in found.reports]) == (verdict, ids)
    assert found.verdict is Verdict.UNREPORTED or found.reason


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with lock files, one of them bad, and some that are nobody's own."""
    (tmp_path / "requirements.txt").write_text("# pins\ngood==1\n-r dev/more.txt\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "more.txt").write_text("Evil-Thing==1.0.1\n")
    lock = {"lockfileVersion": 3, "packages": {"node_modules/evil": {"version": "1.0.0"}}}
    for place in (tmp_path / "web", tmp_path / "node_modules" / "x"):
        place.mkdir(parents=True)
        (place / "package-lock.json").write_text(json.dumps(lock, indent=1))
    return tmp_path


def run(file: Path, *args: object) -> Result:
    return CliRunner().invoke(biopsy, ["check", "--database", str(file), *map(str, args)])


def test_a_folder_is_searched_but_not_what_is_installed_in_it(file: Path, project: Path) -> None:
    done = run(file, "-q", project, "--format", "json")
    assert done.exit_code == 1
    held = json.loads(done.stdout)
    assert [Path(f["path"]).relative_to(project).as_posix() for f in held["files"]] == [
        "requirements.txt", "web/package-lock.json",
    ]  # fmt: skip
    bad = [e for f in held["files"] for e in f["entries"] if e["verdict"] == "malicious"]
    assert [(e["name"], e["line"], e.get("path"), e["reports"][0]["id"]) for e in bad] == [
        ("Evil-Thing", 1, "dev/more.txt", "MAL-2026-1"), ("evil", 4, None, "MAL-2026-2"),
    ]  # fmt: skip
    assert bad[0]["reports"][0]["sources"] == ["lab"]
    assert held["counts"] == {"malicious": 2, "possible": 0, "unchecked": 0, "unreported": 1}


def test_the_table_says_which_line_why_and_where_to_read_on(file: Path, project: Path) -> None:
    shown = run(file, "-q", project / "web" / "package-lock.json").stdout
    assert "4  malicious  evil (npm)  1.0.0  MAL-2026-2" in shown
    assert "Malicious code in evil (npm) (reported by lab)" in shown
    assert "https://reports.example/2" in shown
    assert shown.endswith("1 package checked: 1 malicious\n")


def test_sarif_has_lines_and_a_rule_for_each_report(file: Path, project: Path) -> None:
    done = run(file, "-q", project, "-o", project / "out.sarif")
    assert done.exit_code == 1
    (made,) = json.loads((project / "out.sarif").read_text())["runs"]
    places = [r["locations"][0]["physicalLocation"] for r in made["results"]]
    assert [(Path(p["artifactLocation"]["uri"]).name, p["region"]["startLine"]) for p in places] == [
        ("more.txt", 1), ("package-lock.json", 4),
    ]  # fmt: skip
    rules = made["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in made["results"]] == ["MAL-2026-1", "MAL-2026-2"]
    assert made["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["pkg:npm/evil@1"], 1),
        (["pkg:npm/evil@1", "--fail-on", "never"], 0),
        (["pkg:npm/good@1"], 0),
        (["pkg:pypi/evil-thing"], 0),
        (["pkg:pypi/evil-thing", "--fail-on", "possible"], 1),
        (["pkg:swift/x@1"], 0),
        (["pkg:swift/x@1", "--fail-on", "unchecked"], 1),
        (["bad.lock"], 2),
        (["bad.lock", "pkg:npm/evil@1"], 1),
    ],
)
def test_the_exit_status_says_how_bad_it_is(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.lock").write_text("what is this?")
    assert run(file, "-q", *args).exit_code == status


@pytest.mark.parametrize("args", [["nowhere.txt"], ["."]])
def test_nothing_to_check_is_an_error_of_one_line(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(file, *args)
    assert done.exit_code == 2
    assert done.stderr.startswith("biopsy: no ")
    assert done.stderr.count("\n") == 1


def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(file: Path, project: Path) -> None:
    (project / "poetry.lock").write_text("[[package]\n")
    done = run(file, "-q", project, "--format", "sarif")
    (made,) = json.loads(done.stdout)["runs"]
    assert len(made["results"]) == 2
    (told,) = made["invocations"][0]["toolExecutionNotifications"]
    assert "poetry.lock: no TOML" in told["message"]["text"]


def test_hostile_names_cannot_drive_the_terminal(file: Path, tmp_path: Path) -> None:
    lock = {"lockfileVersion": 3, "packages": {"node_modules/\x1b[2Jx\u202e": {"version": "1\r2\ud800"}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    for form in ("text", "json", "sarif"):
        shown = run(file, "-q", "--all", tmp_path, "--format", form).stdout
        assert "\x1b" not in shown
        assert "\r" not in shown


def test_what_is_installed_is_read_without_running_it(store: Database, tmp_path: Path) -> None:
    place = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    for name, version, more in (
        ("Evil.Thing", "1.0.0", ""),
        ("good", "1", ""),
        ("mine", "0", "file:///mine"),
    ):
        info = place / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no\n"
        )
        if more:
            (info / "direct_url.json").write_text(json.dumps({"url": more, "dir_info": {}}))
    (made,) = check([str(tmp_path / "env")], store)
    assert {c.entry.name: c.verdict.value for c in made.checked} == {
        "Evil.Thing": "malicious", "good": "unreported", "mine": "unchecked",
    }  # fmt: skip


def test_node_modules_are_read_with_scopes_and_under_both_names(store: Database, tmp_path: Path) -> None:
    for path, name in (("@s/a", "@s/a"), ("alias", "evil"), ("@s/a/node_modules/evil", "lies")):
        place = tmp_path / "node_modules" / path
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0"}))
    (tmp_path / "node_modules" / "broken").mkdir()
    (tmp_path / "node_modules" / "broken" / "package.json").write_text("{")
    (made,) = check([str(tmp_path / "node_modules")], store)
    assert [(c.entry.name, c.entry.path) for c in made.checked if c.verdict is Verdict.MALICIOUS] == [
        ("evil", "alias/package.json"), ("evil", "@s/a/node_modules/evil/package.json"),
    ]  # fmt: skip


def test_the_environment_of_these_tests_holds_no_malicious_package(store: Database) -> None:
    folder = Path(jsonschema.__file__).parents[1]
    (made,) = check([str(folder)], store)
    names = {c.entry.name.lower() for c in made.checked}
    assert {"pytest", "jsonschema", "click"} <= names
    assert not [c for c in made.checked if c.verdict is Verdict.MALICIOUS]


def test_a_lock_file_of_2000_packages_takes_little_time(store: Database, tmp_path: Path) -> None:
    import time

    packages = {
        f"node_modules/p-{n}": {"version": f"1.0.{n}", "integrity": "sha512-AA=="} for n in range(2000)
    }
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2))
    began = time.process_time()
    (made,) = check([str(path)], store)
    assert len(made.checked) == 2000
    assert time.process_time() - began < 0.5
