"""Effects by their words, and where a call has what they ask for."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness

Effect = Callable[..., Value | None]
TABLE: dict[str, Effect] = {}
MAX_ARGS = 200  # of a command
MAX_EACH = 5000  # items that one function is called with
MAX_PATHS = 12  # that a joined one may be
NETWORK = frozenset({"network"})


Made = TypeVar("Made", bound=Effect)


def effect(name: str) -> Callable[[Made], Made]:
    """Register an effect under its word."""

    def register(function: Made) -> Made:
        TABLE[name] = function
        return function

    return register


def do(run: Witness, call: Invocation, how: Sequence[str]) -> Value | None:
    """Do what a table says; KeyError for a word that means nothing."""
    return TABLE[how[0]](run, call, *how[1:])


def placed(call: Invocation, place: str) -> Value:
    """An argument by its number or name, `.` the object itself; an unknown value where it is not given."""
    if place == ".":
        return call.receiver or Value()
    if place.isdigit():
        return call.arg(int(place))
    if (named := call.kwargs.get(place)) is not None:
        return named
    return next((held for a in call.args if a.fields and (held := a.fields.get(place))), Value())


def rest(call: Invocation, start: int = 0) -> list[Value]:
    """All arguments from one on, those by name too; functions are none."""
    return [a for a in [*call.args[start:], *call.kwargs.values()] if a.func is None]


def words(values: Sequence[Value]) -> list[Value]:
    """Words of a command, lists among them opened."""
    return [w for v in values for w in (v.items if v.items is not None else [v])][:MAX_ARGS]


_TOKENS = "file:~/.composer/auth.json"
"""What a plugin of Composer signs in with, in a header: only what it sends otherwise is told."""


def unsigned(given: Sequence[Value]) -> list[Value]:
    """What is sent with a request, but for the token in the header of a stream's context."""
    out = []
    for one in given:
        held = (one.fields or {}).get("http")
        header = (held.fields or {}).get("header") if held is not None else None
        if header is None or _TOKENS not in header.all_taint():
            out.append(one)
            continue
        rest = [v for k, v in ((held.fields if held is not None else None) or {}).items() if k != "header"]
        more = [v for k, v in (one.fields or {}).items() if k != "http"]
        out += [*more, *rest, Value(taint=header.all_taint() - {_TOKENS})]
    return out


def signing(given: Value) -> frozenset[str]:
    """What the headers of a request come from, but for such a token."""
    return given.all_taint() - {_TOKENS}


def named_verb(given: Sequence[Value]) -> str:
    """The method of a request that a stream's context names."""
    for one in given:
        held = (one.fields or {}).get("http")
        named = (held.fields or {}).get("method") if held is not None else None
        if named is not None and named.consts:
            return named.text().upper()
    return "GET"
