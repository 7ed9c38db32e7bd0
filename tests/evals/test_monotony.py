"""Adding files never lowers a verdict. Their order: benign, unknown < suspicious < malicious.

Benign and unknown stand together: unknown is benign with a gap, and reading more files closes no gap.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from evals.build import build
from evals.run import look, prepare
from evals.scenario import Scenario, scenarios
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thorough import often

ORDER = {"benign": 0, "unknown": 0, "suspicious": 1, "malicious": 2}
ALL = list(scenarios())
MALICIOUS = [scenario for scenario in ALL if scenario.malicious]
MANIFESTS = {
    *("setup.py", "pyproject.toml", "package.json", "binding.gyp", "Cargo.toml", "build.rs", "composer.json"),
    *("extconf.rb", "Rakefile", "go.mod", "pom.xml", "MANIFEST.MF", "action.yml", "action.yaml"),
}
"""What says of a package what it is and does: no file among others, and so never added."""
INNOCENT = {
    ecosystem: sorted(
        {
            (f"{number}/{path}", data)
            for number, scenario in enumerate(ALL)
            if scenario.ecosystem == ecosystem
            for path, data in scenario.contents(payload=not scenario.malicious).items()
            if path.rpartition("/")[2] not in MANIFESTS and not path.endswith((".pth", ".gemspec", ".nuspec"))
        }
    )
    for ecosystem in {scenario.ecosystem for scenario in MALICIOUS}
}
BEFORE: dict[str, int] = {}


def rank(scenario: Scenario, folder: Path, added: Mapping[str, bytes]) -> int:
    """Return the rank of a simulant's verdict, read with files added."""
    path = build(
        scenario, folder, edit=lambda files: {p: data for p, data in added.items() if p not in files} | files
    )
    seen = look(path, prepare(folder / "home"))
    assert seen.verdict != "error", seen.reason
    return ORDER[seen.verdict]


@settings(max_examples=often(15, 40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_adding_innocent_files_never_lowers_a_verdict(data: st.DataObject) -> None:
    scenario = data.draw(st.sampled_from(MALICIOUS), label="scenario")
    files = data.draw(st.lists(st.sampled_from(INNOCENT[scenario.ecosystem]), max_size=30), label="files")
    folder = data.draw(st.sampled_from(("lib", "aaa", "zzz/deep", "tests", "docs")), label="folder")
    with tempfile.TemporaryDirectory() as temporary:
        if scenario.id not in BEFORE:
            BEFORE[scenario.id] = rank(scenario, Path(temporary), {})
        added = {f"{folder}/{path}": text for path, text in files}
        assert rank(scenario, Path(temporary), added) >= BEFORE[scenario.id]
