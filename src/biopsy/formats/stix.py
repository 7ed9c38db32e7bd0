"""For platforms that share threats: a STIX 2.1 bundle (OASIS).

A release that is malicious or suspicious is a `malware` object, its file an `indicator` like those that it
names, the techniques of its findings are `attack-pattern`s. Of a release that is neither, nothing is said but
who we are: contacts of something harmless are no indicators. What others share is left out, and so is what
stands for nobody.
"""

from collections.abc import Iterator

import msgspec

from biopsy.formats.views.indicators import accused
from biopsy.formats.wire.scalar import purl, text
from biopsy.model import stix
from biopsy.model.dossier import Analysis, Ioc, IocType
from biopsy.model.stix import Object

ENDING = ".stix.json"

MAX_INDICATORS = 500
"""Most indicators of one release; what is beyond stays in the table (`iocs`)."""


def render(first: Analysis, *more: Analysis) -> str:
    """One bundle of all of them."""
    held = {stix.us()["id"]: stix.us()}
    for analysis in (first, *more):
        if accused(analysis):
            held |= {one["id"]: one for one in _objects(analysis, stix.us()["id"])}
    return msgspec.json.format(msgspec.json.encode(stix.bundle(held)), indent=2).decode() + "\n"


def _objects(analysis: Analysis, us: str) -> Iterator[Object]:
    dossier, name = analysis.dossier, purl(analysis.dossier.release)
    time, own = stix.moment(dossier.created), stix.ident("malware", name)
    yield stix.made(
        "malware", own, time, time, by=us, name=name,
        description=text(analysis.verdict.reason) or "No reason was given.",
        labels=[analysis.verdict.call.value, *(text(one.name) for one in analysis.classes)], is_family=False,
    )  # fmt: skip
    names = {one.id: one.name for one in analysis.attack.techniques}
    for technique in dict.fromkeys(one for finding in analysis.findings for one in finding.attack):
        way = stix.ident("attack-pattern", technique)
        outside = {"source_name": "mitre-attack", "external_id": technique}
        called = names.get(technique, technique)
        yield stix.made("attack-pattern", way, time, time, by=us, name=called, external_references=[outside])
        yield _link(own, "uses", way, time, us)
    file = Ioc(IocType.HASH, dossier.artifact.sha256, ("artifact",))
    telling = [one for one in analysis.iocs if not (one.shared or one.reserved)]
    for one in list(dict.fromkeys((file, *telling)))[:MAX_INDICATORS]:
        kind, value = one.type.tells, text(one.value)
        if pattern := stix.pattern(kind, value):
            sign = stix.ident("indicator", f"{kind}\n{value}")
            yield stix.made(
                "indicator", sign, time, time, by=us, name=f"{kind} {value}"[:300],
                description=f"Seen in {name}: {text('; '.join(one.where[:5]))}"[:1000],
                indicator_types=["malicious-activity"], pattern=pattern, pattern_type="stix", valid_from=time,
            )  # fmt: skip
            yield _link(sign, "indicates", own, time, us)


def _link(source: str, how: str, target: str, time: str, us: str) -> Object:
    own = stix.ident("relationship", f"{source} {how} {target}")
    return stix.made(
        "relationship", own, time, time, by=us,
        relationship_type=how, source_ref=source, target_ref=target,
    )  # fmt: skip
