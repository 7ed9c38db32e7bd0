"""Formats are found by their files."""

import pytest
import sample

from biopsy.errors import UsageError
from biopsy.formats import by_name, names
from biopsy.formats.views.contacts import hosts


def test_every_module_is_a_format_with_an_ending_and_a_document() -> None:
    assert set(names()) >= {"text", "json", "html", "sarif"}
    for name in names():
        assert by_name(name).ENDING.startswith(".")
        assert by_name(name).render(sample.malicious()).endswith("\n")


def test_a_name_that_is_none_is_the_users_mistake() -> None:
    with pytest.raises(UsageError, match="no such format: 'pdf'"):
        by_name("pdf")


def test_hosts_are_told_worst_first_and_names_with_data_in_them_stand_below_their_host() -> None:
    found = hosts(sample.malicious().dossier)
    assert [host.name for host in found] == [
        "collector.example",
        "cdn.collector.example",
        "169.254.169.254",
        "203.0.113.9",
    ]
    assert "bnbw2x3tnfwxk3dborswi.t.collector.example" in found[0].names
    assert len(found[0].leaks) == 6
    assert found[1].remote
