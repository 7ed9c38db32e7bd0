"""Coverage: how much of a package a run reached, and for what it did not reach, why.

It is counted from what the drivers reported of each step, so it is a claim of the sandbox's inside: a package
that lies there can only make itself look better watched than it was, never more harmless.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from biopsy.model.behaviour import Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Outcome, Status, Step

MAX_WHY = 8
"""Most reasons that are named of one count; the rest are under `other`."""

_ENTRY = re.compile(r"(?:require|import) ")
_AGAIN = re.compile(r" \([^()]*\)(?=\(\)$)")  # the same function with other arguments
_MORE = re.compile(r"(\d+) more steps")
_RUNS = ("preinstall", "install", "postinstall")


class Reach(Struct, frozen=True):
    """So many `of` all there are were reached. `why`: reason codes of the others, with how many each."""

    of: int = 0
    done: int = 0
    why: tuple[tuple[str, int], ...] = ()


class Coverage(Struct, frozen=True):
    """What was reached under one profile, in all goes together. `of` 0: there is nothing of that sort."""

    profile: str
    modules: Reach = Reach()  # modules, or what `require` and `import` can be asked for
    functions: Reach = Reach()  # functions and methods that the modules offer, called with made-up arguments
    commands: Reach = Reach()  # what it installs for people to type, started
    scripts: Reach = Reach()  # of npm: what its manifest has an install run
    lines: Reach = Reach()  # of JavaScript and Python: lines of code, where a process could tell


def coverage(dossier: Dossier) -> tuple[Coverage, ...]:
    """Count, for each profile that something was run under, what was reached."""
    profiles = dict.fromkeys(one.profile for one in dossier.outcomes if one.profile)
    return tuple(
        Coverage(
            profile,
            modules=_reach(_modules(_of(dossier, profile, "import"))),
            functions=_reach(_functions(_of(dossier, profile, "execute"))),
            commands=_reach(_commands(_of(dossier, profile, "scripts"))),
            scripts=_reach(_scripts(dossier, profile)),
            lines=_lines(one for one in dossier.outcomes if one.profile == profile),
        )
        for profile in profiles
    )


def _of(dossier: Dossier, profile: str, phase: str) -> list[Outcome]:
    return [one for one in dossier.outcomes if one.profile == profile and one.phase == phase]


Seen = tuple[str, bool, str, int]
"""What was tried, whether it was reached, else why not, and how many are meant."""


def _modules(outcomes: Iterable[Outcome]) -> Iterator[Seen]:
    for outcome in outcomes:
        for step in outcome.steps:
            yield _ENTRY.sub("", step.name, count=1), step.status is Status.COMPLETED, _code(step), 1


def _functions(outcomes: Iterable[Outcome]) -> Iterator[Seen]:
    for outcome in outcomes:
        for step in outcome.steps:
            name, code = step.name, _code(step)
            if more := _MORE.fullmatch(step.reason):
                yield name, False, "not-listed", int(more[1])
            elif name.endswith("()") or " exports" in name:
                entered = step.status is not Status.SKIPPED and code != "no-arguments"
                yield _AGAIN.sub("", name), entered, code, 1


def _commands(outcomes: Iterable[Outcome]) -> Iterator[Seen]:
    for outcome in outcomes:
        for step in outcome.steps:
            ran = step.status is not Status.SKIPPED and _code(step) not in {"exit-126", "exit-127"}
            yield step.name.split(" ", 1)[0], ran, _code(step), 1


def _scripts(dossier: Dossier, profile: str) -> Iterator[Seen]:
    """Each script that an install runs, and whether a process of the install had it on its command line."""
    ran = [" ".join(p.argv) for p in dossier.processes if p.profile == profile and p.phase == "install"]
    how = next((_status(one) for one in _of(dossier, profile, "install")), "not-asked")
    for behaviour in dossier.behaviours:
        if behaviour.kind is not Kind.PKG_HOOK or not behaviour.value.startswith("npm:"):
            continue
        name, _, command = behaviour.value.removeprefix("npm:").partition(" ")
        if name in _RUNS and command:
            yield behaviour.value, any(command in line for line in ran), how, 1


def _lines(outcomes: Iterable[Outcome]) -> Reach:
    """Put together what phases say of each file; of what nobody loaded, no line was reached."""
    sizes, spans, lost = dict[str, int](), dict[str, set[tuple[int, int]]](), ""
    for outcome in outcomes:
        for one in outcome.lines:
            lost = lost or one.why
            sizes[one.path] = max(one.of, sizes.get(one.path, 0))
            spans.setdefault(one.path, set()).update(_spans(one.seen))
    everything = sizes.pop("", 0)
    loaded = sum(sizes.values())
    done = sum(min(of, _length(spans[path])) for path, of in sizes.items())
    why = ((lost or "not-loaded", max(0, everything - loaded)), ("not-entered", loaded - done))
    told = tuple(sorted(((code, many) for code, many in why if many), key=lambda one: -one[1]))
    return Reach(max(everything, loaded), done, told)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for word in text.split():
        first, _, last = word.partition("-")
        yield int(first), int(last or first)


def _length(spans: Iterable[tuple[int, int]]) -> int:
    """Count the numbers that lie in any of these."""
    total = end = 0
    for first, last in sorted(spans):
        total += max(0, last - max(first, end + 1) + 1)
        end = max(end, last)
    return total


def _status(outcome: Outcome) -> str:
    """Why a script of an install did not run."""
    if outcome.status is Status.COMPLETED:
        return "not-started"
    return outcome.reason.split(":", 1)[0].strip() or str(outcome.status)


def _code(step: Step) -> str:
    """The code that a reason begins with, as one word."""
    return "-".join(step.reason.split(":", 1)[0].split())[:40] or str(step.status)


def _reach(seen: Iterable[Seen]) -> Reach:
    """Count each thing once: reached in any go is reached."""
    reached, missed = set[str](), dict[str, tuple[str, int]]()
    for name, done, code, many in seen:
        if done:
            reached.add(name)
        else:
            missed[name] = (code, max(many, missed.get(name, ("", 0))[1]))
    why: Counter[str] = Counter()
    for name, (code, many) in missed.items():
        if name not in reached:
            why[code] += many
    counted = sorted(why.items(), key=lambda one: (-one[1], one[0]))
    if len(counted) > MAX_WHY:
        counted = [*counted[: MAX_WHY - 1], ("other", sum(many for _, many in counted[MAX_WHY - 1 :]))]
    return Reach(len(reached) + sum(why.values()), len(reached), tuple(counted))
