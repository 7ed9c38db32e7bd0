"""What a policy does with a name: the answer of `biopsy watch --explain`."""

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from biopsy.ecosystems.names import listed
from biopsy.model.release import Release
from biopsy.pipeline.follow.policy import Line, Policies, Policy, Subject

WAITS_ON = {
    "first": "it is the first release",
    "version": "the version is {}",
    "file": "the file is {}",
    "prerelease": "it is a pre-release",
    "chosen": "an install here takes the file",
}


class Reason(Struct, frozen=True):
    """One line of a policy that fits, or would: `when` says on what that hangs; empty: it fits as it is."""

    what: str
    place: str
    because: str = ""
    when: str = ""


class Explained(Struct, frozen=True):
    """What becomes of the releases of a package, as far as its name tells, and which lines say so."""

    purl: str
    known: int  # its rank among names in wide use; 0: not among them
    listed: str  # the list that was asked: its day, or empty where there is none
    resembles: tuple[str, ...]
    analysed: bool
    artifacts: str
    most: int
    days: float
    priority: int
    skipped: tuple[Reason, ...]
    read_only: tuple[Reason, ...]
    urgency: tuple[Reason, ...]
    reports: tuple[Reason, ...]
    files: tuple[str, ...]


def explain(policies: Policies, release: Release) -> Explained:
    """Say what the policies in force do with a package, or with one release of it."""
    policy, it = policies.of(release.ecosystem), policies.subject(release)
    names = listed.load(release.ecosystem, policies.home)
    return Explained(
        release.purl,
        it.rank,
        names.date,
        it.resembles,
        policy.analyse,
        policy.which.value,
        policy.most,
        policy.since / 86400,
        policy.urgency(it)[0],
        tuple(_reasons(policy.skip, it, lambda _: "")),
        tuple(_reasons(policy.static, it, lambda _: "")),
        tuple(_reasons(policy.priority, it, lambda line: f"{line.add:+}")),
        tuple(_verdicts(policy, it)),
        policy.files,
    )


def _reasons(lines: tuple[Line, ...], it: Subject, what: Callable[[Line], str]) -> Iterator[Reason]:
    for line in lines:
        against = list(line.against(it))
        open_ = [key for key in against if _unknown(key, it)]
        if len(open_) == len(against):
            yield Reason(what(line), line.place, line.because, _when(line, open_))


def _unknown(key: str, it: Subject) -> bool:
    """Whether a condition does not hold only because nobody has said a version or a file."""
    return getattr(it, key) in (None, "") if key in WAITS_ON else False


def _when(line: Line, keys: list[str]) -> str:
    parts = []
    for key in keys:
        wanted = getattr(line, key)
        globs = wanted if isinstance(wanted, tuple) else ()
        more = f" (or {len(globs) - 1} more)" if len(globs) > 2 else ""
        words = WAITS_ON[key].format(f"{globs[0]}{more}" if more else " or ".join(globs))
        parts.append(
            words if wanted is not False else words.replace(" is ", " is not ").replace("an ", "no ", 1)
        )
    return " and ".join(parts)


def _verdicts(policy: Policy, it: Subject) -> Iterator[Reason]:
    told = replace(it, first=False, prerelease=False, chosen=True) if not it.version else it
    for verdict in ("malicious", "suspicious", "unknown", "benign"):
        line = policy.reporting(told, verdict, convicted=False)
        proven = policy.reporting(told, verdict, convicted=True)
        if proven is not None and proven is not line:
            yield Reason(
                f"{verdict}: {proven.do.value}", proven.place, proven.because, "proof convicts alone"
            )
        if line is not None:
            yield Reason(f"{verdict}: {line.do.value}", line.place, line.because)
