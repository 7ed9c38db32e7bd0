"""Known: what an analysis would come to was seen already, by the same code, on the same machines."""

import hashlib

import biopsy
from biopsy import detect
from biopsy.model.dossier import Analysis, Dossier
from biopsy.pipeline.analyze import Work, judged, now
from biopsy.pipeline.readers import readers
from biopsy.pipeline.reasons import UNTRIED
from biopsy.pipeline.source import Sample


def key(dossier: Dossier, work: Work) -> str:
    """Name a result: the artifact, and the versions and choices that made it. Doing it twice is harmless."""
    tool, options = dossier.tool, work.options
    parts = (
        dossier.artifact.sha256,
        tool.biopsy,
        detect.digest(work.rules),
        tool.image,
        tool.readers,
        "static" if dossier.static_only else "full",
        ",".join(options.profiles),
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def find(sample: Sample, work: Work) -> Analysis | None:
    """Give what is known of a sample, judged by the rules of today; None where it must be looked at."""
    for dossier in work.warehouse.of(sample.release):
        if _same(dossier, sample, work):
            analysis = judged(dossier, work.warehouse, work.rules, work.options.against)
            rules = detect.digest(work.rules)
            work.warehouse.judged(analysis, now(), rules=rules, published=work.options.published)
            return analysis
    return None


def _same(dossier: Dossier, sample: Sample, work: Work) -> bool:
    """Whether a kept dossier says all that one made now would.

    One made only to compare with another release has not looked at the artifact's sibling; it was compared
    with nothing, which a dossier of a first release has in common with it: such a one is made anew.
    """
    if dossier.artifact.sha256 != sample.artifact.sha256 or not dossier.against:
        return False
    tool, options = dossier.tool, work.options
    if (tool.biopsy, tool.readers) != (biopsy.__version__, readers()):
        return False
    if dossier.static_only or options.static_only:
        return dossier.read_only or (dossier.static_only and options.static_only)
    if any(outcome.reason.startswith(UNTRIED) for outcome in dossier.outcomes):
        return False
    same = tool.image == _image(work, sample.release.ecosystem)
    return same and _profiles(work) <= {outcome.profile for outcome in dossier.outcomes}


def _image(work: Work, kind: str) -> str:
    from biopsy.sandbox import image_layers  # noqa: PLC0415 - only where something was run

    return image_layers.machine_id(work.options.home, kind) or "none"


def _profiles(work: Work) -> set[str]:
    from biopsy.pipeline import roster  # noqa: PLC0415 - only where something was run

    return set(roster.first(work.options.profiles))
