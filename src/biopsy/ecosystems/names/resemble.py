"""What a name resembles: a fact about a name, and no more than that.

One ordinary name in fifty resembles one in wide use (docs/decisions/0012 tells what was counted), so nothing
follows from a resemblance alone. A name that is in wide use itself resembles nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import permutations

from msgspec import Struct

from biopsy.ecosystems.names.listed import Names, squeeze
from biopsy.ecosystems.names.look import latin, skeleton
from biopsy.ecosystems.names.slip import FAR_LENGTH, core, numbered, slip, tokens
from biopsy.ecosystems.names.words import COMMON, INTERNAL, Habits

MAX_FOUND = 5
MAX_NAME = 214

MAX_RANK = 15_000
FAR_RANK = 1500  # two slips away: only from the best known
SHORT_RANKS = {3: 0, 4: 300, 5: 2000}  # a word of so many letters, and how well known its target must be
ODD_RANK, SHORT_ODD_RANK = 4000, 500  # a change that no finger makes by itself
AFFIX_RANK = 3000  # `python-x`
COMMON_RANK = 500  # `x-utils`
ABROAD_RANK = 1500  # known in the other ecosystem
RANKED = 5_000  # names from which a list's order says how well known they are: shorter ones are made by hand
LONG, LONG_RANK = 8, 2000
_CHANCE = ("another letter", "a letter put in")


class Resemblance(Struct, frozen=True):
    """A name in wide use that another one resembles. `word` is as in `pkg.name`; `how` is for people."""

    word: str  # typosquat, homoglyph, combosquat, scope, other-ecosystem, internal
    target: str
    how: str

    @property
    def value(self) -> str:
        """The value of the behaviour `pkg.name`."""
        return f"{self.word} {self.target}"


def resemblances(
    name: str, names: Names, habits: Habits, others: Iterable[Names] = ()
) -> tuple[Resemblance, ...]:
    """Say what `name` resembles, the most telling first; nothing where it is in wide use itself.

    `others` are the lists of other ecosystems; they are only asked for where that is of use.
    """
    name = name[:MAX_NAME]
    if not names.rows or name in names or _of_the_family(name, names):
        return _internal(name, names)
    found: dict[str, Resemblance] = {}
    for one in _all(name, names, habits):
        found.setdefault(one.target, one)
    best = sorted(found.values(), key=lambda r: (_ORDER.index(r.word), names.ranks.get(r.target, 0)))
    abroad = () if best else _abroad(name, others)
    return (*best[:MAX_FOUND], *abroad, *_internal(name, names))


_ORDER = ("homoglyph", "typosquat", "scope", "combosquat")


SHARED = frozenset({"github.com", "gitlab.com", "bitbucket.org", "gopkg.in", "codeberg.org"})
"""Beginnings of names that are many owners'."""


def _of_the_family(name: str, names: Names) -> bool:
    """Whether it stands where somebody in wide use has his names: a scope, a vendor has one owner."""
    parts = name.split("/")[:4]
    owners = ("/".join(parts[:count]) for count in range(1, len(parts)))
    return any(owner not in SHARED and names.owns(owner) for owner in owners)


def _all(name: str, names: Names, habits: Habits) -> Iterator[Resemblance]:
    yield from _alike(name, names)
    yield from _slipped(name if name.isascii() else latin(name), names)
    yield from _rejoined(name, names)
    if name.startswith("@"):
        return  # whoever has a scope may name things in it as they like
    yield from _scoped(name, names)
    yield from _combined(name, names, habits)


def _alike(name: str, names: Names) -> Iterator[Resemblance]:
    target = names.skeletons.get(skeleton(name), "")
    if target and not numbered(name, target):
        yield Resemblance("homoglyph", target, "looks like it in many typefaces")


def _slipped(name: str, names: Names) -> Iterator[Resemblance]:
    """Compare with every name at most two slips away: at once, in a few milliseconds."""
    from rapidfuzz import process  # noqa: PLC0415 - most packages are in wide use, and are not compared
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    cutoff = 2 if len(name) >= FAR_LENGTH else 1
    near = process.extract(name, names.ordered, scorer=OSA.distance, score_cutoff=cutoff, limit=50)
    for target, distance, index in near:
        rank, (mine, theirs) = int(index) + 1, core(name, target)
        if numbered(name, target) or not distance or target.startswith("@") > name.startswith("@"):
            continue
        if distance == 1 and (how := slip(mine, theirs)) and _well_known(rank, how, theirs, target):
            yield Resemblance("typosquat", target, how)
        if distance == 2 and min(len(mine), len(theirs)) >= FAR_LENGTH and rank <= FAR_RANK:
            yield Resemblance("typosquat", target, "two slips away")


def _well_known(rank: int, how: str, word: str, target: str) -> bool:
    """Whether a target is known well enough to be meant: short words are near to each other by chance.

    What counts is the word in which the names differ; but a slip in a short word of a long name is one too.
    """
    length = len(word)
    limit = SHORT_RANKS.get(length, 0 if length < 3 else MAX_RANK)
    if how in _CHANCE:
        limit = min(limit, ODD_RANK if length > 5 else SHORT_ODD_RANK)
    elif len(target) >= LONG:
        limit = max(limit, LONG_RANK)
    return rank <= limit


def _rejoined(name: str, names: Names) -> Iterator[Resemblance]:
    """The same letters with separators elsewhere, and the same words in another order."""
    if name.startswith("@"):
        return
    target = names.squeezed.get(squeeze(name), "")
    if target and not target.startswith("@"):
        yield Resemblance("typosquat", target, "separators put in, left out or moved")
    words = tokens(name)
    if 2 <= len(words) <= 4:
        for order in permutations(words):
            target = names.squeezed.get("".join(order), "")
            if target and order != tuple(words) and sorted(tokens(target)) == sorted(words):
                yield Resemblance("combosquat", target, "the same words in another order")


def _scoped(name: str, names: Names) -> Iterator[Resemblance]:
    """A name without a scope that reads like one with it: `types-node` for `@types/node`."""
    target = names.squeezed.get(squeeze(name), "")
    if target.startswith("@"):
        yield Resemblance("scope", target, "the same letters without the scope")


def _combined(name: str, names: Names, habits: Habits) -> Iterator[Resemblance]:
    """A known name with a word more, a word less, or another word for the same language."""
    for rest, word in _without(name, habits):
        target = names.squeezed.get(rest, "")
        rank = names.ranks.get(target, 0)
        if not rank or target.startswith("@"):
            continue
        if rank <= (COMMON_RANK if len(rest) < 4 or word not in habits.languages else AFFIX_RANK):
            yield Resemblance("combosquat", target, f"with `{word}` added")
    bare = "".join(word for word in tokens(name) if word not in habits.languages)
    if len(bare) >= 4:
        for word in sorted(habits.languages):
            for with_word in (word + bare, bare + word):
                target = names.squeezed.get(with_word, "")
                if target and squeeze(name) != with_word and names.ranks[target] <= AFFIX_RANK:
                    yield Resemblance("combosquat", target, f"without `{word}`, or another word for it")


def _without(name: str, habits: Habits) -> Iterator[tuple[str, str]]:
    """Yield what is left of a name, squeezed, when a word that people add is taken away, and the word."""
    words = tokens(name)
    if len(words) > 1:
        ends = ((0, words[0]), (len(words) - 1, words[-1]))
        inside = enumerate(words[:-1]) if "/" in name else ()  # the last word of an owner's name
        for at, word in dict.fromkeys((*ends, *(one for one in inside if one[1] in habits.languages))):
            if word in habits.languages or word in COMMON:
                yield "".join(words[:at] + words[at + 1 :]), word
    whole = squeeze(name)
    for word in habits.fused_before:
        if whole.startswith(word):
            yield whole.removeprefix(word), word
    for word in habits.fused_behind:
        if whole.endswith(word):
            yield whole.removesuffix(word), word


def _abroad(name: str, others: Iterable[Names]) -> Iterator[Resemblance]:
    for other in others:
        if len(name) >= 5 and len(other) >= RANKED and 0 < other.rank(name) <= ABROAD_RANK:
            target = f"{other.ecosystem}:{name}"
            yield Resemblance("other-ecosystem", target, "has the name of a package there")


def _internal(name: str, names: Names) -> tuple[Resemblance, ...]:
    if not INTERNAL & set(tokens(name)) or name in names:
        return ()
    return (Resemblance("internal", name, "reads like a name that was not meant for a public registry"),)
