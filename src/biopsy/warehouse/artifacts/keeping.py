"""What of the artifact store may be removed, and when: retention by verdict, and holds that stop everything.

A hold is a paper of its own beside the artifact, one for each reason (a case, a request of the police): as
long as one stands, nothing removes the artifact, whoever asks. Holds stand against ourselves only; for a
store that not even its owner can empty, use the bucket's own object lock as well.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from biopsy.errors import UsageError
from biopsy.model.dossier import Call
from biopsy.model.regex import regex
from biopsy.warehouse.artifacts import SHA256, Artifacts, Entry, StoreError, key, troubled

LEAST = timedelta(days=2)
"""No retention is shorter: whoever puts an artifact again relies on it for a day (`RENEWED`)."""

MAX_HOLD = 16 * 1024
"""Largest paper of a hold, in bytes."""

_BROKEN_OFF = regex(r"#\d+\Z")  # as obstore names what is not there yet
_NAME = regex(r"[a-z0-9][a-z0-9._-]{0,79}")


class Retention(msgspec.Struct, frozen=True):
    """How many days an artifact stays after it was last put, by the latest verdict on it; None: for ever.

    `unjudged` is what no verdict is known of here, which may only mean that another machine knows it.
    """

    malicious: int | None = None
    suspicious: int | None = None
    benign: int | None = 365
    unknown: int | None = 365
    unjudged: int | None = None

    def lasts(self, call: Call | None) -> timedelta | None:
        """How long what was judged so stays; None: for ever."""
        days: int | None = getattr(self, call.value if call else "unjudged")
        return None if days is None else max(timedelta(days=days), LEAST)


class Hold(msgspec.Struct, frozen=True):
    """Why an artifact may not be removed. `until` is a date (RFC 3339), empty: until somebody lifts it."""

    sha256: str
    name: str
    reason: str
    by: str
    at: str
    until: str = ""

    def stands(self, at: datetime) -> bool:
        """Whether it still holds; one whose date cannot be read does."""
        try:
            end = datetime.fromisoformat(self.until)
        except ValueError:
            return True
        return at < (end if end.tzinfo else end.replace(tzinfo=at.tzinfo))


class Swept(msgspec.Struct, frozen=True):
    """What was decided of one artifact; `why` is the rule that removes it, or what keeps it (`kept`)."""

    sha256: str
    stored: int
    removed: bool
    why: str
    kept: bool = False


def hold(artifacts: Artifacts, asked: Hold) -> None:
    """Put a hold on an artifact, stored or not yet; one of that name is replaced."""
    import obstore  # noqa: PLC0415 - an extra

    if asked.until:
        try:
            datetime.fromisoformat(asked.until)
        except ValueError as err:
            raise UsageError(f"not a date, as in 2031-04-01: {asked.until!r}") from err
    paper = msgspec.json.encode(asked)
    if len(paper) > MAX_HOLD:
        raise UsageError(f"the reason of a hold has at most {MAX_HOLD >> 10} KiB")
    with troubled(artifacts.root):
        obstore.put(artifacts.store, _paper(asked.sha256, asked.name), paper)


def lift(artifacts: Artifacts, sha256: str, name: str) -> None:
    """Take a hold off an artifact; UsageError where there is none of that name."""
    import obstore  # noqa: PLC0415

    paper = _paper(sha256, name)
    with troubled(artifacts.root):
        try:
            obstore.head(artifacts.store, paper)
        except (obstore.exceptions.NotFoundError, FileNotFoundError) as err:
            raise UsageError(f"no hold {name!r} is on the artifact {sha256}") from err
        obstore.delete(artifacts.store, paper)


def holds(artifacts: Artifacts, sha256: str = "") -> Iterator[Hold]:
    """Every hold there is, or those on one artifact; a paper that cannot be read counts as a hold."""
    import obstore  # noqa: PLC0415

    key(sha256) if sha256 else ""
    for meta in artifacts.listed(f"holds/{sha256}/" if sha256 else "holds/"):
        whose, _, name = meta["path"].removeprefix("holds/").rpartition("/")
        name = name.removesuffix(".json")
        if not SHA256.fullmatch(whose):
            continue
        try:
            with troubled(artifacts.root):
                paper = bytes(
                    obstore.get_range(
                        artifacts.store, meta["path"], start=0, length=min(meta["size"], MAX_HOLD)
                    )
                )
            found = msgspec.json.decode(paper, type=Hold)
            yield msgspec.structs.replace(found, sha256=whose, name=name)
        except (StoreError, msgspec.DecodeError, UnicodeDecodeError):
            yield Hold(whose, name, "its paper cannot be read", "", "")


def sweep(
    artifacts: Artifacts,
    retention: Retention,
    at: datetime,
    judged: Callable[[str], Call | None],
    *,
    remove: bool,
) -> Iterator[Swept]:
    """Say of each artifact that has outlived its retention what becomes of it, and remove it if told.

    A hold is looked for anew right before an artifact goes, and so is its age: one that was put again since
    the list was made stays.
    """
    for entry in artifacts.entries():
        call = judged(entry.sha256)
        lasts = retention.lasts(call)
        if lasts is None or at - entry.at <= lasts:
            continue
        if standing := next((one for one in holds(artifacts, entry.sha256) if one.stands(at)), None):
            yield Swept(entry.sha256, entry.stored, removed=False, why=f"held by {standing.name}", kept=True)
            continue
        why = f"{call or 'unjudged'}, {(at - entry.at).days} days old"
        if remove and not _removed(artifacts, entry):
            yield Swept(entry.sha256, entry.stored, removed=False, why="put again just now", kept=True)
        else:
            yield Swept(entry.sha256, entry.stored, removed=remove, why=why)


def tidy(artifacts: Artifacts, at: datetime) -> int:
    """Remove what was being written to a disk when its writer was killed; return how many.

    Nothing that is younger than any retention is touched: somebody may be writing it. Buckets clear up alone.
    """
    from obstore.store import LocalStore  # noqa: PLC0415

    if not isinstance(artifacts.store, LocalStore) or artifacts.store.prefix is None:
        return 0
    removed = 0
    for path in Path(artifacts.store.prefix).glob("*/*/*#*"):
        try:
            if (
                _BROKEN_OFF.search(path.name)
                and at.timestamp() - path.stat().st_mtime > LEAST.total_seconds()
            ):
                path.unlink()
                removed += 1
        except OSError:
            continue  # somebody else removed it
    return removed


def _removed(artifacts: Artifacts, entry: Entry) -> bool:
    import obstore  # noqa: PLC0415

    with troubled(artifacts.root):
        try:
            if obstore.head(artifacts.store, key(entry.sha256))["last_modified"] != entry.at:
                return False
            obstore.delete(artifacts.store, key(entry.sha256))
        except (obstore.exceptions.NotFoundError, FileNotFoundError):
            pass  # somebody else removed it
    return True


def _paper(sha256: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"a hold is named with small letters, digits, dots and dashes, not {name!r}")
    key(sha256)
    return f"holds/{sha256}/{name}.json"
