"""What the interpreter keeps while it runs: scopes, functions, counters; and what it asks of a language."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from biopsy.model.behaviour import When
from biopsy.static.code import ir
from biopsy.static.code.value import Value
from biopsy.static.sight import Source

if TYPE_CHECKING:
    from biopsy.static.code.link import Linker, Module

MAX_SELF = 24  # of one function inside itself, each time with other known arguments
MAX_DEPTH = 40  # functions inside functions
MAX_NESTING = 500  # expressions and statements inside each other
MAX_RUNS = 6  # of one function with different arguments
MAX_WIDE = 12  # more of it, with arguments of which only the origin is kept
MAX_ENTERED = 3000  # calls of local functions of one file, past which each is entered once
MAX_LOOP = 20_000  # iterations of one loop
MAX_LOOPS = 60_000  # iterations of all loops of a file
YIELDED = "#yielded"
"""Stands for one of the values that a generator gives, until it has given all."""


class Exhausted(Exception):  # noqa: N818 - it is a state, caught by the reader
    """The budget of steps is used up."""


class Scope:
    """Variables of a module or function; `parent` is where it was written."""

    __slots__ = ("absent", "names", "outer", "parent", "stars", "taken")

    def __init__(self, parent: "Scope | None" = None) -> None:
        """Start empty."""
        self.names: dict[str, Value | Thunk] = {}
        self.parent = parent
        self.outer: frozenset[str] = frozenset()
        self.stars: tuple[str, ...] = ()  # modules of the package whose names are all taken over
        self.taken: dict[str, str] = {}  # which of those was found to have a name
        self.absent: set[tuple[str, bool]] = set()  # names that none of those has, and whether at rest


class Thunk(Struct, eq=False):
    """A value that nobody has asked for yet."""

    expr: ir.Expr


class Closure(Struct, eq=False):
    """A function with the scope it was written in, and what it gave when it was run."""

    func: ir.Func
    scope: Scope
    owner: Value | None = None  # the class it belongs to
    home: Source | None = None  # the file it stands in
    runs: int = 0
    active: int = 0  # how often it is being run right now, inside itself
    moments: frozenset[When] = frozenset()  # at which it was run
    known: dict[object, tuple[Value, object]] = field(default_factory=dict)


def outermost(scope: Scope) -> Scope:
    """The scope of the module itself."""
    while scope.parent is not None:
        scope = scope.parent
    return scope


class Invocation(Struct, eq=False):
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

    def linked(self, run: "State", ref: str, line: int) -> "ir.Linked | None":
        """Where in the package an imported name stands; None where it is not of the package."""

    def exported(self, module: str) -> tuple[str, ...]:
        """The names of a library that matter, for whoever takes over all that it has."""

    def member(self, run: "State", module: "Module", name: str, line: int) -> Value | None:
        """What a module of the package has under a name; no name means what it gives as a whole."""

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

    linker: "Linker | None" = None

    def __init__(self, language: Language, source: Source, steps: int) -> None:
        """Prepare to run `source`, in at most `steps` steps."""
        when = source.when
        self.rebinds = bool(getattr(language, "rebinds", False))  # variables of scopes further out
        self.self_first = bool(getattr(language, "self_first", False))  # among the arguments of a method
        self.by_object = bool(getattr(language, "by_object", False))  # a method is run for each that it is of
        self.unbound_global = bool(getattr(language, "unbound_global", False))  # what is not declared
        self.bare_fields = bool(getattr(language, "bare_fields", False))  # of `this`, by their names alone
        self.language, self.source, self.when, self.steps = language, source, when, steps
        self.main_when: When = when if when in {When.INSTALL, When.START, When.TEST, When.DOCS} else When.CALL
        self.call_when = when if when in {When.TEST, When.DOCS, When.UNKNOWN} else When.CALL
        self.scope = Scope()
        self.closures: list[Closure] = []
        self.depth = self.nesting = self.loops = self.entered = self.repeated = 0
        self.returns: list[Value] = []
        self.resting = False  # what nobody called is being run
        self.examples: dict[int, Value] = {}  # objects by their class
        self.line = 0  # of the call that is being made
        self.trail: list[str] = []  # the calls that led here
        self.later: list[tuple[Value, Value, int, When]] = []  # callbacks: what, on what, line, moment
        self.limits: dict[str, int] = {}  # what was met, and the line where that first happened

    def evaluate(self, node: ir.Expr) -> Value:
        """What an expression is."""
        raise NotImplementedError

    def execute(self, body: list[ir.Stmt]) -> None:
        """Run statements in order."""
        raise NotImplementedError

    def sequence(self, items: list[ir.Expr]) -> list[Value]:
        """Evaluate items, opening those that are spread."""
        raise NotImplementedError

    def force(self, value: Value | Thunk) -> Value:
        """The value behind a thunk."""
        return self.evaluate(value.expr) if isinstance(value, Thunk) else value

    def attribute(self, obj: Value, name: str, line: int) -> Value:
        """`obj.name`."""
        raise NotImplementedError

    def index(self, obj: Value, key: Value, line: int) -> Value:
        """`obj[key]`."""
        raise NotImplementedError

    def module(self, path: str) -> "Module | None":
        """A module of the package, run; None where it cannot be had."""
        raise NotImplementedError

    def opened(self, obj: Value) -> Value:
        """What a module gives as a whole; any other value is itself."""
        raise NotImplementedError

    def enter(
        self, closure: Closure, args: list[Value], kwargs: Mapping[str, Value], bound: Value | None = None
    ) -> Value:
        """Run a local function with these arguments."""
        raise NotImplementedError

    def assign(self, target: ir.Expr, value: Value) -> None:
        """Bind a target to a value."""
        raise NotImplementedError
