"""Whether one release may pass: a pure function of a policy, what is known of the release, and the time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from biopsy.guard.policy import Policy, Terms


class Action(StrEnum):
    """What becomes of a release."""

    ALLOW = "allow"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Offered:
    """A release, or one file of it, as a registry offers it.

    `ecosystem` is a purl type; `published` seconds since 1970, None where the registry does not say;
    `scripts` whether installing it runs code of its own.
    """

    ecosystem: str
    name: str
    version: str
    published: float | None = None
    scripts: bool = False


SEVERITY = ("malicious", "suspicious", "benign", "unknown", "")
"""Verdicts, the worst first."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a release: `malicious`, `suspicious`, `benign`, or empty where nobody looked.

    `files` are the SHA-256 of those of its files that were looked at; empty where the whole release is meant.
    """

    verdict: str = ""
    why: str = ""
    report: str = ""
    link: str = ""
    files: frozenset[str] = frozenset()

    def covers(self, sha256: str) -> bool:
        """Whether somebody looked at a file; at one without that hash, if at any of its release."""
        return bool(self.verdict) and (not self.files or not sha256 or sha256 in self.files)

    def joined(self, other: "Known | None") -> "Known":
        """What is known of the files of both: the worse of the two verdicts."""
        if other is None:
            return self
        worse = min((self, other), key=lambda one: SEVERITY.index(one.verdict))
        return replace(worse, files=self.files | other.files)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a release, and why, in a sentence. `until`: when time alone will change that."""

    action: Action
    rule: str = ""
    reason: str = ""
    link: str = ""
    report: str = ""
    until: float | None = None

    @property
    def blocks(self) -> bool:
        """Whether it may not pass."""
        return self.action is Action.BLOCK


ALLOWED = Ruling(Action.ALLOW)
NOTHING = Known()
_DAY, _HOUR = 86400, 3600


@dataclass(frozen=True, slots=True)
class State:
    """What holds for all rulings of a moment: the time, and how old the reports are, where too old."""

    now: float
    stale: str = ""


def rule(policy: Policy, offered: Offered, known: Known, state: State) -> Ruling:
    """Say what becomes of a release. What is worst decides; a licence decides before anything."""
    here = (offered.ecosystem, offered.name, offered.version)
    today = datetime.fromtimestamp(state.now, UTC).date()
    if licence := policy.override(*here, today):
        who = f" by {licence.by}" if licence.by else ""
        said = f"licensed{who} until {licence.expires}: {licence.reason}"
        return Ruling(Action.ALLOW, "override", said, known.link, known.report)
    if policy.reserved(offered.ecosystem, offered.name) == "":
        return Ruling(Action.BLOCK, "reserved", f"the name {offered.name} is reserved for internal use")
    terms = policy.terms(*here)
    found = [_verdict(terms, known), _stale(policy, state), _age(terms, offered, state.now)]
    found.append(_scripts(terms, offered))
    for action in (Action.BLOCK, Action.WARN):
        if hit := next((one for one in found if one.action is action), None):
            return hit
    return ALLOWED


def _verdict(terms: Terms, known: Known) -> Ruling:
    replies = {"malicious": terms.malicious, "suspicious": terms.suspicious, "unknown": terms.unknown}
    if known.verdict not in replies:
        return ALLOWED
    reply = replies[known.verdict]
    said = known.why or f"it is {known.verdict}"
    if known.report and known.report not in said:
        said = f"{known.report}: {said}"
    return Ruling(Action(reply or "block"), known.verdict, said, known.link, known.report)


def _stale(policy: Policy, state: State) -> Ruling:
    if not state.stale:
        return ALLOWED
    return Ruling(Action(policy.stale_then), "stale", state.stale)


def _age(terms: Terms, offered: Offered, now: float) -> Ruling:
    if not terms.age:
        return ALLOWED
    if offered.published is None:
        said = f"the registry does not say when it was published, and {words(terms.age)} are asked"
        return Ruling(Action.BLOCK, "undated", said) if terms.undated == "block" else ALLOWED
    age = now - offered.published
    if age >= terms.age:
        return ALLOWED
    said = f"published {words(max(age, 0))} ago; releases are let in after {words(terms.age)}"
    return Ruling(Action.BLOCK, "too-new", said, until=offered.published + terms.age)


def _scripts(terms: Terms, offered: Offered) -> Ruling:
    if not offered.scripts or terms.install_scripts in {None, "allow"}:
        return ALLOWED
    said = "installing it runs scripts of its own, which are let through by list"
    return Ruling(Action(terms.install_scripts or "allow"), "install-scripts", said)


def words(seconds: float) -> str:
    """A span of time as people say it, in its largest unit."""
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
