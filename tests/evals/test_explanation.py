"""What a verdict rests on points at the payload: the right file and line, in every simulant that reading finds.

`!! ` in a scenario marks the lines of its payload. What a run shows is told by process and phase instead; there
`make eval` compares the phase with the one that the scenario names.
"""

from pathlib import Path

import pytest
from evals.build import build
from evals.scenario import Binary, Scenario, scenarios

from biopsy.model.behaviour import Behaviour, InFile
from biopsy.model.dossier import Analysis
from biopsy.pipeline import Options, analyze
from thorough import often

NEAR = 3
"""Lines between what is executed and the marked line: an expression may begin above it."""

MALICIOUS = [one for one in scenarios() if one.malicious]
FIRST = [one for one in MALICIOUS if one.ecosystem in ("pypi", "npm")]
OTHERS = [one for one in MALICIOUS if one not in FIRST]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explanation")


def payload(scenario: Scenario) -> dict[str, frozenset[int]]:
    """The files of the payload, each with its lines in the built package; none means the whole file."""
    found: dict[str, frozenset[int]] = {}
    for path, entry in scenario.files.items():
        if isinstance(entry, Binary):
            if entry.data != entry.twin:
                found[path] = frozenset()
            continue
        number, marked, others = 0, set(), 0
        for line in entry.splitlines(keepends=True):
            mark = line.rstrip("\n").split(" ")[0]
            if mark == "??":
                continue
            length = max(scenario.fill(line.removeprefix("!! ")).count("\n"), 1)
            if mark == "!!":
                marked |= set(range(number + 1, number + length + 1))
            others += mark != "!!"
            number += length
        if marked:
            found[path] = frozenset(marked) if others else frozenset()
    return found


def points_at(behaviour: Behaviour, scenario: Scenario, lines: dict[str, frozenset[int]]) -> bool:
    where = behaviour.where
    if not isinstance(where, InFile):
        return False
    path = where.path.partition("!/")[0]  # a member of an archive stands in the file that carries it
    if scenario.artifact == "jar" and path.startswith("META-INF/maven/") and path.endswith("/pom.xml"):
        path = "pom.xml"  # which the builder puts where a jar has it, with the same lines
    if path not in lines:  # what the builder writes from the scenario's own fields has no marked lines
        made = path.endswith(("METADATA", "PKG-INFO", "entry_points.txt"))
        archive = scenario.archive.shadow or scenario.archive.unlisted
        return bool(made and (scenario.payload_requires or scenario.payload_entry_points)) or bool(archive)
    manifest = where.line == 0 and behaviour.kind.family == "pkg"
    return manifest or not lines[path] or any(abs(where.line - line) <= NEAR for line in lines[path])


def analysed(scenario: Scenario, home: Path) -> Analysis:
    path = build(scenario, home / scenario.id)
    (analysis,) = analyze(str(path), Options(home, static_only=True, against="none"), lambda *_: None)
    return analysis


@pytest.mark.parametrize("scenario", [*FIRST, *OTHERS[:: often(3, 1)]], ids=lambda one: one.id)
def test_what_a_verdict_rests_on_points_at_the_payload(scenario: Scenario, home: Path) -> None:
    analysis = analysed(scenario, home)
    lines = payload(scenario)
    for finding in analysis.findings:
        read = [b for b in finding.evidence if isinstance(b.where, InFile)]
        if finding.rule in analysis.verdict.because and read:
            assert any(points_at(b, scenario, lines) for b in read), (finding.rule, list(map(str, read)))


@pytest.mark.parametrize("scenario", MALICIOUS[::8], ids=lambda one: one.id)
def test_a_finding_names_lines_that_the_file_has(scenario: Scenario, home: Path) -> None:
    contents = scenario.contents(payload=True)
    for finding in analysed(scenario, home).findings:
        for where in (b.where for b in finding.evidence):
            if isinstance(where, InFile) and where.path in contents:
                assert where.line <= contents[where.path].count(b"\n") + 1
