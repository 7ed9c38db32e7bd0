"""Which files of a package are worth running: those that hold a telling word, and users of what holds one.

A word tells something of the definition that it stands in, not of its whole file: who imports another name
of that file learns nothing by being run.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from biopsy.model.behaviour import When
from biopsy.static.code.aside import ASIDE
from biopsy.static.sight import Package, Source

ALL = "*"
"""Every name of a file."""
MAX_LINKS = 2000  # modules that one file is followed into

ANY: frozenset[str] = frozenset()
"""Whatever stands behind a name."""


class Taken(Struct, frozen=True):
    """A name that a file takes from another of the package: `attr` there, `ALL`, or the module as a whole.

    What is asked of a whole module has a name of its own, `module.attr`; the module by itself is `module.`.
    """

    name: str
    path: str
    attr: str = ""


class Use(Struct, frozen=True):
    """A top-level statement: what it binds, and what it mentions of taken names and of its own file's."""

    binds: frozenset[str]
    words: frozenset[str]
    now: bool = True  # whether it does more than to define something


class Look(Struct, frozen=True):
    """What the words of a file say: whether one is telling, and the names bound where one stands.

    `uses` is None where a file cannot be told apart: then all of it stands and falls together.
    """

    telling: bool = False
    gives: frozenset[str] = frozenset()
    taken: tuple[Taken, ...] = ()
    uses: tuple[Use, ...] | None = ()


Scan = Callable[[Source], Look]


class Interest:
    """Looks at each file once, by words, when it or a file that leads to it is asked for."""

    def __init__(self, package: Package, scan: Scan, reader: str, strong: Callable[[Source], bool]) -> None:
        """Take a package, how its files are looked at, who reads them, and which are worth it in any case."""
        self._package, self._scan, self._reader, self._strong = package, scan, reader, strong
        self._led: set[str] = set()  # what others than tests and documents lead to, and themselves
        self._looks: dict[str, Look] = {}
        self._told: dict[str, set[str]] = {}
        self._worth: dict[str, bool] = {}
        self._telling: set[str] = set()
        self._names: dict[str, Mapping[str, frozenset[str]]] = {}

    def worth(self, source: Source) -> bool:
        """Whether running a source can show anything, by itself or through what it imports.

        What says nothing itself, and is not run unasked before all else, has to wait for all that does.
        """
        if source.depth:
            look = self._scan(source)
            return look.telling or bool(self._taken(look)[1])
        if source.when in ASIDE and source.path not in self._led and not self._strong(source):
            return False  # they come last: whatever leads to one was looked at
        self._solve(source.path, source)
        if not self._worth[source.path]:
            return False
        first = source.path in self._telling or source.when in (When.INSTALL, When.START)
        return self._package.budget.takes(source.path, self._reader, first=first)

    def worthy(self, path: str) -> bool:
        """Whether running a file of the package can show anything."""
        self._solve(path)
        return self._worth[path]

    def names(self, source: Source) -> Mapping[str, frozenset[str]]:
        """The telling names that a source takes from others, each with the attributes that matter.

        No attributes are all of them; an empty one stands for the name by itself.
        """
        if source.depth:
            return _by_attribute(self._taken(self._scan(source))[0])
        self._solve(source.path, source)
        return self._names[source.path]

    def _solve(self, path: str, source: Source | None = None) -> None:
        """Find out about a file and all that it leads to."""
        if path in self._worth:
            return
        new = self._reached(path, source)
        if self._package.moments.get(path) not in ASIDE:
            self._led.update(new)
        pending = new[::-1]  # what is imported mostly stands before what imports it
        changed = True
        while changed:
            changed = False
            for at in pending:
                changed = self._spread(at) or changed
        for at in new:
            look = self._looks.pop(at)
            names, mentioned = self._taken(look)
            self._worth[at] = look.telling or bool(mentioned)
            if look.telling:
                self._telling.add(at)
            elif any(use.now and not mentioned.isdisjoint(use.words) for use in look.uses or ()):
                self._package.budget.sooner.add(at)
            self._names[at] = _by_attribute(names)

    def _reached(self, path: str, source: Source | None) -> list[str]:
        queue = [path]
        seen = {path}
        for at in queue:
            held = source if source is not None and at == path else self._package.source(at)
            look = self._looks[at] = self._scan(held) if held is not None else Look()
            self._package.budget.looked(len(held.data) if held is not None else 0)
            self._told[at] = set(look.gives)
            for taken in look.taken[:MAX_LINKS]:
                if taken.path not in seen and taken.path not in self._worth:
                    seen.add(taken.path)
                    queue.append(taken.path)
        return queue

    def _spread(self, path: str) -> bool:
        """Tell a file's names what is known of those that they mention; whether that was news."""
        look, told = self._looks[path], self._told[path]
        before = len(told)
        names, _ = self._taken(look)
        told.update(n.partition(".")[0] for n in names)
        if look.uses is None and names:
            told.add(ALL)
        known = told | names
        for use in look.uses or ():
            if not known.isdisjoint(use.words):
                told |= use.binds
                known |= use.binds
        return len(told) != before

    def _taken(self, look: Look) -> tuple[set[str], set[str]]:
        """The telling names that a file takes, and those of them that it does more with than to hand on."""
        if not look.taken:
            return set(), set()
        names: set[str] = set()
        for taken in look.taken:
            there = self._told.get(taken.path)
            if not there:
                continue
            if taken.attr == ALL:
                names.update(n for n in there if not n.startswith("_"))
            elif not taken.attr or taken.attr in there or ALL in there:
                names.add(taken.name)
        if look.uses is None:
            return names, names
        return names, {n for use in look.uses for n in names & use.words} if names else names


def _by_attribute(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """`module.attr` by its module."""
    found: dict[str, set[str] | None] = {}
    for name in names:
        module, dot, attr = name.partition(".")
        if not dot:
            found[module] = None
        elif (held := found.setdefault(module, set())) is not None:
            held.add(attr.partition(".")[0])
    return {n: ANY if held is None else frozenset(held) for n, held in found.items() if n not in {"", ALL}}
