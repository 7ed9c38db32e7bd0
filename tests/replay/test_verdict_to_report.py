"""From a verdict to a report: policy decides, and a name in wide use always waits for a person."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from biopsy.model.dossier import Analysis, Call, Verdict
from biopsy.pipeline import verdicts
from biopsy.pipeline.follow.policy import Do, Policies
from biopsy.pipeline.verdicts import Filed
from biopsy.reports import ledger
from biopsy.reports.database import Database

_SPEC = importlib.util.spec_from_file_location(
    "analysis_sample", Path(__file__).parents[1] / "formats/sample.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
sample: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(sample)

NOW = "2026-11-22T12:00:00Z"
PUBLISH = "reports:\n  - do: publish\n    verdict: [malicious]\n    because: proof is proof\n"

File = Callable[[Analysis], Filed]


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], File]:
    """Files analyses as such a policy says."""

    def of(text: str) -> File:
        (tmp_path / "policy").mkdir(exist_ok=True)
        (tmp_path / "policy/npm.yml").write_text(text)
        policies = Policies(tmp_path)
        return lambda analysis: verdicts.file(analysis, policies, tmp_path / "reports.db", NOW)

    return of


def renamed(name: str, **artifact: Any) -> Analysis:
    """The malicious sample under another name."""
    one: Analysis = sample.malicious()
    dossier = replace(
        one.dossier,
        release=replace(one.dossier.release, name=name),
        artifact=replace(one.dossier.artifact, **artifact),
    )
    return replace(one, dossier=dossier)


def waiting(home: Path) -> list[tuple[str, str, str]]:
    held = Database(home / "reports.db", create=True)
    try:
        return [(row["name"], row["state"], row["reason"]) for row in held.waiting(10)]
    finally:
        held.close()


def published(home: Path) -> dict[str, str]:
    held = Database(home / "reports.db", create=True)
    try:
        return {p.name: str(r.get("id")) for p, state, r in held.documents() if state == "published"}
    finally:
        held.close()


def test_the_shipped_policy_drafts_what_is_malicious(tmp_path: Path) -> None:
    filed = verdicts.file(sample.malicious(), Policies(tmp_path), tmp_path / "reports.db", NOW)
    assert (filed.do, str(filed)) == (Do.DRAFT, "drafted")
    assert [row[:2] for row in waiting(tmp_path)] == [("@sim/palette", "review")]
    assert not published(tmp_path)


@pytest.mark.parametrize("call", [Call.SUSPICIOUS, Call.BENIGN, Call.UNKNOWN])
def test_nothing_else_is_drafted_even_if_a_policy_says_so(
    policy: Callable[[str], File], tmp_path: Path, call: Call
) -> None:
    file = policy("reports:\n  - do: publish\n    because: all of it\n")
    filed = file(replace(sample.malicious(), verdict=Verdict(call, "")))
    assert (filed.do, str(filed)) == (Do.NOTHING, "")
    assert not (tmp_path / "reports.db").exists()


def test_a_policy_may_publish_at_once(policy: Callable[[str], File], tmp_path: Path) -> None:
    filed = policy(PUBLISH)(sample.malicious())
    assert filed.do is Do.PUBLISH
    assert published(tmp_path) == {"@sim/palette": filed.id}
    assert str(filed) == f"published {filed.id}" == "published MAL-2026-1"


def test_a_name_in_wide_use_waits_whatever_the_policy_says(
    policy: Callable[[str], File], tmp_path: Path
) -> None:
    filed = policy(PUBLISH)(renamed("lodash", verified=True))
    assert (filed.do, filed.because) == (Do.WAIT, verdicts.POPULAR)
    assert waiting(tmp_path) == [("lodash", "review", verdicts.POPULAR)]
    assert not published(tmp_path)


def test_a_file_that_no_registry_vouches_for_waits(policy: Callable[[str], File], tmp_path: Path) -> None:
    filed = policy(PUBLISH)(renamed("quiet-thing", verified=False))
    assert (filed.do, str(filed)) == (Do.WAIT, f"waits: {verdicts.UNVERIFIED}")
    assert not published(tmp_path)


def test_doing_it_twice_changes_nothing(policy: Callable[[str], File], tmp_path: Path) -> None:
    file = policy(PUBLISH)
    first, second = file(sample.malicious()), file(sample.malicious())
    assert (first.known, second.known, str(second)) == (False, True, "drafted before")
    assert list(published(tmp_path).values()) == [first.id]


def test_two_files_of_a_release_are_one_report_with_both_hashes(
    policy: Callable[[str], File], tmp_path: Path
) -> None:
    file = policy(PUBLISH)
    for number, name in enumerate(("thing-1.tgz", "thing-2.tgz")):
        file(renamed("quiet-thing", filename=name, sha256=f"{number}" * 64, verified=True))
    held = Database(tmp_path / "reports.db")
    ((_, state, report),) = held.documents()
    held.close()
    known = {one["sha256"] for one in report["database_specific"]["malware"]["artifacts"]}
    assert (state, known) == ("published", {"0" * 64, "1" * 64})


def test_what_a_person_withdrew_is_not_published_again(policy: Callable[[str], File], tmp_path: Path) -> None:
    file = policy(PUBLISH)
    file(sample.malicious())
    held = Database(tmp_path / "reports.db")
    ledger.withdraw(held, ledger.find(held, ["npm/@sim/palette"]), ledger.act("ada", "test: one of ours"))
    held.close()
    one = sample.malicious()
    again = file(replace(one, dossier=replace(one.dossier, run_id="20261122-130000-00000000")))
    assert again.do is Do.WAIT
    assert not published(tmp_path)


def test_what_stands_of_ours_is_told(policy: Callable[[str], File], tmp_path: Path) -> None:
    database = tmp_path / "reports.db"
    assert not verdicts.standing(sample.malicious(), database)
    policy("reports:\n  - {do: draft, because: look}\n")(sample.malicious())
    assert verdicts.standing(sample.malicious(), database) == "drafted"
    policy(PUBLISH)(renamed("quiet-thing", verified=True))
    assert verdicts.standing(renamed("quiet-thing", verified=True), database) == "published"
    assert not verdicts.standing(renamed("other-thing"), database)
