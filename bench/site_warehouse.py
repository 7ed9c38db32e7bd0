"""A warehouse for `bench.site`: a dossier for each analysis of its index, packed as real ones are.

What each dossier holds is that of one of 144 models: kept dossiers of homes on this machine, from the
smallest to the largest, or made ones (`bench.replay`) where there are none. Id, package, version, time, hash
and what it was compared with are its own. The versions of a package share a model, and models lie beside
each other in a file, so that it packs into little room; what a reader unpacks is of full size.
"""

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from biopsy.errors import BiopsyError
from biopsy.model.release import Release
from biopsy.warehouse import landing, parquet, rows
from biopsy.warehouse.engine import connect
from biopsy.warehouse.ledger import Commit, File, Ledger
from biopsy.warehouse.tables import columns
from biopsy.warehouse.wire import Stored, store
from biopsy.web.site.index.file import place, writing

MODELS = 144  # as many as the made names have beginnings
LARGEST = 3  # models that are the largest there are
MIDDLE, TAIL = '"behaviours":[', ',"created":"@CREATED@"'
OWN = ("run_id", "name", "version", "sha256", "against")

_HEADS = """
SELECT run_id, e.text AS ecosystem, p.name, a.version, strftime('%Y-%m-%d', created, 'unixepoch') AS day,
  strftime('%Y-%m-%dT%H:%M:%SZ', created, 'unixepoch') AS created, sha256,
  coalesce(lag(run_id) OVER (PARTITION BY a.package ORDER BY created, a.id), 'none') AS against,
  p.name AS word
FROM analyses a JOIN packages p ON p.id = a.package JOIN words e ON e.id = a.ecosystem
"""

_HEAD = (
    """'{pack}' AS pack, ecosystem, day::DATE AS day, run_id, name, version, created::TIMESTAMP AS created"""
)


def warehouse(home: Path, sources: Sequence[Path], most: int) -> None:
    """Write the warehouse of a home whose index is there; so many behaviours of each as rows."""
    began = time.monotonic()
    found = chosen(sources)
    con, ledger = connect(threads=1, memory="6GB"), Ledger(home / "warehouse")
    ledger.root.mkdir(parents=True, exist_ok=True)
    _models(con, found, most, home / "models.jsonl")
    _heads(con, home)
    days = [day for (day,) in con.execute("SELECT DISTINCT day FROM heads ORDER BY day").fetchall()]
    packs: dict[str, str] = {}
    for month in sorted({day[:7] for day in days}):
        files: list[File] = []
        for day in (one for one in days if one.startswith(month)):
            packs[day] = f"{len(packs):016x}-bench"
            files += _day(con, ledger.root, day, packs[day])
        ledger.write(Commit(f"{month}-bench", time.time_ns(), tuple(files)))
        print(f"{month}: {time.monotonic() - began:.0f} s", flush=True)
    dossiers, unpacked = con.execute(
        "SELECT count(*), sum(length(m.head) + length(m.middle) + length(m.tail) + length(m.rest))"
        " FROM heads JOIN models m USING (model)"
    ).fetchall()[0]
    con.close()
    _told(home, packs)
    live = ledger.live()
    size = {table: sum(f.size for f in live if f.table == table) for table in ("dossiers", "behaviours")}
    lines = sum(f.rows for f in live if f.table == "behaviours")
    print(
        f"{dossiers:,} dossiers of {len(found)} models packed in {time.monotonic() - began:.0f} s:"
        f" {unpacked / 1e9:.1f} GB of text in {size['dossiers'] / 1e9:.2f} GB,"
        f" {lines:,} rows of behaviours in {size['behaviours'] / 1e9:.2f} GB",
        flush=True,
    )


def chosen(sources: Sequence[Path]) -> list[Stored]:
    """The models: one of each release below these homes, evenly from the smallest to the largest."""
    every: dict[str, Path] = {}
    for source in sources:
        for path in sorted(source.glob("dossiers/*/*/*/*.json.gz")):
            key = str(path.parent.relative_to(source))
            if "sim-" not in key:
                every.setdefault(key, path)
    ordered = sorted(every.values(), key=lambda path: (path.stat().st_size, str(path)))
    few = min(MODELS - LARGEST, len(ordered))
    picked = [ordered[int((n + 0.5) * len(ordered) / few)] for n in range(few)] + ordered[-LARGEST:]
    found = list(_read(picked)) or [store(one) for one in _made(MODELS)]
    random.Random(3).shuffle(found)  # popular names shall not have the small ones
    return found


def _read(paths: Iterable[Path]) -> Iterator[Stored]:
    for path in paths:
        try:
            yield landing.read(path)
        except BiopsyError as error:
            print(f"left out: {error}", flush=True)


def _made(number: int) -> Iterator[Any]:
    from bench.replay import made  # noqa: PLC0415

    yield from made(number)


def _models(con: Any, found: Sequence[Stored], most: int, scratch: Path) -> None:
    """The models as tables: `models` has their text around what differs, `facts` their rows of behaviours."""
    con.execute("CREATE TABLE models (model INT, head VARCHAR, middle VARCHAR, tail VARCHAR, rest VARCHAR)")
    seen = []
    with scratch.open("wb") as file:
        for number, one in enumerate(found):
            mine = msgspec.structs.replace(
                one,
                run_id="@RUN_ID@",
                release=Release("@ECOSYSTEM@", "@NAME@", "@VERSION@"),
                artifact=msgspec.structs.replace(one.artifact, sha256="@SHA256@"),
                created="@CREATED@",
                against="@AGAINST@",
            )
            made = rows.of_dossier(msgspec.structs.replace(mine, release=Release("npm", "n", "1")))
            row: Any = made["dossiers"][0]
            body = msgspec.json.encode(msgspec.structs.replace(mine, **dict.fromkeys(rows.REST, ()))).decode()
            first, last = body.index(MIDDLE), body.rindex(TAIL)
            seen.append((number, body[:first], body[first:last], body[last:], row.rest))
            for fact in made["behaviours"][:most]:
                file.write(msgspec.json.encode({"model": number, **msgspec.to_builtins(fact)}) + b"\n")
    con.executemany("INSERT INTO models VALUES (?,?,?,?,?)", seen)
    kinds = ", ".join(f"'{n}': '{k}'" for n, k in {"model": "INT", **columns("behaviours")}.items())
    con.execute(
        f"CREATE TABLE facts AS FROM read_json('{scratch}', format='newline_delimited', columns={{{kinds}}},"
        " maximum_object_size=20000000)"
    )
    scratch.unlink()


def _heads(con: Any, home: Path) -> None:
    """What is of each dossier alone, from the index, as table `heads`."""
    import csv  # noqa: PLC0415

    scratch = home / "heads.csv"
    db = sqlite3.connect(f"file:{place(home)}?mode=ro", uri=True)
    with scratch.open("w", newline="") as file:
        names = ("run_id", "ecosystem", "name", "version", "day", "created", "sha256", "against", "model")
        writer = csv.writer(file)
        writer.writerow(names)
        for *row, word in db.execute(_HEADS):
            writer.writerow((*row, int(word.replace("_", "-").rpartition("-")[2]) % MODELS))
    db.close()
    con.execute(
        f"CREATE TABLE heads AS SELECT * REPLACE (model::INT AS model) FROM read_csv('{scratch}',"
        " all_varchar=true, header=true) ORDER BY day, ecosystem"
    )
    models = con.execute("SELECT count(*) FROM models").fetchone()[0]
    con.execute(f"UPDATE heads SET model = model % {models}")
    scratch.unlink()


def _day(con: Any, root: Path, day: str, pack: str) -> Iterator[File]:
    con.execute("CREATE OR REPLACE TEMP TABLE today AS FROM heads WHERE day = ?", [day])
    for (ecosystem,) in con.execute("SELECT DISTINCT ecosystem FROM today ORDER BY ALL").fetchall():
        source = f"(FROM today WHERE ecosystem = '{ecosystem}')"
        for table, query in (("dossiers", _dossiers()), ("behaviours", _facts())):
            where = f"{table}/ecosystem={ecosystem}/day={day}/{pack}.parquet"
            text = query.format(head=_HEAD.format(pack=pack), source=source)
            yield parquet.write(con, text, root, where, (pack,))


def _dossiers() -> str:
    head = "replace(head, '@ECOSYSTEM@', ecosystem)"
    for name in OWN:
        head = f"replace({head}, '@{name.upper()}@', {name})"
    tail = "replace(replace(tail, '@CREATED@', created), '@AGAINST@', against)"
    values = {
        "filename": "name || '.tgz'", "artifact": "'tgz'", "size": "20000", "sha256": "sha256",
        "against": "against", "body": f"{head} || middle || {tail}", "rest": "rest", "phases": "4",
        "behaviours": "40", "duration_s": "30.0", "complete": "true", "verified": "true",
        "static_only": "false",
    }  # fmt: skip
    listed = ", ".join(
        f"{values.get(name, repr(''))}::{kind} AS {name}"
        for name, kind in columns("dossiers").items()
        if name not in rows_of_all()
    )
    return f"SELECT {{head}}, {listed} FROM {{source}} JOIN models USING (model)"


def _facts() -> str:
    listed = ", ".join(f"f.{name}" for name in columns("behaviours") if name not in rows_of_all())
    return (
        "SELECT pack, h.ecosystem, h.day, h.run_id, h.name, h.version, h.created, "
        f"{listed} FROM (SELECT {{head}}, model FROM {{source}}) h JOIN facts f USING (model)"
    )


def rows_of_all() -> tuple[str, ...]:
    """The columns that the rows of every table have."""
    return ("ecosystem", "day", "run_id", "name", "version", "created")


def _told(home: Path, packs: dict[str, str]) -> None:
    """Have the index know which packs its analyses are of, as if it had read them there."""
    with writing(home) as db:
        db.execute("BEGIN")
        numbers, parts = count(1), db.execute("SELECT DISTINCT ecosystem FROM analyses").fetchall()
        words = dict(db.execute("SELECT id, text FROM words"))
        db.execute("DELETE FROM packs")
        for day, pack in packs.items():
            since, until = (f"unixepoch('{day}')", f"unixepoch('{day}', '+1 day')")
            for (ecosystem,) in parts:
                number = next(numbers)
                db.execute("INSERT INTO packs VALUES (?,?,?)", (number, f"{words[ecosystem]}/{day}", pack))
                db.execute(
                    f"UPDATE analyses SET pack = ? WHERE created >= {since} AND created < {until}"
                    " AND ecosystem = ?",
                    (number, ecosystem),
                )
        db.execute("COMMIT")
