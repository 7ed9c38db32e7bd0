"""Where a package that is of no registry comes from: one of git is not the registry's of that name."""

import re

from biopsy.model.check import GIT, Entry

_HOSTED = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_SHORT = re.compile(r"(github|gitlab|bitbucket):([^#/\s]+/[^#\s]+)")
_ARCHIVE = re.compile(r"https?://codeload\.github\.com/([^/]+/[^/]+)/(?:legacy\.)?(?:tar\.gz|zip)/(.+)")
_WITHIN = re.compile(r"\.{0,2}/|[A-Za-z]:\\|file:|link:|portal:|workspace:")
_GIT = re.compile(r"git\+|git://|git@|ssh://|git:")
_PART = re.compile(r"(?:commit|head|branch|tag)=([^&]*)")


def repository(url: str) -> tuple[str, str] | None:
    """The repository that a URL means and the commit after its `#`; None where it is no git repository's."""
    if archive := _ARCHIVE.fullmatch(url.partition("#")[0]):
        return f"https://github.com/{archive[1]}", archive[2]
    if short := _SHORT.match(url):
        return f"https://{_HOSTED[short[1]]}/{short[2]}", url.partition("#")[2]
    place, _, commit = url.partition("#")
    if not _GIT.match(place) and not place.partition("?")[0].endswith(".git"):
        return None
    if part := _PART.search(commit):
        commit = part[1]
    return place.removeprefix("git+").partition("?")[0], commit


def within(url: str) -> bool:
    """Whether it is a folder or file of the project itself."""
    return _WITHIN.match(url) is not None


def elsewhere(name: str, version: str, url: str, line: int = 0) -> Entry:
    """The entry of what comes from a URL: a repository, or something that nothing is known of."""
    if held := repository(url):
        return Entry(GIT, held[0], held[1], line, origin=url)
    return Entry("", name, version, line, origin=url)
