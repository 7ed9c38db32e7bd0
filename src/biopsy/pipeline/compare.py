"""Two targets beside each other: the later one judged, and compared, with the earlier one in view."""

from msgspec import Struct
from msgspec.structs import replace

from biopsy.errors import UsageError
from biopsy.model.dossier import Analysis, Call, Dossier, Finding
from biopsy.pipeline import before
from biopsy.pipeline.analyze import Options, Progress, Work, begin, judge
from biopsy.pipeline.source import Sample, collect


class Pair(Struct, frozen=True):
    """Two analyses; that of `after` holds the comparison."""

    before: Analysis
    after: Analysis

    @property
    def worrying(self) -> tuple[Finding, ...]:
        """The findings that the later verdict rests on and the earlier release did not have."""
        if self.after.verdict.call not in {Call.MALICIOUS, Call.SUSPICIOUS}:
            return ()
        known = {finding.rule for finding in self.before.findings}
        return tuple(
            f for f in self.after.findings if f.rule in self.after.verdict.because and f.rule not in known
        )


def compare(earlier: str, later: str, options: Options, progress: Progress) -> Pair:
    """Compare two targets: releases, files or folders, or the ids of kept analyses.

    Like is compared with like: where one of two releases has no wheel, the sdists of both are. A kept
    analysis of the very artifact that was made in the same way is used again. Raises as `analyze` does.
    """
    with begin(options, progress) as work:
        for target in (earlier, later):
            before.check(target, work.warehouse)
        first, second = _pick(earlier, later, work)
        then, now = _dossier(first, work), _dossier(second, work)
        return Pair(
            judge(then, before.Before(), work.rules),
            judge(replace(now, against=then.run_id), before.Before(then), work.rules),
        )


def _pick(earlier: str, later: str, work: Work) -> tuple[Dossier | Sample, Dossier | Sample]:
    one, other = (_sample(target, work.options.artifact, work) for target in (earlier, later))
    if work.options.artifact or _kind(one) == _kind(other):
        return one, other
    for form in ("sdist", "wheel"):
        try:
            both = (_sample(earlier, form, work), _sample(later, form, work))
        except UsageError:
            continue
        if _kind(both[0]) == _kind(both[1]):
            return both
    return one, other


def _kind(side: Dossier | Sample) -> str:
    return side.artifact.kind


def _sample(target: str, form: str | None, work: Work) -> Dossier | Sample:
    if before.RUN_ID.fullmatch(target):
        return work.warehouse.get(target)
    work.progress(f"fetching {target}", None)
    samples = collect(target, form, work.store, work.scratch)
    if len(samples) > 1:
        raise UsageError("one artifact of each release can be compared: --artifact sdist or --artifact wheel")
    return samples[0]


def _dossier(side: Dossier | Sample, work: Work) -> Dossier:
    return side if isinstance(side, Dossier) else work.aside(side)
