"""Outline: what a dossier is about in a few words, for whoever keeps an index of all of them.

Of what is packed, outlines are asked of the tables, a partition at a time; of what has landed they are made
of the file. Names and hosts are escaped, as in the tables.
"""
# ruff: noqa: S608 - names of our files are put into the SQL; values never are

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from biopsy.model.behaviour import escape
from biopsy.model.dossier import Call, Level
from biopsy.model.run import Status
from biopsy.warehouse.engine import lent, listed
from biopsy.warehouse.judgement import Found, Judgement
from biopsy.warehouse.ledger import File, Ledger
from biopsy.warehouse.places import host
from biopsy.warehouse.wire import Stored

MAX_HOSTS = 200
"""Hosts of one outline."""

MAX_HASHES = 200
"""Hashes of files, of one outline."""

_AT_ONCE = 500
_TOOL = "tool"
_ENDED = frozenset({Status.COMPLETED.value, "skipped"})


class Outline(msgspec.Struct, frozen=True):
    """A dossier in a few words. `hosts` and `hashes` are of what the package did, not its tools.

    `unfinished` are phases that did not complete: `laptop/install timed-out`.
    """

    run_id: str
    ecosystem: str
    name: str
    version: str
    created: str
    filename: str
    artifact: str
    size: int
    sha256: str
    duration_s: float
    static_only: bool
    complete: bool
    behaviours: int
    against: str = ""
    kinds: dict[str, int] = {}
    hosts: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


class Piece(msgspec.Struct, frozen=True):
    """What came to one partition with some packs, and the files that it stands in."""

    ecosystem: str
    day: str
    packs: tuple[str, ...]
    files: tuple[File, ...]

    @property
    def partition(self) -> str:
        """The partition, as a word."""
        return f"{self.ecosystem}/{self.day}"


def of_stored(stored: Stored) -> Outline:
    """Outline a dossier in its stored form."""
    kinds: Counter[str] = Counter()
    hosts: dict[str, None] = {}
    for one in stored.behaviours:
        kind, _, rest = one.text.partition(" ")
        kinds[kind] += 1
        if one.by.value != _TOOL and (found := host(kind, rest.rpartition(" @ ")[0])):
            hosts.setdefault(found)
    hashes = dict.fromkeys(c.sha256 for c in stored.changes if c.sha256 and c.by.value != _TOOL)
    made = stored.artifact
    return Outline(
        stored.run_id,
        stored.release.ecosystem,
        escape(stored.release.name),
        escape(stored.release.version),
        stored.created,
        escape(made.filename),
        made.kind,
        made.size,
        made.sha256,
        stored.duration_s,
        stored.static_only,
        all(watch.complete for watch in stored.watches),
        len(stored.behaviours),
        stored.against,
        dict(kinds),
        tuple(sorted(hosts))[:MAX_HOSTS],
        tuple(sorted(hashes))[:MAX_HASHES],
        tuple(
            f"{o.profile}/{o.phase} {o.status.value}" for o in stored.outcomes if o.status.value not in _ENDED
        ),
    )


class Outliner:
    """Reads what is packed below the folder of a warehouse."""

    def __init__(self, root: Path) -> None:
        """Read below `root`; it need not exist."""
        self._root, self._ledger = root, Ledger(root)

    def pieces(self, known: Collection[tuple[str, str]]) -> tuple[Piece, ...]:
        """What came since `known`: (partition, pack) each; the oldest day first."""
        files = sorted(self._ledger.live(), key=_partition)
        made = []
        for (day, ecosystem), some in groupby(files, key=_partition):
            held = tuple(some)
            packs = {leaf for file in held for leaf in file.leaves}
            new = tuple(sorted(pack for pack in packs if (f"{ecosystem}/{day}", pack) not in known))
            if new:
                chosen = tuple(file for file in held if not set(new).isdisjoint(file.leaves))
                made.append(Piece(ecosystem, day, new, chosen))
        return tuple(made)

    def packs(self) -> set[tuple[str, str]]:
        """Every (partition, pack) there is."""
        return {
            (f"{file.ecosystem}/{file.day}", leaf) for file in self._ledger.live() for leaf in file.leaves
        }

    def outlines(self, piece: Piece) -> Iterator[tuple[str, Outline]]:
        """The dossiers of a piece, each with the pack that it came with."""
        if not _has(piece, "dossiers"):
            return
        asked = _OUTLINES.format(
            dossiers=self._source(piece, "dossiers"),
            behaviours=self._source(piece, "behaviours"),
            files=self._source(piece, "files"),
            phases=self._source(piece, "phases"),
        )
        for pack, *row, kinds, hosts, hashes, unfinished in self._rows(asked, piece):
            counted = {one["kind"]: one["n"] for one in kinds or ()}
            lists = (tuple(one or ()) for one in (hosts, hashes, unfinished))
            yield pack, Outline(*row, counted, *lists)  # type: ignore[call-arg]

    def judgements(self, piece: Piece) -> Iterator[Judgement]:
        """The judgements of a piece, without their evidence."""
        if not _has(piece, "verdicts"):
            return
        asked = _JUDGEMENTS.format(
            verdicts=self._source(piece, "verdicts"), findings=self._source(piece, "findings")
        )
        for *head, call, reason, because, categories, classes, published, found in self._rows(asked, piece):
            yield Judgement(  # type: ignore[call-arg]
                *head,
                Call(call),
                reason,
                tuple(because),
                tuple(categories),
                tuple(classes or ()),
                tuple(map(_found, found or ())),
                published or "",
            )

    def _rows(self, query: str, piece: Piece) -> Iterator[tuple[Any, ...]]:
        with lent() as con:
            asked = con.cursor().execute(query, [list(piece.packs)])
            while some := asked.fetchmany(_AT_ONCE):
                yield from some

    def _source(self, piece: Piece, table: str) -> str:
        from biopsy.warehouse.tables import columns  # noqa: PLC0415 - only where there is something to read

        types = {"pack": "VARCHAR", **columns(table)}
        empty = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in types.items())
        paths = [str(self._root / file.path) for file in piece.files if file.table == table]
        if not paths:
            return f"(SELECT {empty} WHERE false)"
        read = f"read_parquet({listed(paths)}, union_by_name=true, hive_partitioning=false)"
        return f"(SELECT {empty} WHERE false UNION ALL BY NAME FROM {read})"


def _partition(file: File) -> tuple[str, str]:
    return file.day, file.ecosystem


def _has(piece: Piece, table: str) -> bool:
    return any(file.table == table for file in piece.files)


def _found(one: dict[str, Any]) -> Found:
    return Found(
        one["rule"],
        one["title"],
        one["category"],
        Level(one["severity"]),
        Level(one["confidence"]),
        one["status"],
        one["convicts"],
        tuple(one["attack"] or ()),
        triggers=tuple(one["triggers"] or ()),
    )


_OUTLINES = f"""
WITH new AS (SELECT unnest($1) AS pack),
d AS (SELECT * FROM {{dossiers}} WHERE pack IN (FROM new)),
b AS (
  SELECT pack, run_id, kind, count(*) AS n,
    list(DISTINCT host) FILTER (host IS NOT NULL AND actor <> '{_TOOL}') AS hosts
  FROM {{behaviours}} WHERE pack IN (FROM new) GROUP BY ALL
),
k AS (
  SELECT pack, run_id, list({{{{'kind': kind, 'n': n}}}}) AS kinds,
    list_sort(list_distinct(flatten(list(hosts) FILTER (hosts IS NOT NULL))))[:{MAX_HOSTS}] AS hosts
  FROM b GROUP BY ALL
),
f AS (
  SELECT pack, run_id, list_sort(list(DISTINCT sha256))[:{MAX_HASHES}] AS hashes
  FROM {{files}} WHERE pack IN (FROM new) AND actor <> '{_TOOL}' AND sha256 <> '' GROUP BY ALL
),
p AS (
  SELECT pack, run_id,
    list(profile || '/' || phase || ' ' || status ORDER BY profile, phase) AS unfinished
  FROM {{phases}} WHERE pack IN (FROM new) AND NOT list_contains({listed(sorted(_ENDED))}, status)
  GROUP BY ALL
)
SELECT d.pack, d.run_id, d.ecosystem, d.name, d.version,
  coalesce(strftime(d.created, '%Y-%m-%dT%H:%M:%SZ'), ''), d.filename, d.artifact, d.size,
  d.sha256, d.duration_s, d.static_only, d.complete, d.behaviours,
  d.against, k.kinds, k.hosts, f.hashes, p.unfinished
FROM d LEFT JOIN k USING (pack, run_id) LEFT JOIN f USING (pack, run_id) LEFT JOIN p USING (pack, run_id)
"""

_JUDGEMENTS = """
WITH new AS (SELECT unnest($1) AS pack),
v AS (SELECT * FROM {verdicts} WHERE pack IN (FROM new)),
f AS (
  SELECT pack, run_id, judged, rules, list({{
    'rule': rule, 'title': title, 'category': category, 'severity': severity, 'confidence': confidence,
    'status': status, 'convicts': convicts, 'attack': attack, 'triggers': triggers
  }}) AS found FROM {findings} WHERE pack IN (FROM new) GROUP BY ALL
)
SELECT v.run_id, v.ecosystem, v.name, v.version, v.sha256,
  coalesce(strftime(v.created, '%Y-%m-%dT%H:%M:%SZ'), ''),
  coalesce(strftime(v.judged, '%Y-%m-%dT%H:%M:%SZ'), ''), v.rules, v.call, v.reason, v.because,
  v.categories, v.classes,
  strftime(v.published, '%Y-%m-%dT%H:%M:%SZ'), f.found
FROM v LEFT JOIN f ON f.pack = v.pack AND f.run_id = v.run_id AND f.rules = v.rules
  AND f.judged IS NOT DISTINCT FROM v.judged
"""

__all__: Sequence[str] = ("Outline", "Outliner", "Piece", "of_stored")
