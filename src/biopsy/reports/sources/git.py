"""Records in a git repository: what changed since the commit that was read last (needs `biopsy[reports]`)."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from biopsy.reports import outbound
from biopsy.reports.intake import Convert
from biopsy.reports.record import MAX_BYTES
from biopsy.reports.sources import Batch, Object, Settings, SourceError, batches

if TYPE_CHECKING:
    from dulwich.repo import Repo

MAX_FILES = 5_000_000
_HEAD = "commit"


class Git:
    """Keeps a bare copy of one branch, and reads the files that a commit added or changed.

    A history that was rewritten is read from its start: what is here already is told by its bytes. A file
    that was deleted takes nothing back: a source withdraws a record by saying so in it.
    """

    kind = "git"
    options = frozenset({"branch"})
    convert: Convert | None = None

    def read(self, settings: Settings, cursors: Mapping[str, str]) -> Iterator[Batch]:
        """Yield files that are new since the cursor, then the commit as the cursor."""
        try:
            import dulwich  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise SourceError("git sources need dulwich: install biopsy[reports]") from error
        url = settings.place
        local = Path(url).is_dir()
        if not local:
            host = urlsplit(outbound.target(url, private=settings.private))
            outbound.resolve(host.hostname or "", host.port or 443, private=settings.private)
        branch = settings.options.get("branch", "main")
        repo = _fetched(url, branch, settings.home)
        try:
            head = repo.refs[_ref(f"refs/remotes/origin/{branch}")]
            start = cursors.get(_HEAD, "").encode()
            if head != start:
                yield from batches(_files(repo, start, head, settings.prefixes))
                yield Batch([], {_HEAD: head.decode()})
        finally:
            repo.close()


def _ref(name: str) -> Any:
    return name.encode()


def _fetched(url: str, branch: str, home: Path) -> "Repo":
    from dulwich.client import get_transport_and_path  # noqa: PLC0415
    from dulwich.repo import Repo  # noqa: PLC0415

    folder = home / hashlib.sha256(f"{url}\n{branch}".encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        repo = Repo(str(folder)) if (folder / "HEAD").is_file() else Repo.init_bare(str(folder))
        client, path = get_transport_and_path(url)
        name = _ref(f"refs/heads/{branch}")

        def wanted(refs: Mapping[Any, Any], depth: int | None = None) -> list[Any]:  # noqa: ARG001
            return [refs[name]] if name in refs and refs[name] not in repo.object_store else []

        found = client.fetch(path, repo, determine_wants=wanted).refs
        head = found.get(name)
        if head is not None:
            repo.refs[_ref(f"refs/remotes/origin/{branch}")] = head
    except Exception as error:  # dulwich raises errors of many libraries
        raise SourceError(f"{url}: cannot be fetched: {type(error).__name__}: {error}") from error
    if head is None:
        raise SourceError(f"{url}: no branch {branch!r}")
    return repo


def _files(repo: "Repo", start: bytes, head: Any, prefixes: tuple[str, ...]) -> Iterator[Object]:
    from dulwich.diff_tree import tree_changes  # noqa: PLC0415

    store = repo.object_store
    before = getattr(repo[start], "tree", None) if start and start in repo else None
    count = 0
    for change in tree_changes(store, before, getattr(repo[head], "tree", None)):
        new = change.new
        if new is None or new.path is None or new.sha is None or (new.mode or 0) & 0o170000 != 0o100000:
            continue
        path = new.path.decode("utf-8", "replace")
        name = path.rpartition("/")[2]
        if not name.endswith(".json") or name.startswith(".") or not path.startswith(prefixes):
            continue
        count += 1
        if count > MAX_FILES:
            raise SourceError(f"more than {MAX_FILES:,} files")
        yield path, bytes(store[new.sha].as_raw_string())[: MAX_BYTES + 1]


READER = Git()
