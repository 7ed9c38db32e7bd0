"""Several machines, one warehouse: files and commits go to an object store, and come from it.

Nobody asks anybody: a commit only adds files, and which of them count follows from all commits (`ledger`).
Files go first and commits after them, so that whoever reads a commit finds what it names; what comes in is
compared with its sha256 before it counts here.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.warehouse.ledger import LOG, MAX_COMMIT, Commit, File, Ledger, checked, settle
from biopsy.warehouse.opening import SCHEMES, object_store
from biopsy.warehouse.pack import alone

MAX_FILE = 8 * 1024**3
"""Bytes of one Parquet file that we take in."""

Progress = Callable[[str, float | None], None]


class Synced(msgspec.Struct, frozen=True):
    """What went there, and what came from there."""

    sent: int = 0
    received: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0


class Mirror:
    """A warehouse on this machine and its like in an object store."""

    def __init__(self, root: Path, url: str, progress: Progress | None = None) -> None:
        """Bring `root` and `url` together: file:, s3:, gs:, az:; UsageError for any other."""
        if "://" not in url:  # a word that was meant for something else shall not become a folder
            raise UsageError(f"no object store: {url} (one of {', '.join(SCHEMES)}://)")
        self._store = object_store(url)
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        self.ledger = Ledger(root)
        self._broken: type[Exception] = BaseError
        self._progress = progress or (lambda _text, _done: None)

    def sync(self) -> Synced:
        """Send what is not there and take in what is not here; UsageError where the store fails."""
        with alone(self.ledger.root):
            try:
                received = self._receive()
                sent = self._send()
            except (self._broken, OSError) as err:
                raise UsageError(f"the object store failed: {err}") from err
        return Synced(len(sent), len(received), sum(f.size for f in sent), sum(f.size for f in received))

    def _names(self, prefix: str) -> set[str]:
        import obstore  # noqa: PLC0415

        return {meta["path"] for page in obstore.list(self._store, prefix=prefix) for meta in page}

    def _receive(self) -> list[File]:
        here = {f"{LOG}/{one.id}.json" for one in self.ledger.commits()}
        commits = [self._commit(name) for name in sorted(self._names(LOG) - here)]
        wanted = {file.path: file for commit in commits for file in commit.files}
        live = {file.path for file in self._all_live(commits)}
        got = [file for path, file in sorted(wanted.items()) if path in live and self._missing(file)]
        for number, file in enumerate(got):
            self._progress(f"receiving {file.path}", number / len(got))
            self._take(file)
        for commit in commits:
            if any(file.path in live for file in commit.files):  # else it was made one with others
                self.ledger.write(commit)
        return got

    def _all_live(self, commits: list[Commit]) -> tuple[File, ...]:
        from biopsy.warehouse.ledger import live  # noqa: PLC0415 - the name is taken here

        return live(file for one in (*self.ledger.commits(), *commits) for file in one.files)

    def _missing(self, file: File) -> bool:
        return not (self.ledger.root / file.path).exists()

    def _commit(self, name: str) -> Commit:
        import obstore  # noqa: PLC0415

        found = obstore.get(self._store, name)
        if found.meta["size"] > MAX_COMMIT:
            raise UsageError(f"{name} in the store is larger than a commit may be ({MAX_COMMIT} bytes)")
        return checked(bytes(found.bytes()), name)

    def _take(self, file: File) -> None:
        import obstore  # noqa: PLC0415

        path, whole, size = self.ledger.root / file.path, hashlib.sha256(), 0
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        try:
            with partial.open("wb") as out:
                for chunk in obstore.get(self._store, file.path).stream():
                    size += len(chunk)
                    if size > MAX_FILE:
                        raise UsageError(f"{file.path} is larger than a file may be ({MAX_FILE} bytes)")
                    whole.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            if whole.hexdigest() != file.sha256:
                raise UsageError(f"{file.path} in the store is not what its commit says: its sha256 differs")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        settle(path.parent)

    def _send(self) -> list[File]:
        import obstore  # noqa: PLC0415

        known = self._names(LOG)
        commits = [one for one in self.ledger.commits() if f"{LOG}/{one.id}.json" not in known]
        there = {
            name for table in {f.table for one in commits for f in one.files} for name in self._names(table)
        }
        live = {file.path for file in self.ledger.live()}
        files = {f.path: f for one in commits for f in one.files if f.path in live and f.path not in there}
        for number, file in enumerate(files.values()):
            self._progress(f"sending {file.path}", number / len(files))
            with (self.ledger.root / file.path).open("rb") as source:
                obstore.put(self._store, file.path, source)
        for one in commits:
            obstore.put(self._store, f"{LOG}/{one.id}.json", msgspec.json.encode(one))
        return list(files.values())
