r"""Pattern: what a leaf of a rule asks of a value, and where in the text it may be found.

A pattern is a glob (`*` any run of characters, `/` included; `?` one; everything else is itself) or, between
slashes, a regular expression that is searched for. Both are matched against hostile values, so both are
bounded: a glob takes time proportional to its stars, and a regular expression that could take exponential
time is refused.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from biopsy.model.compiled import compiled

MAX_PATTERN = 400
"""Longest pattern, in characters."""

MAX_REPEAT = 16
"""From this many repeats on, a regular expression counts as unbounded."""

MAX_UNBOUNDED = 3
"""How many unbounded repeats one alternative of a regular expression may hold."""

_RESERVED = re.compile(
    r"\.(?:example|test|invalid|localhost)(?![\w-]|\.\w)"
    r"|(?<![\w-])example\.(?:com|net|org)(?![\w-])"
    r"|(?<![\d.])(?:192\.0\.2|198\.51\.100|203\.0\.113)\.|2001:0?db8:",
    re.IGNORECASE,
)
_OPENED = ("/^", "/(", "/\\")
_PARSER: Any = getattr(re, "_parser")  # noqa: B009 - the tree of a regular expression has no public name


class Pattern(Struct, frozen=True, eq=False):
    """A glob or `/regular expression/`, as `of` reads it. `literal` is text that every match contains.

    It is checked at once and compiled when it is first asked: most values never get past the literal.
    """

    text: str
    literal: str
    everything: bool
    _test: Callable[[str], object] | None = None

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Read and check; raise ValueError, saying what is wrong, where `text` is no pattern."""
        if not text:
            raise ValueError("an empty pattern matches nothing; write `*` for anything")
        if len(text) > MAX_PATTERN:
            raise ValueError(f"pattern longer than {MAX_PATTERN} characters")
        if text.startswith(_OPENED) and not is_regex(text):
            raise ValueError("begins like a regular expression, which would end in `/`")
        literal = _regex(text[1:-1]) if is_regex(text) else max(text.replace("?", "*").split("*"), key=len)
        return cls(text, literal, set(text) == {"*"})

    def __eq__(self, other: object) -> bool:
        """Whether the other one is written the same."""
        return self.text == other.text if isinstance(other, Pattern) else NotImplemented

    def __hash__(self) -> int:
        """Of what is written."""
        return hash(self.text)

    def matches(self, value: str) -> bool:
        """Whether `value` is what the pattern asks for."""
        if self.everything:
            return True
        return (self._test or self._compile())(value) is not None

    def _compile(self) -> Callable[[str], object]:
        if is_regex(self.text):
            test = compiled(self.text[1:-1]).search
        else:
            test = compiled(_glob(self.text), re.DOTALL).match
        force_setattr(self, "_test", test)
        return test


def is_regex(text: str) -> bool:
    """Whether a pattern is a regular expression: it stands between slashes."""
    return len(text) > 2 and text[0] == text[-1] == "/"


def reserved(text: str) -> str:
    """Return the reserved name or address that a pattern keys on, else nothing.

    Such names (RFC 2606, 6761, 5737, 3849) stand for other people's in tests and documents: a rule that knows
    them would be right about our own simulants and about nothing else.
    """
    found = _RESERVED.search(re.sub(r"\\(.)", r"\1", text) if is_regex(text) else text)
    return found[0] if found else ""


def _glob(text: str) -> str:
    """Translate a glob into a regular expression that never backtracks over more than one star."""
    head, *rest = (re.escape(part).replace(r"\?", ".") for part in re.split(r"\*+", text))
    if not rest:
        return rf"{head}\Z"
    *middle, tail = rest
    return f"{head}{''.join(f'(?>.*?{part})' for part in middle)}.*{tail}" + r"\Z"


def _regex(text: str) -> str:
    """Check a regular expression; return the literal that every match holds."""
    try:
        tree = _PARSER.parse(text)
        if "(?<" in text:  # what stands behind must have one length: only compiling tells
            re.compile(text)
    except (re.error, RecursionError, OverflowError) as err:
        raise ValueError(f"not a regular expression: {err}") from err
    _bound(tree)
    return "" if tree.state.flags & re.IGNORECASE else _literal(tree)


def _bound(tree: Any) -> int:
    """Refuse what could take exponential time; return the unbounded repeats on the worst way through."""
    unbounded = 0
    for op, argument in tree:
        name = str(op)
        if name in {"GROUPREF", "GROUPREF_EXISTS"}:
            raise ValueError("a regular expression here may not refer back to a group")
        inner = max((_bound(part) for part in _parts(argument)), default=0)
        if "REPEAT" in name and argument[1] > 1:
            if inner or _repeats(argument[2]):
                raise ValueError("a repeat inside a repeat can take for ever")
            if int(argument[1]) >= MAX_REPEAT:
                inner += 1
        unbounded += inner
    if unbounded > MAX_UNBOUNDED:
        raise ValueError(f"more than {MAX_UNBOUNDED} unbounded repeats can take for ever")
    return unbounded


def _repeats(tree: Any) -> bool:
    """Whether a repeated body could match one text in two ways: it repeats or branches itself."""
    for op, argument in tree:
        if str(op) == "BRANCH" or ("REPEAT" in str(op) and argument[1] > 1):
            return True
        if any(_repeats(part) for part in _parts(argument)):
            return True
    return False


def _parts(argument: Any) -> Iterator[Any]:
    """Every regular expression inside the argument of a node."""
    if isinstance(argument, _PARSER.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _parts(part)


def _literal(tree: Any) -> str:
    """Return the longest run of plain characters that every match goes through."""
    best = run = ""
    for op, argument in tree:
        name = str(op)
        if name == "LITERAL":
            run += chr(argument)
            best = max(best, run, key=len)
            continue
        run = ""
        if name == "SUBPATTERN" and not argument[1] and not argument[2]:
            best = max(best, _literal(argument[3]), key=len)
        elif "REPEAT" in name and argument[0] > 0:
            best = max(best, _literal(argument[2]), key=len)
    return best
