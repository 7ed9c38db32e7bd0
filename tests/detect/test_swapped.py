"""Whose account the clipboard holds after a run."""

from pathlib import Path

import pytest

from biopsy.detect import decide, load, match
from biopsy.detect.swapped import swapped
from biopsy.model.behaviour import Behaviour
from biopsy.model.dossier import Call, Dossier
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Change, FileChange

OWN = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
SEEN = (
    "process.does clipboard-swap @ pay.py:9 (call)",
    f"code.wallet BTC {OWN} @ pay.py:3 (import)",
    "canary.read clipboard @ laptop/execute#4",
    "file.write /home/ada/.local/share/clipboard @ laptop/execute#6",
)


def _dossier(holds: str, *texts: str, profile: str = "laptop") -> Dossier:
    change = FileChange(profile, "/home/ada/.local/share/clipboard", Change.CHANGED, len(holds), "", holds)
    artifact = Artifact("thing-1.0.tgz", "tgz", Path("thing-1.0.tgz"), 0, "")
    seen = tuple(Behaviour.parse(text) for text in texts)
    return Dossier("", Release("npm", "thing", "1.0"), artifact, seen, (), changes=(change,))


def test_an_account_of_the_package_on_the_clipboard_is_told_where_it_was_put_there() -> None:
    (one,) = swapped(_dossier(f"{OWN}\n", *SEEN))
    assert str(one) == f"code.wallet clipboard BTC {OWN} @ laptop/execute#6"


def test_who_swaps_accounts_is_convicted() -> None:
    dossier = _dossier(OWN, *SEEN)
    verdict = decide(match(load(), dossier), dossier)
    assert verdict.call is Call.MALICIOUS
    assert "collection/clipboard-account-swapped" in verdict.because


@pytest.mark.parametrize(
    "dossier",
    [
        _dossier("", *SEEN),
        _dossier("a password", *SEEN),
        _dossier(OWN, *SEEN[2:]),
        _dossier(OWN, *SEEN, profile="github-actions"),
    ],
    ids=["cleared", "something else", "not in the package", "another run"],
)
def test_nothing_is_told_of_what_is_not_an_account_of_the_package(dossier: Dossier) -> None:
    assert not list(swapped(dossier))
