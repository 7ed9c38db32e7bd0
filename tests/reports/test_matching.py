"""Which versions a report affects, in every ecosystem."""

from typing import Any

import pytest

from biopsy.reports.matching import covers


def spans(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"ranges": [{"type": kind, "events": list(events)}]}


LISTED = {"versions": ["1.0.0"]}
ALL = spans({"introduced": "0"})


@pytest.mark.parametrize(
    ("ecosystem", "about", "version", "affected"),
    [
        ("PyPI", LISTED, "1.0", True),
        ("PyPI", LISTED, "1.0.1", False),
        ("PyPI", ALL, "99", True),
        ("PyPI", spans({"introduced": "1.0"}, {"fixed": "1.2"}), "1.2", False),
        ("PyPI", spans({"introduced": "1.0"}, {"fixed": "1.2"}), "1.2rc1", True),
        ("PyPI", {"versions": ["what.ever"]}, "what-ever", True),
        ("npm", spans({"introduced": "0"}, {"last_affected": "1.2.3"}, kind="SEMVER"), "1.2.3", True),
        ("npm", spans({"introduced": "0"}, {"last_affected": "1.2.3"}, kind="SEMVER"), "1.2.4", False),
        ("npm", spans({"fixed": "2.0.0"}, {"introduced": "1.0.0"}, {"introduced": "3.0.0"}), "2.5.0", False),
        ("npm", spans({"fixed": "2.0.0"}, {"introduced": "1.0.0"}, {"introduced": "3.0.0"}), "3.5.0", True),
        ("npm", spans({"introduced": "1.0.0-beta"}, {"fixed": "1.0.0"}), "1.0.0-rc.1", True),
        ("npm", spans({"introduced": "0"}, kind="GIT"), "1.0.0", False),
        ("npm", {"versions": ["1.0.0"]}, "v1.0.0", True),
        ("crates.io", LISTED, "1.0.0+build", True),
        ("RubyGems", spans({"introduced": "1.0.a"}, {"fixed": "1.0"}), "1.0.b", True),
        ("NuGet", {"versions": ["1.0.0.0"]}, "1.0", True),
        ("Maven", spans({"introduced": "1.0-alpha"}, {"fixed": "1.0"}), "1.0-rc1", True),
        ("Maven", spans({"introduced": "1.0-alpha"}, {"fixed": "1.0"}), "1.0-sp1", False),
        ("Packagist", {"versions": ["v1.0"]}, "1.0", True),
        ("Go", spans({"introduced": "0"}, {"fixed": "1.5.0"}, kind="SEMVER"), "v1.4.0", True),
        ("GitHub Actions", {"versions": ["v4.1.0"]}, "v4-1-0", True),
        ("VSCode", LISTED, "1.0.0", True),
        ("npm", {"versions": None, "ranges": None}, "1.0.0", False),
        ("npm", {"ranges": [{"type": "SEMVER", "events": [{"introduced": None}, None, {}]}]}, "1.0.0", False),
    ],
)
def test_a_version_is_affected_where_the_report_says_so(
    ecosystem: str, about: dict[str, Any], version: str, affected: bool
) -> None:
    assert covers(about, ecosystem, version) is affected
