"""Names of git repositories: the URLs and scp-like forms that people write, and the one form we keep."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

_SCHEMES = frozenset({"http", "https", "ssh", "git"})
_SCP = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:@\s\[\]]+):(?P<path>[^\s]+)")
_PAIRS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})
_HALF = frozenset({"gitee.com", "gitee.cn"})


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a repository is. `scheme` is empty for the scp-like form `user@host:path`."""

    scheme: str
    user: str
    host: str
    port: int | None
    path: str

    def text(self) -> str:
        """The repository as one writes it."""
        user = f"{self.user}@" if self.user else ""
        if not self.scheme:
            return f"{user}{self.host}:{self.path}"
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{self.host}{port}/{self.path}"


def parse(text: str) -> Repository | None:
    """Take apart a URL or scp-like form; None where it is neither."""
    if any(c.isspace() or ord(c) < 32 for c in text):
        return None
    if "://" in text:
        return _url(text)
    match = _SCP.fullmatch(text)
    if match is None or match["path"].startswith("/"):
        return None
    return Repository("", match["user"] or "", match["host"], None, match["path"])


def _url(text: str) -> Repository | None:
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return None
    path = url.path.strip("/")
    if url.scheme.lower() not in _SCHEMES or not url.hostname or not path:
        return None
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return Repository(url.scheme.lower(), url.username or "", host, port, path)


def canonical(text: str) -> str:
    """The form in which the same repository is always written; what names no repository stays as it is."""
    found = parse(text)
    if found is None:
        return text
    known = _known(replace(found, host=found.host.lower()))
    return known.text() if known else text


def valid(text: str) -> bool:
    """Whether a text names a repository that can be: at a host that we know, one of its form."""
    found = parse(text)
    return found is not None and _known(replace(found, host=found.host.lower())) is not None


def _known(found: Repository) -> Repository | None:
    parts = found.path.removesuffix("/").removesuffix(".git").split("/")
    if found.host in _PAIRS | _HALF:
        if len(parts) != 2 or not all(parts):
            return None
        owner, name = parts[0].lower(), parts[1].lower() if found.host in _PAIRS else parts[1]
        return Repository("https", "", found.host, None, f"{owner}/{name}.git")
    if found.host.endswith(".googlesource.com"):
        return Repository("https", "", found.host, None, parts[0]) if len(parts) == 1 else None
    return found


def stored(text: str) -> str:
    """The form that names a folder: host and path, without scheme, `git@` and `.git`."""
    found = parse(canonical(text))
    if found is None:
        return text
    user = f"{found.user}@" if found.user and found.user != "git" else ""
    port = f":{found.port}" if found.port else ""
    return f"{user}{found.host}{port}/{found.path.removesuffix('.git')}"
