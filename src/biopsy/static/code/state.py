"""What the interpreter keeps while it runs: scopes, functions, counters; and what it asks of a language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from biopsy.model.behaviour import When
from biopsy.static.code import ir
from biopsy.static.code.value import Value

MAX_DEPTH = 10  # functions inside functions
MAX_NESTING = 180  # expressions and statements inside each other
MAX_RUNS = 12  # of one function with different arguments
MAX_ENTERED = 3000  # calls of local functions of one file, past which each is entered once
MAX_LOOP = 20_000  # iterations of one loop
MAX_LOOPS = 60_000  # iterations of all loops of a file


class Exhausted(Exception):  # noqa: N818 - it is a state, caught by the reader
    """The budget of steps is used up."""


class Scope:
    """Variables of a module or function; `parent` is where it was written."""

    __slots__ = ("names", "outer", "parent")

    def __init__(self, parent: "Scope | None" = None) -> None:
        """Start empty."""
        self.names: dict[str, Value | Thunk] = {}
        self.parent = parent
        self.outer: set[str] = set()


@dataclass(slots=True, eq=False)
class Thunk:
    """A value that nobody has asked for yet."""

    expr: ir.Expr


@dataclass(slots=True, eq=False)
class Closure:
    """A function with the scope it was written in, and what it gave when it was run."""

    func: ir.Func
    scope: Scope
    owner: Value | None = None  # the class it belongs to
    runs: int = 0
    active: bool = False
    known: dict[object, Value] = field(default_factory=dict)
    body: "list[ir.Stmt] | None" = None


@dataclass(slots=True, eq=False)
class Invocation:
    """One call of something that is not a local function."""

    ref: str
    name: str  # the last word: the method
    args: list[Value]
    kwargs: dict[str, Value]
    line: int
    receiver: Value | None = None
    new: bool = False
    target: Value | None = None  # what is called

    def arg(self, at: int, name: str = "") -> Value:
        """An argument by position or name; an unknown value where it is not given."""
        if name and name in self.kwargs:
            return self.kwargs[name]
        return self.args[at] if at < len(self.args) else Value()

    def all(self) -> list[Value]:
        """All arguments."""
        return [*self.args, *self.kwargs.values()]


class Language(Protocol):
    """What is particular to a language: builtins, attributes of libraries, what its functions do."""

    def builtin(self, name: str) -> Value | None:
        """The value of a name that nothing binds."""

    def attribute(self, run: "State", obj: Value, name: str, line: int) -> Value | None:
        """An attribute of a library object; None where nothing special is known."""

    def invoke(self, run: "State", call: Invocation) -> Value | None:
        """Do what calling a library function does; None where nothing is known of it."""

    def patched(self, run: "State", obj: Value, name: str, value: Value, line: int) -> None:
        """An attribute of a library object is assigned."""

    def installs(self, name: str, bases: tuple[str, ...]) -> bool:
        """Whether an installer calls a function of that name, in a class with these bases, by itself."""


class State:
    """The part of the interpreter that its parts share."""

    def __init__(self, language: Language, when: When, steps: int) -> None:
        """Prepare for code that runs at `when`, in at most `steps` steps."""
        self.language, self.when, self.steps = language, when, steps
        self.main_when = when if when in {When.INSTALL, When.START, When.TEST, When.DOCS} else When.CALL
        self.call_when = when if when in {When.TEST, When.DOCS, When.UNKNOWN} else When.CALL
        self.scope = Scope()
        self.closures: list[Closure] = []
        self.depth = self.nesting = self.loops = self.entered = 0
        self.returns: list[Value] = []

    def evaluate(self, node: ir.Expr) -> Value:
        """What an expression is."""
        raise NotImplementedError

    def execute(self, body: list[ir.Stmt]) -> None:
        """Run statements in order."""
        raise NotImplementedError

    def sequence(self, items: list[ir.Expr]) -> list[Value]:
        """Evaluate items, opening those that are spread."""
        raise NotImplementedError

    def attribute(self, obj: Value, name: str, line: int) -> Value:
        """`obj.name`."""
        raise NotImplementedError

    def index(self, obj: Value, key: Value, line: int) -> Value:
        """`obj[key]`."""
        raise NotImplementedError

    def enter(
        self, closure: Closure, args: list[Value], kwargs: Mapping[str, Value], bound: Value | None = None
    ) -> Value:
        """Run a local function with these arguments."""
        raise NotImplementedError

    def assign(self, target: ir.Expr, value: Value) -> None:
        """Bind a target to a value."""
        raise NotImplementedError


def taints(values: Iterable[Value]) -> frozenset[str]:
    """The taint of several values together."""
    return frozenset().union(*(v.all_taint() for v in values))
