"""The modules of one package, each run once, when one of them first asks for it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from biopsy.model.behaviour import Kind, When
from biopsy.static.code.state import Exhausted, Scope

if TYPE_CHECKING:
    from biopsy.static.code import ir
    from biopsy.static.code.witness import Witness
    from biopsy.static.sight import Package, Sight, Source

MAX_DEEP = (
    768 * 1024
)  # bytes of code of a package whose functions are followed into others whoever calls them
MAX_KEPT = 1024**2  # bytes of source whose modules are kept in memory
SMALL = 4096  # bytes that a module counts beyond its source
MIN_KEPT = 8  # modules that are kept whatever their size
MAX_LOADING = 60  # modules that wait for each other
_ASIDE = frozenset({When.TEST, When.DOCS})
UNASKED = 200_000  # steps for all tests and documentation of a package, each at most a quarter of the rest
MIN_UNASKED = 4000  # steps that each of them, and whatever is run, has in any case
MAX_LOADS = 2  # times that one module is run again, after it was dropped


class Module(Struct, eq=False):
    """A file of the package that was run, or is being run; `failed` says what stopped that."""

    path: str
    witness: "Witness"
    scope: Scope
    size: int = 0
    failed: str = ""
    running: bool = True
    counted: int = 0  # steps that were taken off the budget

    def taken(self) -> int:
        """The steps that it took since this was last asked."""
        before, self.counted = self.counted, self.witness.given - max(self.witness.steps, 0)
        return self.counted - before


class Shared(Struct, eq=False):
    """What all modules of a package know together."""

    written: dict[str, frozenset[str]] = field(default_factory=dict)  # paths that tainted bytes were put in
    origins: dict[str, str] = field(default_factory=dict)  # where a taint was first seen
    unasked: int = UNASKED  # steps that are left for what nobody runs unasked

    def share(self, steps: int) -> int:
        """How many steps a file of tests or documentation may take, which asks for these."""
        return min(steps, max(self.unasked // 4, MIN_UNASKED))


Start = Callable[["Source", "Linker"], "tuple[Witness, list[ir.Stmt]] | None"]


class Linker:
    """Runs modules on demand. What tests and documentation import is not followed."""

    def __init__(self, package: "Package", start: Start) -> None:
        """Take a package and what makes a module ready to run."""
        self.package, self._start = package, start
        self.shared = Shared()
        self.deep = package.size <= MAX_DEEP
        self._kept: OrderedDict[str, Module] = OrderedDict()
        self._loading = self._size = 0
        self._loads: dict[str, int] = {}

    def kept(self, path: str) -> Module | None:
        """The module of a file, if it was run already and is still known."""
        return self._kept.get(path)

    def load(self, path: str) -> Module | None:
        """The module of a file, run as far as it goes; None where it cannot be had."""
        module = self._kept.get(path)
        if module is not None:
            self._kept.move_to_end(path)
            return module
        if self._loading >= MAX_LOADING or self._loads.get(path, 0) >= MAX_LOADS:
            return None
        if self.package.budget.left <= 0:
            return None
        self._loads[path] = self._loads.get(path, 0) + 1
        source = self.package.source(path)
        return None if source is None else self.run(source)

    def read(self, source: "Source") -> Module | None:
        """The module of a source: one that others loaded already, or run now."""
        return (self.load(source.path) if not source.depth else None) or self.run(source)

    def steps(self, most: int) -> int:
        """How many of `most` steps there still are for a module."""
        return max(min(most, self.package.budget.left), MIN_UNASKED)

    def run(self, source: "Source") -> Module | None:
        """Run the top level of a source as a module of the package."""
        budget = self.package.budget
        budget.parsed(len(source.data))
        made = self._start(source, self)
        if made is None:
            return None
        witness, body = made
        module = Module(source.path, witness, witness.scope, len(source.data) + SMALL)
        if not source.depth:
            self._kept[source.path] = module
            self._size += module.size
            self._trim()
        self._loading += 1
        try:
            witness.execute(body)
        except Exhausted:
            module.failed = "too-complex"
        except RecursionError:
            module.failed = "too-deep"
        finally:
            self._loading -= 1
            module.running = False
            budget.left -= module.taken()
        return module

    def _trim(self) -> None:
        if self._size <= MAX_KEPT or len(self._kept) <= MIN_KEPT:
            return
        idle = [m for m in list(self._kept.values())[:-1] if not m.running]
        for dropped in sorted(
            idle, key=lambda m: m.size, reverse=True
        ):  # small ones cost little and are many
            if self._size <= MAX_KEPT * 3 // 4 or len(self._kept) <= MIN_KEPT:
                return
            del self._kept[dropped.path]
            self._size -= dropped.size


def finished(module: Module, source: "Source") -> "Iterator[Sight]":
    """Run what of a module nobody called, and yield all that it showed."""
    witness = module.witness
    if not module.failed:
        try:
            witness.pending()
        except Exhausted:
            module.failed = "too-complex"
        except RecursionError:
            module.failed = "too-deep"
    source.package.budget.left -= module.taken()
    if source.when in _ASIDE:
        witness.shared.unasked -= witness.given - max(witness.steps, 0)
    if module.failed:
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {module.failed}")
    for limit, line in witness.limits.items():
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {limit}", line)
    yield from witness.sights
