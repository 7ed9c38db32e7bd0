"""Whether a report is right: the OSV schema, compiled once, and every rule of `checks`; with where and why.

A report of the directory layout is held to its place, too. What is no JSON object is a fault like any other:
nothing here raises for what a report holds.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources
from pathlib import Path, PurePosixPath
from typing import Any

from biopsy.errors import BiopsyError
from biopsy.reports import naming
from biopsy.reports.checks import Fault, checks, held, objects, pointer, text
from biopsy.reports.claim import OWN
from biopsy.reports.record import MAX_BYTES, RecordError, Report, decode

MAX_FAULTS = 100  # of one report; what is beyond is not told
MAX_WHY = 240  # characters of why
STEP = 500  # files that one worker checks at a time

TREES = frozenset({"malicious", "withdrawn", "unmergable"})
"""The folders that reports stand in."""

_PENDING = "MAL-0000-"


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, by its path or package, and what is wrong with it."""

    name: str
    faults: tuple[Fault, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong but what is only warned of."""
        return all(fault.warning for fault in self.faults)


def check(report: Report) -> tuple[Fault, ...]:
    """All that is wrong with a report, wherever it stands."""
    found = [*_schema_faults(report)]
    for group in checks():
        found += group(report)
    return tuple(found[:MAX_FAULTS])


def check_bytes(name: str, data: bytes, *, placed: bool = False) -> Checked:
    """Check the bytes of a report; `placed` where `name` is its path in the directory layout."""
    try:
        report = decode(data)
    except RecordError as error:
        return Checked(name, (Fault(error.code, "", str(error)[:MAX_WHY]),))
    return Checked(name, (*check(report), *(placement(name, report) if placed else ())))


def check_files(at: Path, files: Sequence[Path]) -> list[Checked]:
    """Check files of the directory layout; `at` is where its trees begin. What they hold raises nothing."""
    made = []
    for file in files:
        name = file.relative_to(at).as_posix()
        try:
            with file.open("rb") as opened:
                data = opened.read(MAX_BYTES + 1)
        except OSError as error:
            made.append(Checked(name, (Fault("unreadable", "", str(error.strerror or error)),)))
        else:
            made.append(check_bytes(name, data, placed=True))
    return made


def check_many(at: Path, files: Sequence[Path]) -> Iterator[list[Checked]]:
    """The same for many files, some at a time and in order, on every processor where that pays."""
    some = [files[n : n + STEP] for n in range(0, len(files), STEP)]
    workers = min(len(os.sched_getaffinity(0)), len(some) // 2)
    if workers < 2:
        yield from (check_files(at, part) for part in some)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - few need it, and it is slow to import
    from functools import partial  # noqa: PLC0415

    check({})  # compiles the schemas before the workers are made of this process
    with ProcessPoolExecutor(workers) as pool:
        try:
            yield from pool.map(partial(check_files, at), some)
        finally:
            pool.shutdown(cancel_futures=True)


@cache
def _schema(name: str) -> Any:
    """A compiled schema of ours."""
    try:
        rs: Any = import_module("jsonschema_rs")
    except ImportError as error:
        raise BiopsyError("checking reports needs jsonschema-rs: pip install 'biopsy[reports]'") from error
    held = resources.files("biopsy").joinpath("schema", name).read_text(encoding="utf-8")
    return rs.validator_for(json.loads(held))


def _schema_faults(report: Report) -> Iterator[Fault]:
    osv = _schema("osv-1.7.5.json")
    if not osv.is_valid(report):
        yield from _told("schema", osv, report, ())
    ours = held(report, "database_specific").get("malware")
    if ours is not None:
        yield from _told("malware", _schema("report-1.json"), ours, ("database_specific", "malware"))


def _told(code: str, schema: Any, value: Any, at: tuple[str, ...]) -> Iterator[Fault]:
    for count, error in enumerate(schema.iter_errors(value)):
        if count == MAX_FAULTS:
            return
        yield Fault(code, pointer(*at, *error.instance_path), str(error.message)[:MAX_WHY])


def placement(path: str, report: Report) -> Iterator[Fault]:
    """What is wrong with where a report stands: `[osv/]malicious/npm/thing/MAL-2026-1.json`."""
    parts = path.split("/")
    tree = next((n for n, part in enumerate(parts) if part in TREES), None)
    own, (stem, _, ending) = text(report, "id"), parts[-1].rpartition(".")
    if ending != "json":
        yield Fault("file-ending", "", f"{parts[-1][:80]}: a report is a .json file")
    yield from _identity(stem, own)
    if tree is None:
        yield Fault("file-place", "", f"stands in none of {', '.join(sorted(TREES))}")
        return
    package = held(next((one for _, one in objects(report, "affected")), {}), "package")
    name = text(package, "name") or _repository(report)
    folder = naming.folder(text(package, "ecosystem"), name) if name else ""
    mine = "/".join(parts[tree + 1 : -1])
    if folder and mine != folder:
        yield Fault("file-place", "", f"stands in {mine}, belongs into {folder}")
    withdrawn = bool(text(report, "withdrawn"))
    if parts[tree] == "withdrawn" and not withdrawn:
        yield Fault("withdrawn-missing", "/withdrawn", "stands among the withdrawn, and does not say when")
    if parts[tree] == "malicious" and withdrawn:
        yield Fault("withdrawn-place", "/withdrawn", "is withdrawn, and stands among those that are not")


def _identity(stem: str, own: str) -> Iterator[Fault]:
    pending = stem.startswith(_PENDING)
    if own and not re.fullmatch(r"[A-Z]+-[0-9]{4}-[0-9]+", own) and not pending:
        yield Fault("id-form", "/id", f"{own[:40]!r} is not of the form MAL-2026-1")
    elif own and not OWN.fullmatch(own) and not pending:
        yield Fault("id-prefix", "/id", f"{own[:40]!r}: ids of this database begin with MAL-")
    if pending and own:
        yield Fault("id-early", "/id", f"a file {_PENDING}… has no id yet")
    elif not pending and not own:
        yield Fault("id-none", "/id", f"without an id, the file's name begins with {_PENDING}")
    elif not pending and stem != own:
        yield Fault("file-name", "", f"is called {stem[:60]}, and its id is {own[:60]}")


def _repository(report: Report) -> str:
    for _, about in objects(report, "affected"):
        for _, span in objects(about, "ranges"):
            if repo := text(span, "repo"):
                return naming.canonical("Git", repo)
    return ""


class Between:
    """What is wrong between reports of one folder: an id that two have, a package with two reports."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._ids: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def check(self, one: Checked) -> Checked:
        """The same, and what is wrong with it beside those that came before; by path, so in one tree."""
        place = PurePosixPath(one.name)
        if place.stem.startswith(_PENDING) or not OWN.fullmatch(place.stem):
            return one
        folder = "/".join(place.parent.parts[1:])  # malicious and withdrawn are one here
        faults = []
        if self._ids.setdefault(place.stem, one.name) != one.name:
            why = f"{place.stem} is the id of {self._ids[place.stem]}, too"
            faults.append(Fault("id-twice", "/id", why))
        if self._folders.setdefault(folder, one.name) != one.name:
            faults.append(Fault("package-twice", "", f"{self._folders[folder]} is on the same package"))
        return Checked(one.name, (*one.faults, *faults)) if faults else one
