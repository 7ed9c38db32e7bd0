"""What the interpreter knows of a value: the constants it may be, where it comes from, what it holds."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from biopsy.static.code.state import Closure

HOLE = "\ufffc"
"""Stands in a text for a part that is not known; printed as `?`."""

MAX_CONSTS = 8  # alternatives that a value may have
MAX_OTHER = 4  # lists that a value may be beside the one that is known as its items
MAX_TEXT = 4 * 1024**2  # characters or bytes of one constant

MAX_HELD = 200  # containers inside one value that are looked through
MAX_TOLD = 64  # values of which is kept what they come from, while nothing changes
FEW = 4  # containers inside one value that are looked through at once

Taint = frozenset[str]
CLEAN: Taint = frozenset()


class Value(Struct, eq=False):
    """An abstract value. Containers are shared by reference, as in the languages themselves."""

    consts: tuple[object, ...] = ()
    ref: str = ""  # path into a library: `os.environ`, `requests.get()` for what a call gave
    taint: Taint = CLEAN
    items: "list[Value] | None" = None
    fields: "dict[str, Value] | None" = None
    func: "Closure | None" = None
    bases: tuple[str, ...] = field(default=())  # of a class: library paths
    made: bool = False  # an instance, whose functions get it as their first argument
    link: str = ""  # a module of the package, by its path; run when somebody looks into it
    getter: bool = False  # the function stands for the value that it gives
    other: "tuple[Value, ...]" = ()  # lists that it may be instead

    def text(self) -> str:
        """As a text: the first constant, or a hole."""
        return next(self.texts(), HOLE)

    def texts(self) -> Iterator[str]:
        """Every text that it may be."""
        return iter([as_text(c) for c in self.consts])

    def whole(self) -> str | bytes | None:
        """The one str or bytes that it is, without holes; None where that is not known."""
        if len(self.consts) != 1:
            return None
        const = self.consts[0]
        if isinstance(const, bytes) or (isinstance(const, str) and HOLE not in const):
            return const
        return None

    def wholes(self) -> "Iterator[str | bytes]":
        """Every str or bytes that it may be, without holes, but for empty ones."""
        for one in self.consts:
            if one and (isinstance(one, bytes) or (isinstance(one, str) and HOLE not in one)):
                yield one

    def take(self, taint: Taint) -> None:
        """Come from there too, from now on."""
        if not taint <= self.taint:
            self.taint |= taint
            changed()

    def all_taint(self) -> Taint:
        """Its own taint and that of what it holds, as far as `MAX_HELD` values go."""
        if self.items is None and self.fields is None:
            return self.taint
        if (told := _TOLD.get(id(self))) is not None and told[0] is self:
            return told[1]
        taint, many = self._looked_through()
        if many:
            if len(_TOLD) >= MAX_TOLD:
                _TOLD.clear()
            _TOLD[id(self)] = (self, taint)
        return taint

    def _looked_through(self) -> tuple[Taint, bool]:
        """The taint of all that it holds, and whether that was much to look through."""
        taint, seen, waiting = self.taint, {id(self)}, [self]
        for value in waiting:
            for held in (value.items, value.fields.values() if value.fields else None, value.other):
                for one in held or ():
                    more = one.taint
                    if more and more is not taint and not more <= taint:
                        taint = taint | more if taint else more
                    if (one.items or one.fields) and id(one) not in seen and len(seen) < MAX_HELD:
                        seen.add(id(one))
                        waiting.append(one)
        return taint, len(waiting) > FEW


_TOLD: dict[int, tuple[Value, Taint]] = {}
"""What values with much in them come from, until anything changes that some value holds."""


def changed() -> None:
    """Say that what some value holds, or comes from, is not what it was: whoever changes one has to."""
    if _TOLD:
        _TOLD.clear()


def clean(value: "Value | None") -> bool:
    """Whether a value in another makes no difference to what that comes from."""
    return value is None or (not value.taint and value.items is None and value.fields is None)


def as_text(const: object) -> str:
    """A constant as it looks inside a text."""
    match const:
        case str():
            return const
        case bytes():
            return const.decode("latin-1")
        case bool():
            return str(const).lower()
        case None:
            return ""
        case _:
            return str(const)


def taints(values: Iterable[Value]) -> Taint:
    """The taint of several values together, and of what they hold."""
    return union([v.all_taint() for v in values])


def union(sets: Iterable[Taint]) -> Taint:
    """Taints together: where one of them is all, that one itself, so that there are not many copies."""
    taint = CLEAN
    for one in sets:
        if one and one is not taint:
            taint = taint | one if taint else one
    return taint


def unknown(*sources: Value) -> Value:
    """A value of which only the taint is known."""
    return Value((), "", taints(sources))


def const(value: object, taint: Taint = CLEAN) -> Value:
    """A value that is known."""
    if isinstance(value, (str, bytes)) and len(value) > MAX_TEXT:
        return Value((), "", taint)
    return Value((value,), "", taint)


def merge(values: "list[Value]") -> Value:
    """A value that is one of several."""
    values = [v for v in values if v is not None]
    if not values:
        return Value()
    best = first = values[0]
    rank, same = _rank(first), True
    for value in values:
        if value is not first:
            same, other = False, _rank(value)
            if other > rank:
                best, rank = value, other
    if same:
        return first
    consts = {(type(c), c): c for v in values for c in v.consts}
    return Value(
        tuple(consts.values())[:MAX_CONSTS],
        best.ref,
        union([v.taint for v in values]),
        best.items if best.items is not None else next((v.items for v in values if v.items), None),
        best.fields,
        best.func,
        best.bases,
        best.made,
        best.link or next((v.link for v in values if v.link), ""),
        other=_others(values, best.items) if best.items else (),
    )


def _others(values: "list[Value]", items: "list[Value] | None") -> "tuple[Value, ...]":
    """The lists of which only one can be kept as the items of a value."""
    every = {id(one.items): one for v in values for one in (v, *v.other) if one.items}
    every.pop(id(items), None)
    return tuple(Value(items=one.items, taint=one.taint) for one in list(every.values())[:MAX_OTHER])


def _rank(value: Value) -> int:
    """How much a value says of what it is."""
    known = 1 if value.ref or value.link else 0
    if value.items is not None:
        known += 2
    if value.fields is not None:
        known += 4
    return known if value.func is None else known + 8


def shown(text: str) -> str:
    """A text with its holes as `?`, as behaviours print it."""
    while HOLE + HOLE in text:
        text = text.replace(HOLE + HOLE, HOLE)
    return text.replace(HOLE, "?")
