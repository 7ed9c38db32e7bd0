"""Crossed cases: what a payload does × what starts it × how it hides, so that every pair occurs.

The parts are data, `crossed/` for everybody and `heldout/crossed/` kept aside; an odd case takes the latter's
payloads and disguises where there are some. Guarded cases hide from whoever runs them instead: `guarded/` has
what they wait for and look at. The same wrappers around honest code are controls: they must not
convict. Source: the evaluation protocol's "cross product with pairwise sampling".
"""

import itertools
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal

import msgspec
import yaml

from evals import disguise
from evals.encode import encode
from evals.scenario import HELDOUT, PLACEHOLDER, Binary, Expect, Scenario, text_of

OPEN = Path(__file__).parent / "crossed"
ASIDE = HELDOUT / "crossed"
GUARDED = Path(__file__).parent / "guarded"
Ecosystem = Literal["pypi", "npm"]
LANGUAGES: dict[Ecosystem, str] = {"pypi": "python", "npm": "javascript"}
_WORDS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "koala")
_HOSTS = (
    "collector.example",
    "cdn-metrics.example",
    "api.stats-hub.test",
    "updates.invalid",
    "node7.relay.example",
)


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is done; `sends` where a canary leaves, which convicts whenever it happens."""

    name: str
    source: str
    sends: bool = False


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What starts it: the files of a package, with a place for the payload."""

    name: str
    artifact: Literal["wheel", "sdist", "tgz"]
    phase: Literal["install", "start", "import", "scripts", "execute"]
    files: dict[str, str]
    entry_points: dict[str, tuple[str, ...]] = {}


class Evasion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it hides: a text around the part `stage`, or a change of the source."""

    name: str
    wrap: str = ""
    transform: str = ""
    files: dict[str, str] = {}
    evasive: bool = False


class Parts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The vocabulary of one language."""

    payloads: tuple[Payload, ...] = ()
    benign: tuple[Payload, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    evasions: tuple[Evasion, ...] = ()


_CALLED = ("scripts", "execute")
_THEIR_BUSINESS = ("configuration persistence", "wipe", "clipper")
"""What honest tools do, too, when they are told to: with a trigger that is a call, no crime."""

Triple = tuple[int, int, int]


@cache
def parts(folder: Path, language: str) -> Parts:
    """Read a vocabulary; empty where there is none."""
    path = folder / f"{language}.yml"
    return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Parts) if path.exists() else Parts()


def pairwise(sizes: Sequence[int], random: Random) -> Iterator[Triple]:
    """Yield triples until every pair of two columns has occurred; greedy, so nearly as few as can be."""
    columns = [range(size) for size in sizes]
    left = {
        (a, x, b, y) for a, b in itertools.combinations(range(3), 2) for x in columns[a] for y in columns[b]
    }
    every = list(itertools.product(*columns))
    random.shuffle(every)
    pairs = {triple: _pairs(triple) for triple in every}
    while left:
        whole = (triple for triple, its in pairs.items() if its <= left)  # none can have more than all new
        best = next(whole, None) or max(pairs, key=lambda triple: len(left & pairs[triple]))
        left -= pairs.pop(best)
        yield best


def _pairs(triple: Triple) -> set[tuple[int, int, int, int]]:
    return {(a, triple[a], b, triple[b]) for a, b in itertools.combinations(range(3), 2)}


@cache
def _plan(sizes: tuple[int, int, int]) -> tuple[Triple, ...]:
    """Plan for one vocabulary: the same whatever the seed, so that halves stay what they are."""
    return tuple(pairwise(sizes, Random(5)))


def cases(ecosystem: Ecosystem, seed: int = 0, *, aside: bool = False) -> Iterator[Scenario]:
    """Yield one half of the malicious cases: that for everybody, or that which is kept aside."""
    language = LANGUAGES[ecosystem]
    common, kept = parts(OPEN, language), parts(ASIDE, language)
    payloads, evasions = common.payloads, common.evasions
    plan = _plan((len(payloads), len(common.triggers), len(evasions)))
    for number, (p, t, e) in enumerate(plan):
        if number % 2 != aside:
            continue
        random = Random(f"{ecosystem} {number} {seed}")
        payload, evasion = payloads[p], evasions[e]
        if common.triggers[t].phase in _CALLED and payload.name in _THEIR_BUSINESS:
            continue
        if aside:
            others = [one for one in kept.payloads if one.name == payload.name]
            payload = random.choice(others) if others else payload
            evasion = kept.evasions[e % len(kept.evasions)] if kept.evasions else evasion
        letter = "H" if aside else ""
        yield _case(ecosystem, number, payload, common.triggers[t], evasion, random, letter=letter)


def guarded(ecosystem: Ecosystem, seed: int = 0) -> Iterator[Scenario]:
    """Yield malicious cases that wait, look around or choose their victims."""
    common, guards = _vocabulary(ecosystem)
    plan = _plan((len(common.payloads), len(common.triggers), len(guards)))
    for number, (p, t, e) in enumerate(plan):
        payload, trigger = common.payloads[p], common.triggers[t]
        if trigger.phase in _CALLED and payload.name in _THEIR_BUSINESS:
            continue
        random = Random(f"guarded {ecosystem} {number} {seed}")
        yield _case(ecosystem, number, payload, trigger, guards[e], random, letter="G")


def honest(ecosystem: Ecosystem, seed: int = 0, *, guarded: bool = False) -> Iterator[Scenario]:
    """Yield honest code in every trigger and every disguise, or behind every guard."""
    common, guards = _vocabulary(ecosystem)
    evasions = guards if guarded else common.evasions
    plan = _plan((len(common.benign), len(common.triggers), len(evasions)))
    for number, (p, t, e) in enumerate(plan):
        if p != number % len(common.benign) and number % 2:
            continue  # each pair of the last two once is enough
        random = Random(f"honest {ecosystem} {number} {seed}")
        letter = "GB" if guarded else "B"
        yield _case(
            ecosystem,
            number,
            common.benign[p],
            common.triggers[t],
            evasions[e],
            random,
            letter=letter,
            benign=True,
        )


def _vocabulary(ecosystem: Ecosystem) -> tuple[Parts, tuple[Evasion, ...]]:
    language = LANGUAGES[ecosystem]
    return parts(OPEN, language), parts(GUARDED, language).evasions


def _case(  # noqa: PLR0917
    ecosystem: Ecosystem,
    number: int,
    payload: Payload,
    trigger: Trigger,
    evasion: Evasion,
    random: Random,
    *,
    letter: str = "",
    benign: bool = False,
) -> Scenario:
    """Put one case together."""
    stem = "_".join(("sim", *random.sample(_WORDS, 2), f"{number:03}"))
    name = stem.replace("_", "-")
    fill = {"HOST": random.choice(_HOSTS), "STEM": stem, "NAME": name}
    source, extra = _dressed(ecosystem, payload, evasion, fill, random)
    files: dict[str, str | Binary] = {
        _named(path, fill): _placed(_named(text, fill), path, source, ecosystem)
        for path, text in trigger.files.items()
    }
    if benign:
        files = {path: _unmarked(text) if isinstance(text, str) else text for path, text in files.items()}
    for path, recipe in extra.items():
        files[path] = Binary(f"stage|{recipe}", f"stage|{recipe}" if benign else "")
    called = trigger.phase in _CALLED and not payload.sends
    verdict: Literal["malicious", "suspicious", "benign"] = (
        "benign" if benign else "suspicious" if called else "malicious"
    )
    return Scenario(
        id=f"X{letter}{LANGUAGES[ecosystem][0]}{number:03}",
        title=f"{payload.name} by {trigger.name}, hidden by {evasion.name}",
        technique=f"{payload.name}; {trigger.name}; {evasion.name}",
        evasive=evasion.evasive,
        ecosystem=ecosystem,
        artifact=trigger.artifact,
        name=name,
        needs=() if benign else ("crossed",),
        files=files,
        parts={"stage": _named(payload.source, fill)},
        entry_points={
            group: tuple(_named(line, fill) for line in lines)
            for group, lines in trigger.entry_points.items()
        },
        expect=Expect(verdict, "" if benign else trigger.phase),
    )


def _named(text: str, fill: dict[str, str]) -> str:
    for word, new in fill.items():
        text = re.sub(rf"\b{word}\b", new, text)
    return text


def _unmarked(text: str) -> str:
    return "".join(line.removeprefix("!! ") for line in text.splitlines(keepends=True)).replace(
        "\n!!\n", "\n\n"
    )


def _dressed(
    ecosystem: Ecosystem, payload: Payload, evasion: Evasion, fill: dict[str, str], random: Random
) -> tuple[str, dict[str, str]]:
    """Return the source in its disguise, and recipes of further files."""
    source = _named(payload.source, fill)
    if evasion.transform:
        change = disguise.python if ecosystem == "pypi" else disguise.javascript
        source = change(evasion.transform, source, random)
    if evasion.wrap:
        stage = {"stage": source}
        source = PLACEHOLDER.sub(
            lambda match: text_of(match[1], encode(match[1], stage)), _named(evasion.wrap, fill)
        )
    extra = {_named(path, fill): recipe.partition("|")[2] for path, recipe in evasion.files.items()}
    return source, extra


def _placed(text: str, path: str, source: str, ecosystem: Ecosystem) -> str:
    """Put the payload where the trigger wants it, each line marked."""
    out = []
    module = "import.meta" in text
    depth = "'..', " * path.count("/")
    source = source.replace("DEPTH", depth).replace(
        "__dirname", "import.meta.dirname" if module else "__dirname"
    )
    for line in text.splitlines():
        indent, word = line[: len(line) - len(line.lstrip())], line.strip()
        if word == "@payload":
            out += [f"!! {indent}{one}" if one else "!!" for one in source.splitlines()]
        elif word == "@inline":
            out.append("!! " + (_start_line(source) if ecosystem == "pypi" else _script_line(source)))
        else:
            out.append(line)
    return "\n".join(out) + "\n"


def _start_line(source: str) -> str:
    """Return a line of a .pth file that executes a source."""
    return f"import sys; exec({source!r})"


def _script_line(source: str) -> str:
    """Return a lifecycle script that hands a source to node."""
    quoted = source.strip()
    for char in '\\"$`':
        quoted = quoted.replace(char, "\\" + char)
    scripts: dict[str, Any] = {"postinstall": f'node -e "{quoted}"'}
    return f', "scripts": {json.dumps(scripts)}'


def digest(one: Scenario) -> int:
    """Return a number by which cases can be sampled evenly."""
    return zlib.crc32(one.id.encode())
