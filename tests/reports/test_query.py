"""Questions in the words of OSV's API."""

from typing import Any

import pytest

from biopsy.reports.claim import Package
from biopsy.reports.query import QueryError, parse


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "no query provided"),
        ({}, "no query provided"),
        ({"commit": "xyz"}, "invalid hash"),
        ({"package": {}}, "invalid query"),
        ({"package": {"name": ""}}, "invalid query"),
        ({"package": {"name": "x"}}, "invalid query"),
        ({"package": {"name": "x", "ecosystem": "nowhere"}}, "invalid ecosystem"),
        ({"package": {"purl": "pkg:npm/x", "name": "x"}}, "name specified in a PURL query"),
        ({"package": {"purl": "pkg:npm/x", "ecosystem": "npm"}}, "ecosystem specified in a PURL query"),
        ({"version": "1", "package": {"purl": "pkg:npm/x@1"}}, "version specified in params and PURL query"),
        ({"package": {"name": "x", "ecosystem": "npm"}, "page_token": "!"}, "invalid cursor"),
        ({"package": {"name": "x" * 5000, "ecosystem": "npm"}}, "invalid name"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_the_words_of_the_api(body: Any, message: str) -> None:
    with pytest.raises(QueryError, match=f"^{message}"):
        parse(body)


@pytest.mark.parametrize(
    ("body", "package", "version"),
    [
        ({"package": {"name": "Foo.Bar", "ecosystem": "PyPI"}}, Package("PyPI", "foo-bar"), ""),
        ({"package": {"purl": "pkg:npm/%40a/B@1.0.0", "name": None}}, Package("npm", "@a/B"), "1.0.0"),
        ({"package": {"purl": "pkg:maven/g/a"}, "version": "1"}, Package("Maven", "g:a"), "1"),
        ({"package": {"purl": "pkg:golang/example.com/x/y#z"}}, Package("Go", "example.com/x/y/z"), ""),
        ({"package": {"purl": "pkg:vscode/Pub/Ext"}}, Package("VSCode", "pub.ext"), ""),
    ],
)
def test_a_package_is_found_by_name_and_by_purl(body: Any, package: Package, version: str) -> None:
    query = parse(body)
    assert (query.package, query.version) == (package, version)


def test_a_purl_of_an_unknown_kind_is_answered_with_a_warning() -> None:
    query = parse({"package": {"purl": "pkg:nowhere/x@1"}})
    assert query.package is None
    assert "nowhere" in query.warning
