"""A report, computed from the claims on a package: the same claims in any order give the same bytes.

Of each source's record the latest word counts; a correction replaces, a withdrawal drops. A base (a report
computed before, as the OpenSSF repository holds it) is kept as it is, down to the order of its fields, and
what its sources said since is put in or taken out of it: a repository that is taken over comes out as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from packageurl import PackageURL

from biopsy.reports import details, naming
from biopsy.reports.claim import ORIGINS, Claim, Package, origins
from biopsy.reports.content import malware
from biopsy.reports.extent import Extent, endless, extent, key, settle
from biopsy.reports.gather import joined_credits, joined_references, joined_specific, union
from biopsy.reports.record import Json, Report

SCHEMA = "1.7.4"  # of OSV, as the OpenSSF repository writes it
SPECIFIC = "malware"
"""Our own part of `database_specific`; schema/report-1.json says what stands in it."""

_ORDER = (
    "schema_version", "id", "modified", "published", "withdrawn", "aliases", "related", "upstream", "summary",
    "details", "severity", "affected", "references", "credits", "database_specific",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decisions:
    """What people, or the policy, decided on a report; empty where nothing was.

    `changed` is when the last of them was made; `cleared` are versions that were wrongly called affected.
    """

    id: str = ""
    published: str = ""
    withdrawn: str = ""
    reinstated: bool = False
    changed: str = ""
    cleared: frozenset[str] = frozenset()
    note: str = ""
    specific: dict[str, Json] = field(default_factory=dict)


def compute(
    package: Package, claims: Iterable[Claim], decisions: Decisions | None = None, *, additive: bool = False
) -> Report | None:
    """Compute the report on a package; None where nobody claims anything.

    Where every source took its claim back, the report is withdrawn, and says what it said. `additive` keeps
    every version that anybody ever named, as the existing tools do.
    """
    latest = _latest(claims)
    if not latest:
        return None
    base = _base(latest)
    alone = [c for c in latest if not c.base]
    standing = [c for c in alone if not c.withdrawn]
    said = standing or (alone if base is None else [])
    fresh = _fresh(base, said)
    kept, gone = _kept(base, alone)
    made = _copied(base.record) if base else _blank(package, fresh)
    _say_extent(made, kept, gone, fresh, additive=additive)
    if fresh or gone:
        _say_rest(made, kept, fresh)
        if not additive:
            _say_malware(made, base, kept, fresh)
    back = "" if base or standing else max(c.withdrawn for c in alone)
    _decide(made, decisions or Decisions(), [c.imported for c in fresh], back)
    return {name: made[name] for name in _ORDER if name in made} if base is None else made


def _latest(claims: Iterable[Claim]) -> list[Claim]:
    """The last word of each (source, key), in an order that does not depend on when they came."""
    listed = list(claims)
    if len(listed) < 2:
        return listed
    found: dict[tuple[str, str], Claim] = {}
    for claim in listed:
        at = (claim.source, claim.key)
        if at not in found or claim.age > found[at].age:
            found[at] = claim
    return sorted(found.values(), key=lambda c: (c.modified, c.source, c.key, c.sha256))


def _base(latest: Sequence[Claim]) -> Claim | None:
    bases = [c for c in latest if c.base]
    return max(bases, key=lambda c: (c.age, c.source, c.key)) if bases else None


def _fresh(base: Claim | None, said: Sequence[Claim]) -> list[Claim]:
    """What the base does not stand for already; one record that two sources pass on counts once."""
    if not said:
        return []
    covered = {str(o.get("sha256")) for o in origins(base.record)} if base else set()
    fresh: dict[str, Claim] = {}
    for claim in said:
        if claim.sha256 not in covered:
            fresh.setdefault(claim.sha256, claim)
    return list(fresh.values())


def _kept(base: Claim | None, alone: Sequence[Claim]) -> tuple[list[Report], list[Report]]:
    """The origins of a base that still stand, and those that their sources corrected or took back since."""
    made_of = origins(base.record) if base else []
    if not alone:
        return made_of, []
    kept: list[Report] = []
    gone: list[Report] = []
    for origin in made_of:
        mine = tuple(str(origin.get(name, "")) for name in ("modified_time", "import_time", "sha256"))
        named = {str(origin.get(n)) for n in ("id", "sha256") if origin.get(n)}
        later = any(
            c.source == origin.get("source")
            and ({c.key, c.sha256} & named)
            and (c.age > mine or c.withdrawn)
            and (c.sha256 != mine[2] or c.withdrawn)
            for c in alone
        )
        (gone if later else kept).append(origin)
    return kept, gone


def _copied(record: Report) -> Report:
    """A report to be changed: new where something is put in below, the same for the rest."""
    made = {**record, "affected": [dict(a) for a in record["affected"]]}
    specific = record.get("database_specific")
    if isinstance(specific, dict):
        made["database_specific"] = {**specific}
        if isinstance(specific.get(SPECIFIC), dict):
            made["database_specific"][SPECIFIC] = {**specific[SPECIFIC]}
    return made


def _blank(package: Package, fresh: Sequence[Claim]) -> Report:
    """A report that says nothing yet but what it is about."""
    first = fresh[0].record["affected"][0]
    about: Report = {}
    if package.ecosystem:
        rules = naming.RULES[naming.base(package.ecosystem)]
        about["package"] = {"ecosystem": package.ecosystem, "name": package.name}
        namespace, _, name = package.name.rpartition(rules.between)
        if ":" not in package.ecosystem and rules.purl:
            about["package"]["purl"] = PackageURL(rules.purl, namespace or None, name).to_string()
    title = package.name if package.ecosystem else naming.canonical("Git", _repository(first))
    return {
        "schema_version": SCHEMA,
        "summary": f"Malicious code in {title} ({package.ecosystem or 'Git'})",
        "affected": [about],
    }


def _repository(affected: Report) -> str:
    return next((str(r["repo"]) for r in affected.get("ranges") or () if r.get("repo")), "")


def _say_extent(
    made: Report, kept: Sequence[Report], gone: Sequence[Report], fresh: Sequence[Claim], *, additive: bool
) -> None:
    """Put in which versions are affected, and beside it what is disputed."""
    about = made["affected"][0]
    if not fresh and not gone and not _torn([about, *kept]):
        return  # a base that nobody contradicts stays as it is, to the byte
    whole = extent("", "", about)
    named = [extent(str(o.get("source", "")), str(o.get("sha256", "")), o) for o in (*kept, *gone)]
    spans, versions = {key(r) for e in named for r in e.ranges}, {v for e in named for v in e.versions}
    by_hand = Extent(
        "", "",
        tuple(v for v in whole.versions if v not in versions),
        tuple(r for r in whole.ranges if key(r) not in spans),
    )  # fmt: skip
    after = [extent(c.source, c.sha256, c.record["affected"][0]) for c in fresh]
    extents = [e for e in (*named[: len(kept)], *after, by_hand) if not e.empty]
    settled = settle(extents, additive=additive)
    if not (fresh or gone or settled.disputed):
        return  # a base that nobody contradicts stays as it is, to the byte
    for name, old, new in (
        ("ranges", whole.ranges, settled.ranges),
        ("versions", whole.versions, settled.versions),
    ):
        _ordered(about, name, old, new)
    if settled.disputed:
        held = made.setdefault("database_specific", {}).setdefault(SPECIFIC, {})
        held["disputed"] = [
            _disputed(e) for e in sorted(settled.disputed, key=lambda e: (e.source, e.sha256))
        ]


def _torn(parts: Sequence[Report]) -> bool:
    """Whether some say every version, and some do not."""
    wide = narrow = False
    for part in parts:
        spans, versions = part.get("ranges"), part.get("versions")
        narrow = narrow or bool(isinstance(versions, list) and versions)
        for span in spans if isinstance(spans, list) else ():
            if isinstance(span, dict):
                open_ended = endless(span)
                wide, narrow = wide or open_ended, narrow or not open_ended
    return wide and narrow


def _ordered(about: Report, name: str, old: Sequence[Json], new: Sequence[Json]) -> None:
    """Put a list in, in the order that it had; what is new comes after."""
    mark = key if name == "ranges" else str
    wanted = {mark(one): one for one in new}
    listed = [one for one in old if mark(one) in wanted]
    there = {mark(one) for one in listed}
    listed += [one for at, one in wanted.items() if at not in there]
    if listed:
        about[name] = listed
    elif name in about and old:
        del about[name]


def _disputed(one: Extent) -> Report:
    said: Report = {"source": one.source, "sha256": one.sha256}
    if one.versions:
        said["versions"] = list(one.versions)
    return {**said, "ranges": list(one.ranges)}


def _say_rest(made: Report, kept: Sequence[Report], fresh: Sequence[Claim]) -> None:
    """Put in what is joined, whatever it is of: words, people, links, indicators, origins."""
    records = [c.record for c in fresh]
    about = made["affected"][0]
    lists = {
        "aliases": union(made.get("aliases"), *(r.get("aliases") for r in records)),
        "related": union(made.get("related"), *(r.get("related") for r in records)),
        "upstream": union(made.get("upstream"), *(r.get("upstream") for r in records)),
        "references": joined_references(made.get("references"), *(r.get("references") for r in records)),
        "credits": joined_credits(made.get("credits"), *(r.get("credits") for r in records)),
    }
    made |= {name: held for name, held in lists.items() if held}
    inner = [r["affected"][0].get("database_specific") for r in records]
    if joined := joined_specific(about.get("database_specific"), *inner):
        about["database_specific"] = joined
    specific = joined_specific(made.get("database_specific"), *(_foreign(r) for r in records))
    specific[ORIGINS] = [*kept, *(origin(c) for c in fresh)]
    made["database_specific"] = specific
    made["details"] = _details(made.get("details") or "", kept, fresh)


def _say_malware(made: Report, base: Claim | None, kept: Sequence[Report], fresh: Sequence[Claim]) -> None:
    """Put in our own part: what sources say of it, and indicators of every shape with who names each."""
    standing = {str(o.get("source", "")) for o in kept} | {c.source for c in fresh}
    specific = made["database_specific"]
    mine = specific.get(SPECIFIC)
    said = malware(base.record if base else {}, [(c.source, c.record) for c in fresh], standing)
    if said or mine:
        specific[SPECIFIC] = {**said, **{k: v for k, v in (mine or {}).items() if k == "disputed"}}


def _foreign(record: Report) -> Json:
    held = record.get("database_specific")
    return {k: v for k, v in held.items() if k not in {ORIGINS, SPECIFIC}} if isinstance(held, dict) else {}


def origin(claim: Claim) -> Report:
    """How a claim is named in the report that was made of it."""
    one = extent(claim.source, claim.sha256, claim.record["affected"][0])
    made: Report = {"id": claim.key} if claim.record.get("id") else {}
    made |= {"import_time": claim.imported, "modified_time": claim.modified}
    if one.ranges:
        made["ranges"] = list(one.ranges)
    made |= {"sha256": claim.sha256, "source": claim.source}
    return {**made, "versions": list(one.versions)} if one.versions else made


def _details(text: str, kept: Sequence[Report], fresh: Sequence[Claim]) -> str:
    try:
        before = details.parse(text)
    except details.DetailsError:
        before = details.Details(text.replace(details.HEADER, "").strip())
    standing = {(o.get("source"), o.get("sha256")) for o in kept}
    sections = [s for s in before.sections if (s.source, s.sha256) in standing]
    sections += [details.Section(c.source, c.sha256, _words(c.record)) for c in fresh]
    return details.render(before.user, sections)


def _words(record: Report) -> str:
    text = record.get("details")
    return text.strip() if isinstance(text, str) else ""


def _decide(made: Report, decided: Decisions, imported: Sequence[str], back: str) -> None:
    """Put in what was decided, and the times."""
    if decided.id:
        made["id"] = decided.id
    if decided.note:
        parts = details.parse(made.get("details") or "")
        made["details"] = details.render(decided.note, parts.sections) if parts.divided else decided.note
    if decided.specific:
        made["database_specific"] = joined_specific(
            made.get("database_specific") or {}, {SPECIFIC: decided.specific}
        )
    for about in made["affected"] if decided.cleared else ():
        about["versions"] = [v for v in about.get("versions") or () if v not in decided.cleared]
    withdrawn = decided.withdrawn or ("" if decided.reinstated else back)
    if withdrawn:
        made["withdrawn"] = withdrawn
    elif decided.reinstated:
        made.pop("withdrawn", None)
    dates = [d for d in (made.get("published"), decided.published) if d] or sorted(imported)[:1]
    if dates:
        made["published"] = min(dates)
    times = [t for t in (made.get("modified"), *imported, decided.changed, decided.withdrawn and back) if t]
    made["modified"] = max(times, default=made.get("published", ""))
    own = made.get("id")
    if own and own in (made.get("aliases") or ()):
        made["aliases"] = [a for a in made["aliases"] if a != own]
