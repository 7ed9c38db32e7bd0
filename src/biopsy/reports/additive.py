"""Merging as the OpenSSF Malicious Packages tools do it: reports are added up, nothing is taken back.

It is here for `--compat`, so that their repository can be kept in step. Our own way, which computes a report
from the latest claim of each source, is in `compute`. What is odd here (a shared key of an object keeps its
first value whole, lists keep doubles, ranges count as equal by their last events) is theirs, and tested.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence

from biopsy.errors import BiopsyError
from biopsy.reports import details, gitname, naming
from biopsy.reports.claim import COUNTED, ORIGINS, Claim, origins
from biopsy.reports.compute import SCHEMA, Decisions, origin
from biopsy.reports.record import Json, Report

_ODD = (TypeError, ValueError, KeyError, AttributeError, IndexError)  # of a record in a shape of its own


class MergeError(BiopsyError):
    """Two reports cannot be merged; the message says which part stands against it."""


class NormalizeError(MergeError):
    """A report is not one source's own record, and so cannot be brought into the common form."""


def normalize(report: Report) -> Report:
    """Bring a source's record into the common form; raises NormalizeError. One with an id stays as it is."""
    if report.get("id"):
        return report
    made = copy.deepcopy(report)
    package = _package(made)
    name, ecosystem = package.get("name", ""), package.get("ecosystem", "")
    if package:
        package["name"] = naming.canonical(ecosystem, name)
        made["summary"] = f"Malicious code in {package['name']} ({ecosystem})"
    for held in (made, _affected(made)):
        if "database_specific" in held:
            held["database_specific"] = _composite(held["database_specific"])
    for span in _affected(made).get("ranges") or ():
        if span.get("type") == "GIT" and span.get("repo"):
            span["repo"] = gitname.canonical(span["repo"])
    owned = origins(made)
    if len(owned) > 1:
        raise NormalizeError(f"{len(owned)} origins; a record of one source has one")
    text = made.get("details", "")
    if details.HEADER in text:
        raise NormalizeError("details: sections of sources stand there already")
    if owned:
        section = details.Section(owned[0]["source"], owned[0]["sha256"], text)
        made["details"] = details.render("", [section])
    return made


def merge(into: Report, other: Report, now: str) -> Report:
    """Add `other`, which has no id yet, to `into`; `now` is the time of it. Raises MergeError."""
    other = _same_package(into, other)
    mine, theirs = origins(into), origins(other)
    if {_mark(o) for o in mine} & {_mark(o) for o in theirs}:
        raise MergeError("origins: both were made of the same record")
    other = normalize(other)
    made = copy.deepcopy(into)
    here, there = _affected(made), _affected(other)
    _put(here, "ranges", _ranges([*(here.get("ranges") or ()), *(there.get("ranges") or ())]))
    _put(here, "versions", _union(here.get("versions"), there.get("versions")))
    for dropped in ("severity", "ecosystem_specific"):
        here.pop(dropped, None)
    made.pop("severity", None)
    for held, added in ((here, there), (made, other)):
        _put(
            held,
            "database_specific",
            _combined(held.get("database_specific"), added.get("database_specific")),
        )
    _put(made, "credits", _credits([*(made.get("credits") or ()), *(other.get("credits") or ())]))
    _put(made, "references", _references([*(made.get("references") or ()), *(other.get("references") or ())]))
    for name in ("aliases", "related"):
        _put(made, name, _union(made.get(name), other.get(name)))
    _without_self(made)
    made["details"] = _details(into, other)
    made["modified"] = now
    dates = [d for d in (into.get("published"), other.get("published")) if d]
    made["published"] = min(dates) if dates else now
    made.setdefault("database_specific", {})[ORIGINS] = [*mine, *theirs]
    return made


def added(claims: Iterable[Claim], decided: Decisions) -> tuple[Report | None, list[Claim]]:
    """The report that the existing tools would have made of claims, and the claims that they could not merge.

    What is there with an id of ours is kept as it is; every other record that counts was added to it in the
    order in which it came, corrections and all. A source that takes its word back changes nothing, unless
    nobody else said anything. What people decided holds, but nothing that only our own form has room for.
    """
    counted = [c for c in claims if c.state == COUNTED]
    bases = [c for c in counted if c.base]
    base = max(bases, key=lambda c: (c.age, c.source, c.key)) if bases else None
    alone = sorted((c for c in counted if not c.base), key=lambda c: (c.imported, c.source, c.key, c.sha256))
    made = base.record if base else None
    left: list[Claim] = []
    adding = [c for c in alone if not c.withdrawn] or ([] if made else alone[-1:])
    if made is None and len(adding) == 1 and adding[0].pending:
        made, adding = adding[0].record, []  # theirs already, and nobody added to it
    for claim in adding:
        try:
            if made is None:
                made = normalize(sourced(claim))
            elif (claim.source, claim.sha256) not in {_mark(o) for o in origins(made)}:
                made = merge(made, sourced(claim), claim.imported)
        except (MergeError, *_ODD):
            left.append(claim)
    return (None if made is None else _decided(made, decided)), left


def sourced(claim: Claim) -> Report:
    """A record as the existing tools keep it until it is merged: without its id, and with its origin."""
    record = {name: value for name, value in claim.record.items() if name != "id"}
    if claim.pending or origins(record):
        return record  # theirs already
    specific = record.get("database_specific")
    held = specific if isinstance(specific, dict) else {}
    return {**record, "database_specific": {**held, ORIGINS: [origin(claim)]}}


def _decided(report: Report, decided: Decisions) -> Report:
    changed: Report = {}
    if decided.id and report.get("id") != decided.id:
        changed["id"] = decided.id
    if decided.withdrawn:
        changed["withdrawn"] = decided.withdrawn
    if decided.cleared:
        abouts = copy.deepcopy(report["affected"])
        for about in abouts:
            _put(about, "versions", [v for v in about.get("versions") or () if v not in decided.cleared])
        changed["affected"] = abouts
    dropped = {"withdrawn"} if decided.reinstated and "withdrawn" in report else set()
    if not changed and not dropped:
        return report
    changed["modified"] = max(str(report.get("modified", "")), decided.changed)
    made = {name: value for name, value in report.items() if name not in dropped}
    if "id" in changed:
        own = {"id": changed["id"]}
        made = {name: value for name, value in made.items() if name != "id"}
        made = {"schema_version": made.pop("schema_version", SCHEMA), **own, **made}
    return {**made, **changed}


def _same_package(into: Report, other: Report) -> Report:
    if other.get("id"):
        raise MergeError(f"id: {other['id']} was assigned already")
    mine, theirs = _package(into), _package(other)
    if mine.get("ecosystem") != theirs.get("ecosystem"):
        raise MergeError(f"ecosystem: {mine.get('ecosystem')} is not {theirs.get('ecosystem')}")
    ecosystem = mine.get("ecosystem") or ""
    names = [naming.canonical(ecosystem, str(p.get("name", ""))) for p in (mine, theirs)]
    if names[0] != names[1]:
        raise MergeError(f"name: {names[0]} is not {names[1]}")
    return other


def _affected(report: Report) -> dict[str, Json]:
    held = report.get("affected") or [{}]
    return held[0] if isinstance(held[0], dict) else {}


def _package(report: Report) -> dict[str, Json]:
    return _affected(report).get("package") or {}


def _mark(origin: Mapping[str, Json]) -> tuple[Json, Json]:
    return origin.get("source"), origin.get("sha256")


def _put(held: dict[str, Json], name: str, value: Json) -> None:
    if value:
        held[name] = value
    else:
        held.pop(name, None)


def _union(mine: "Sequence[str] | None", theirs: "Sequence[str] | None") -> list[str]:
    return list(dict.fromkeys([*(mine or ()), *(theirs or ())]))


def _ranges(spans: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    kept: list[dict[str, Json]] = []
    for span in spans:
        if not any(_equal(span, held) for held in kept):
            kept.append(span)
    return kept


def _equal(one: dict[str, Json], two: dict[str, Json]) -> bool:
    specific = [span.get("database_specific") or {} for span in (one, two)]
    return _ends(one) == _ends(two) and specific[0] == specific[1]


def _ends(span: dict[str, Json]) -> tuple[Json, ...]:
    events = span.get("events") or ()
    given = {n: [e[n] for e in events if n in e] for n in ("introduced", "fixed", "last_affected", "limit")}
    last = [(given[n] or [""])[-1] for n in ("introduced", "fixed", "last_affected")]
    return (span.get("type"), span.get("repo", ""), *last, tuple(sorted(given["limit"] or ["*"])))


def _composite(held: Json) -> dict[str, Json]:
    return {k: v for k, v in (held or {}).items() if isinstance(v, dict | list)}


def _combined(mine: Json, theirs: Json) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for name, value in [*_composite(mine).items(), *_composite(theirs).items()]:
        if name == ORIGINS:
            continue
        if name not in made:
            made[name] = copy.deepcopy(value)
        elif type(made[name]) is not type(value):
            raise MergeError(f"database_specific.{name}: a list there, an object here")
        elif isinstance(value, dict):
            made[name] = {**value, **made[name]}
        else:
            made[name] = [*made[name], *value]
    return made


def _credits(given: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    people: dict[tuple[str, str], dict[str, Json]] = {}
    for one in given:
        held = people.setdefault((one.get("name", ""), one.get("type", "")), {**one, "contact": []})
        held["contact"] = _union(held["contact"], one.get("contact"))
    return [{k: v for k, v in people[key].items() if v} for key in sorted(people)]


def _references(given: Iterable[dict[str, Json]]) -> list[dict[str, Json]]:
    kept: dict[tuple[Json, Json], dict[str, Json]] = {}
    for one in given:
        kept.setdefault((one.get("type"), one.get("url")), one)
    return list(kept.values())


def _without_self(made: Report) -> None:
    own = made.get("id")
    if not own:
        return
    _put(made, "aliases", [a for a in made.get("aliases") or () if a != own])
    kept = [r for r in made.get("references") or () if not str(r.get("url", "")).endswith(f"/{own}.json")]
    _put(made, "references", kept)


def _details(into: Report, other: Report) -> str:
    try:
        mine = details.parse(into.get("details", ""), {_pair(o) for o in origins(into)})
        theirs = details.parse(other.get("details", ""), {_pair(o) for o in origins(other)})
    except details.DetailsError as error:
        raise MergeError(str(error)) from error
    if mine.user and theirs.user:
        raise MergeError("details: both have text of a person's own")
    user = mine.user or theirs.user
    if not mine.divided and not theirs.divided:
        return user
    return details.render(user, [*mine.sections, *theirs.sections])


def _pair(origin: Mapping[str, Json]) -> tuple[str, str]:
    return str(origin.get("source", "")), str(origin.get("sha256", ""))
