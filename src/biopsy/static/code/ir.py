"""The small language that every source language is lowered to.

Only what matters to following values is kept: operators that compare, loops' ends and exceptions are not.
Bodies of functions are lowered when they are first run (`Func.body`), most never.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from biopsy.static.code.value import Value


class Const(Struct):
    """A literal: str, bytes, int, float, bool or None."""

    value: object
    line: int = 0
    known: "Value | None" = None  # what it is, for the interpreter, once that was asked


class Name(Struct):
    """A variable, or where none is bound, a builtin."""

    id: str
    line: int = 0


class Attr(Struct):
    """`obj.name`."""

    obj: "Expr"
    name: str
    line: int = 0


class Index(Struct):
    """`obj[key]`."""

    obj: "Expr"
    key: "Expr"
    line: int = 0


class Slice(Struct):
    """A key `low:high:step`."""

    low: "Expr | None"
    high: "Expr | None"
    step: "Expr | None"
    line: int = 0


class Star(Struct):
    """`*x`, `**x`, `...x` in arguments and literals."""

    value: "Expr"
    line: int = 0


class Call(Struct):
    """`func(args, key=value)`; `new` is JavaScript's."""

    func: "Expr"
    args: "list[Expr]"
    kwargs: "list[tuple[str, Expr]]" = field(default_factory=list)
    line: int = 0
    new: bool = False


class Bin(Struct):
    """An arithmetic or string operator."""

    op: str
    left: "Expr"
    right: "Expr"
    line: int = 0


class Join(Struct):
    """Parts of an f-string or template, joined as text."""

    parts: "list[Expr]"
    line: int = 0


class Seq(Struct):
    """A list, tuple, set or array."""

    items: "list[Expr]"
    line: int = 0


class Map(Struct):
    """A dict or object; a Star stands with key None."""

    pairs: "list[tuple[Expr | None, Expr]]"
    line: int = 0


class Either(Struct):
    """One of several values: conditional expression, `or`, `??`."""

    options: "list[Expr]"
    line: int = 0


class Blend(Struct):
    """Parts that are evaluated for what they do; the result carries nothing of them (comparison, not).

    With `op`, how two parts are compared: what that gives is known where both are.
    """

    parts: "list[Expr]"
    line: int = 0
    op: str = ""


class Pair(Struct):
    """A key with its value, until it is known what they stand in: arguments, a map, a loop's target."""

    key: "Expr | None"
    value: "Expr"
    line: int = 0


class Within(Struct):
    """Statements, and what the last expression gives: a block that is a value."""

    body: "list[Stmt]"
    last: "Expr"
    line: int = 0


class Comp(Struct):
    """A comprehension over one iterable; nested ones nest."""

    target: "Target"
    iterable: "Expr"
    element: "Expr"
    conditions: "list[Expr]"
    line: int = 0


class Bind(Struct):
    """An assignment that is an expression (`:=`, JavaScript's `=`)."""

    target: "Target"
    value: "Expr"
    line: int = 0
    op: str = ""


class Param(Struct):
    """A parameter: a pattern, and the value it has when none is given."""

    target: "Target"
    default: "Expr | None" = None
    rest: str = ""  # `*` or `**`


class Once:
    """What a function does, lowered when somebody first asks; what it is lowered from is then let go."""

    __slots__ = ("_lower", "_made")

    def __init__(self, lower: "Callable[[], list[Stmt]]") -> None:
        """Take what lowers it."""
        self._lower: Callable[[], list[Stmt]] | None = lower
        self._made: list[Stmt] = []

    def __call__(self) -> "list[Stmt]":
        """The statements. May raise RecursionError."""
        if self._lower is not None:
            self._made = self._lower()
            self._lower = None
        return self._made


class Func(Struct):
    """A function. `body` lowers it; `hot` says whether its text holds a word that anything here acts on."""

    name: str
    params: list[Param]
    body: "Callable[[], list[Stmt]]"
    line: int
    hot: bool = True
    doc: str = ""
    getter: bool = False  # it stands for the value that it gives


class Lambda(Struct):
    """A function as a value."""

    func: Func
    line: int = 0


class Assign(Struct):
    """`targets = value`; the value of a `lazy` one is only worked out when it is asked for."""

    targets: "list[Target]"
    value: "Expr"
    line: int = 0
    lazy: bool = False


class Do(Struct):
    """An expression for its effects."""

    value: "Expr"
    line: int = 0


class Return(Struct):
    """`return` and `yield`: the value is among those the function gives; `each` is one of a list of them."""

    value: "Expr"
    line: int = 0
    each: bool = False


class If(Struct):
    """Two ways, both taken; what they bind is merged."""

    test: "Expr"
    body: "list[Stmt]"
    other: "list[Stmt]"
    line: int = 0


class For(Struct):
    """A loop over an iterable, or with no target a loop on a condition."""

    target: "Target | None"
    iterable: "Expr"
    body: "list[Stmt]"
    line: int = 0
    keys: bool = False  # JavaScript's `for in`


class Block(Struct):
    """Statements one after the other: try and its handlers, with, braces."""

    body: "list[Stmt]"
    line: int = 0


class Main(Struct):
    """What only runs when the file is the program."""

    body: "list[Stmt]"
    line: int = 0
    when: str = ""  # another moment than that of the file as the program


class Class(Struct):
    """A class: its functions by name, and the other statements of its body."""

    name: str
    bases: "list[Expr]"
    body: "list[Stmt]"
    line: int = 0
    options: "list[tuple[str, Expr]]" = field(default_factory=list)  # Python's metaclass and its like
    doc: str = ""
    late: "list[Stmt]" = field(default_factory=list)  # what it does once it is known by its name


class Import(Struct):
    """Names bound to library paths: (`o`, `os`), (`P`, `subprocess.Popen`)."""

    names: list[tuple[str, str]]
    line: int = 0


class Linked(Struct):
    """A name of another module of the package: its path, and attributes from there."""

    path: str
    names: list[str]
    line: int = 0


class Outer(Struct):
    """Names that a function assigns outside itself (`global`, `nonlocal`)."""

    names: list[str]
    line: int = 0


class ClassValue(Struct):
    """A class as a value."""

    cls: Class
    line: int = 0


def balanced(operands: "list[Expr]", line: int) -> "Expr":
    """`a + b + c + …` as a tree whose depth grows with the logarithm of its length."""
    while len(operands) > 1:
        pairs = [operands[i : i + 2] for i in range(0, len(operands), 2)]
        operands = [Bin("+", p[0], p[1], line) if len(p) == 2 else p[0] for p in pairs]
    return operands[0]


Target = Name | Attr | Index | Seq | Map | Star
Expr = (
    Const
    | Name
    | Attr
    | Index
    | Slice
    | Star
    | Call
    | Bin
    | Join
    | Seq
    | Map
    | Either
    | Blend
    | Pair
    | Within
    | Comp
    | Bind
    | Lambda
    | ClassValue
    | Linked
)
Stmt = Assign | Do | Return | If | For | Block | Main | Class | Import | Outer
