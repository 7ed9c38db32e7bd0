"""GitHub's REST API, for what a workflow would fetch: the commit behind a ref, and its archive."""

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from biopsy.ecosystems import asking, order
from biopsy.ecosystems.github import versions
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import UsageError
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_TAGS = 500
"""Most tags that are read, a hundred a page."""


class _Who(msgspec.Struct):
    date: str = ""
    email: str = ""


class _Inner(msgspec.Struct):
    committer: _Who | None = None


class _Commit(msgspec.Struct):
    sha: str
    commit: _Inner = msgspec.field(default_factory=_Inner)
    author: Any = None


class _Tag(msgspec.Struct):
    name: str


class _Latest(msgspec.Struct):
    tag: str = msgspec.field(default="", name="tag_name")


class _Repository(msgspec.Struct):
    description: Any = None
    homepage: Any = None
    page: Any = msgspec.field(default=None, name="html_url")
    branch: str = msgspec.field(default="main", name="default_branch")
    archived: bool = False
    license: Any = None


def endpoint() -> Endpoint:
    """Give the API of this machine's GitHub, with its token; the token goes nowhere else."""
    url = os.environ.get("GITHUB_API_URL") or asking.public("github")
    token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN") or ""
    return Endpoint(
        "github",
        asking.address("GitHub Actions", url, "set GITHUB_API_URL"),
        f"Bearer {token}" if token else "",
    )


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find the commit of a ref; an empty one is the newest release, or the default branch."""
    root = f"{endpoint.url}repos/{release.name}"
    about = f"action {release.name}"
    held: _Repository = asking.document(client, endpoint, root, _Repository, about)
    tags = _tags(client, endpoint, root)
    newest = _latest(client, endpoint, root) or next(
        (tag for tag in reversed(tags) if not versions.prerelease(tag)), ""
    )
    ref = release.version or newest or held.branch
    try:
        found = asking.document(
            client, endpoint, f"{root}/commits/{quote(ref, safe='')}", _Commit, f"{about}@{ref}"
        )
    except UsageError as error:
        near = ", ".join(tags[:-6:-1]) or held.branch
        raise UsageError(f"{about} has no {ref}; there are, among others: {near}") from error
    exact = Release("github", release.name, ref)
    when = found.commit.committer.date if found.commit.committer else ""
    published = tuple(Published(tag, (when or None) if tag == ref else None) for tag in tags)
    filename = f"{release.name.replace('/', '-')}-{found.sha}.tar.gz"
    return Listing(
        exact,
        (Remote(filename, f"{root}/tarball/{found.sha}", "action", uploaded=when or None),),
        published,
        Facts(
            _text(held.description),
            _text(held.homepage),
            _text(held.page),
            _text(held.license.get("spdx_id")) if isinstance(held.license, dict) else "",
            newest=newest,
            status="archived" if held.archived else "",
        ),
        previous=order.previous(published, ref, versions.prerelease),
    )


def _tags(client: "httpx.Client", endpoint: Endpoint, root: str) -> list[str]:
    found: list[str] = []
    for page in range(1, MAX_TAGS // 100 + 1):
        body = asking.perhaps(client, endpoint, f"{root}/tags?per_page=100&page={page}")
        try:
            some = msgspec.json.decode(body, type=list[_Tag]) if body else []
        except (msgspec.DecodeError, UnicodeDecodeError):
            break
        found += [tag.name for tag in some]
        if len(some) < 100:
            break
    return sorted(found, key=versions.key)


def _latest(client: "httpx.Client", endpoint: Endpoint, root: str) -> str:
    body = asking.perhaps(client, endpoint, f"{root}/releases/latest")
    try:
        return msgspec.json.decode(body, type=_Latest).tag if body else ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _text(value: object) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""
