"""The release directory as a TUF repository, with consistent snapshots (TUF specification 1.0, section 6).

Every file of the directory is a target under its own path. `tuf/metadata/` has what is signed, and
`tuf/targets/` each file once more under its hash, as a hard link: what clients of TUF ask for. Everybody else
takes the plain files.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from biopsy.errors import UsageError
from biopsy.reports.signing.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, Signing
from biopsy.reports.signing.store import KEPT, Store

FOLDER = "tuf"
MAX_TARGETS_FILE = 5_000_000  # bytes of targets.json: what python-tuf's client reads at most
MAX_TARGETS = 20_000
WARN = 30  # days before root ends that one is told

_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@ /-]{1,500}")


@dataclass(frozen=True, slots=True)
class Release:
    """What was signed: how many files, the versions of each role, until when; `warning` says what is due."""

    files: int
    versions: dict[str, int]
    expires: datetime
    warning: str = ""


def sign(stage: Path, store: Store, settings: Signing, at: datetime, before: Path | None = None) -> Release:
    """Sign all that a directory holds, and put what clients of TUF need into it.

    Call it when everything else is written, before others see the directory. `before` is the release that
    this one takes the place of: what a client that is half through with that may still ask for is kept.
    Raises UsageError where keys are missing or root has ended.
    """
    with store.alone():
        return _sign(stage, store, settings, at, before)


def _sign(stage: Path, store: Store, settings: Signing, at: datetime, before: Path | None) -> Release:
    root = store.root()
    if root.expires <= at:
        raise UsageError(f"root ended on {root.expires:%Y-%m-%d}: `biopsy reports keys renew` signs it anew")
    for name, data in store.public().items():
        path = stage / "keys" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    named = {path: TargetFile.from_file(path, str(stage / path), ["sha256"]) for path in _files(stage)}
    targets = _targets(store, settings, at, named)
    snapshot = _snapshot(store, settings, at, targets)
    timestamp = _timestamp(store, settings, at, snapshot)
    _lay(stage, store, targets, before)
    _prune(store)
    made = {ROOT: root, TARGETS: targets, SNAPSHOT: snapshot, TIMESTAMP: timestamp}
    soon = root.expires - at < timedelta(days=WARN)
    warning = f"root ends on {root.expires:%Y-%m-%d}: `biopsy reports keys renew`" if soon else ""
    expires = min(one.expires for one in made.values())
    return Release(len(named), {name: one.version for name, one in made.items()}, expires, warning)


def _files(stage: Path) -> Iterator[str]:
    count = 0
    for folder, names, held in os.walk(stage):
        here = Path(folder)
        names[:] = sorted(n for n in names if here / n != stage / FOLDER)
        for name in sorted([*held, *(n for n in names if (here / n).is_symlink())]):
            path = (here / name).relative_to(stage).as_posix()
            if (here / name).is_symlink() or not _PATH.fullmatch(path):
                raise UsageError(f"{path}: cannot be signed: a link, or a name that is no plain address")
            count += 1
            if count > MAX_TARGETS:
                raise UsageError(f"{stage}: more than {MAX_TARGETS:,} files: clients would refuse the list")
            yield path


def _targets(store: Store, settings: Signing, at: datetime, named: dict[str, TargetFile]) -> Targets:
    held = _newest(store, TARGETS)
    if held is not None and held.signed.targets == named and _lasts(store, settings, TARGETS, held, at):
        old: Targets = held.signed
        return old
    made = Targets(version=_following(held), expires=_until(settings, TARGETS, at), targets=named)
    _put(store, f"{made.version}.{TARGETS}.json", TARGETS, made)
    return made


def _snapshot(store: Store, settings: Signing, at: datetime, targets: Targets) -> Snapshot:
    held = _newest(store, SNAPSHOT)
    meta = {f"{TARGETS}.json": _meta(store, f"{targets.version}.{TARGETS}.json", targets.version)}
    if held is not None and held.signed.meta == meta and _lasts(store, settings, SNAPSHOT, held, at):
        old: Snapshot = held.signed
        return old
    made = Snapshot(version=_following(held), expires=_until(settings, SNAPSHOT, at), meta=meta)
    _put(store, f"{made.version}.{SNAPSHOT}.json", SNAPSHOT, made)
    return made


def _timestamp(store: Store, settings: Signing, at: datetime, snapshot: Snapshot) -> Timestamp:
    name = f"{TIMESTAMP}.json"
    held = store.read(name) if (store.metadata / name).is_file() else None
    meta = _meta(store, f"{snapshot.version}.{SNAPSHOT}.json", snapshot.version)
    if (
        held is not None
        and held.signed.snapshot_meta == meta
        and _lasts(store, settings, TIMESTAMP, held, at)
    ):
        old: Timestamp = held.signed
        return old
    made = Timestamp(version=_following(held), expires=_until(settings, TIMESTAMP, at), snapshot_meta=meta)
    _put(store, name, TIMESTAMP, made)
    return made


def _meta(store: Store, name: str, version: int) -> MetaFile:
    return MetaFile.from_data(version, (store.metadata / name).read_bytes(), ["sha256"])


def _newest(store: Store, role: str) -> Metadata[Any] | None:
    found = store.versions(role)
    return store.read(f"{found[-1]}.{role}.json") if found else None


def _following(held: Metadata[Any] | None) -> int:
    return int(held.signed.version) + 1 if held else 1


def _until(settings: Signing, role: str, at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(days=settings.role(role).days)


def _lasts(store: Store, settings: Signing, role: str, held: Metadata[Any], at: datetime) -> bool:
    """Whether what is signed still counts, and will for half of its time at least."""
    left = held.signed.expires - at
    days = timedelta(days=settings.role(role).days)
    return days / 2 <= left <= days and store.trusts(role, held)


def _put(store: Store, name: str, role: str, signed: Targets | Snapshot | Timestamp) -> None:
    made: Metadata[Any] = Metadata(signed)
    for signer in store.signers(role):
        made.sign(signer, append=True)
    data = made.to_bytes(JSONSerializer(compact=True))
    if role == TARGETS and len(data) > MAX_TARGETS_FILE:
        raise UsageError(
            f"{name}: {len(data):,} bytes, and clients read {MAX_TARGETS_FILE:,}: too many files"
        )
    store.put(name, data)


def _lay(stage: Path, store: Store, targets: Targets, before: Path | None) -> None:
    """Put what is signed, and each file under its hash, into the directory."""
    here = stage / FOLDER
    if here.exists():
        shutil.rmtree(here)
    (here / "metadata").mkdir(parents=True)
    names = [f"{version}.{ROOT}.json" for version in store.versions(ROOT)]
    for role in (TARGETS, SNAPSHOT):
        names += [f"{version}.{role}.json" for version in store.versions(role)[-KEPT:]]
    for name in [*names, f"{TIMESTAMP}.json"]:
        (here / "metadata" / name).write_bytes((store.metadata / name).read_bytes())
    for path, info in targets.targets.items():
        _link(stage / path, here / TARGETS / info.get_prefixed_paths()[0])
    if before is not None:
        for version in store.versions(TARGETS)[-KEPT:-1]:
            for info in store.read(f"{version}.{TARGETS}.json").signed.targets.values():
                path = info.get_prefixed_paths()[0]
                old = before / FOLDER / TARGETS / path
                if old.is_file() and not (here / TARGETS / path).exists():
                    _link(old, here / TARGETS / path)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one that has no links
        shutil.copyfile(source, target)


def _prune(store: Store) -> None:
    for role in (TARGETS, SNAPSHOT):
        for version in store.versions(role)[:-KEPT]:
            (store.metadata / f"{version}.{role}.json").unlink()


__all__ = ["FOLDER", "Release", "sign"]
