"""Indicators as one STIX 2.1 bundle (OASIS, "STIX Version 2.1").

A report is a `malware` object, an indicator an `indicator` with a pattern, and that one indicates the other
a `relationship`. What was withdrawn is `revoked`. What blocks others when it is blocked, and what stands for
nobody, is left out (the table has it); so is a file that is known by its path only.
"""

from collections.abc import Iterable, Iterator

import msgspec

from biopsy.model import stix
from biopsy.reports import naming
from biopsy.reports.feeds.observed import About, Observed

Object = stix.Object


def bundle(found: Iterable[Observed]) -> bytes:
    """All that indicators say, as one bundle."""
    us = stix.us()["id"]
    made: dict[str, Object] = {us: stix.us()}
    for one in found:
        pattern = stix.pattern(one.type, one.value, one.digests)
        if pattern and not one.public:
            for by in one.reports:
                own = stix.ident("malware", by.about.id)
                if own not in made:
                    made[own] = _malware(own, by.about, us)
            for held in _objects(one, pattern, us, made):
                made[held["id"]] = held
    return msgspec.json.encode(stix.bundle(made)) + b"\n"


def _objects(one: Observed, pattern: str, us: str, made: dict[str, Object]) -> Iterator[Object]:
    """The indicator, and what it indicates, of which the objects are made already."""
    own = stix.ident("indicator", f"{one.type}\n{one.value}")
    created = min(stix.moment(by.about.published) for by in one.reports)
    changed = max(created, *(_changed(by.about) for by in one.reports))
    yield stix.made(
        "indicator", own, created, changed, revoked=all(by.about.withdrawn for by in one.reports), by=us,
        name=f"{one.type} {one.value}"[:300],
        description="Named by reports of malicious packages: it indicates what these are on.",
        indicator_types=["malicious-activity"],
        pattern=pattern, pattern_type="stix", valid_from=created,
    )  # fmt: skip
    for by in one.reports:
        malware = made[stix.ident("malware", by.about.id)]
        link = stix.ident("relationship", f"{own} indicates {malware['id']}")
        times = (max(created, malware["created"]), max(changed, malware["modified"]))
        yield stix.made(
            "relationship", link, *times, revoked=bool(by.about.withdrawn), by=us,
            relationship_type="indicates", source_ref=own, target_ref=malware["id"],
            **({"description": f"Named by {', '.join(by.sources)}."} if by.sources else {}),
        )  # fmt: skip


def _malware(own: str, about: About, us: str) -> Object:
    rules = naming.RULES.get(naming.base(about.package.ecosystem))
    labels = [rules.purl] if rules and rules.purl else []
    return stix.made(
        "malware", own, stix.moment(about.published), _changed(about),
        revoked=bool(about.withdrawn), by=us,
        name=f"{about.package.ecosystem or 'Git'}/{about.package.name}",
        **({"description": about.summary} if about.summary else {}),
        **({"labels": labels} if labels else {}),
        is_family=False, external_references=[{"source_name": "osv", "external_id": about.id}],
    )  # fmt: skip


def _changed(about: About) -> str:
    modified = stix.moment(about.modified)
    return max(modified, stix.moment(about.withdrawn)) if about.withdrawn else modified
