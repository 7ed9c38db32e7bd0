"""Compiled: what regular expressions were compiled to, kept from one start to the next.

`re` compiles in Python, and takes longer over the hundred expressions that a small package asks for than
reading it does. What it hands to its matcher is a list of numbers, which is kept by the text of the
expression and this very Python: wherever that does not fit, or none is kept, it is compiled as ever.
"""

import contextlib
import re
import sys
from array import array
from typing import Any, AnyStr

MAX_KEPT = 4000
"""Expressions that are kept; there are some hundred, and those of rules that somebody wrote."""

_Program = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""Flags, the matcher's numbers, groups, the groups that have names, and the names of all."""

_NAME = "regex"
_held: dict[tuple[str | bytes, int], _Program] | None = None
_new: set[tuple[str | bytes, int]] = set()


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Give what `re.compile` gives. Raises what that raises."""
    held = _load()
    if held is None:
        return re.compile(pattern, flags)
    key = (pattern, int(flags))
    with contextlib.suppress(Exception):  # private to `re`: another Python may do it in another way
        if key not in held:
            if len(held) >= MAX_KEPT:
                return re.compile(pattern, flags)
            held[key] = _program(pattern, int(flags))
            _new.add(key)
        return _made(pattern, held[key])
    held.pop(key, None)
    _new.discard(key)
    return re.compile(pattern, flags)


def keep() -> None:
    """Keep what was compiled since, beside what others kept meanwhile."""
    if not _new or _held is None:
        return
    import pickle  # noqa: PLC0415 - seldom: once everything was asked for, nothing is new

    from biopsy.model import kept  # noqa: PLC0415 - see `_load`

    every = {**_thawed(), **{key: _held[key] for key in _new}}
    kept.store(_NAME, _stamp(), pickle.dumps(every))
    _new.clear()


def _load() -> dict[tuple[str | bytes, int], _Program] | None:
    """What is kept; None where nothing can be."""
    global _held  # noqa: PLW0603 - one for the process, as that of `re`
    if _held is None:
        from biopsy.model import kept  # noqa: PLC0415 - whoever asks for no expression does not pay for it

        _held = _thawed() if kept.keeps() else None
    return _held


def _thawed() -> dict[tuple[str | bytes, int], _Program]:
    import pickle  # noqa: PLC0415 - see `_load`

    from biopsy.model import kept  # noqa: PLC0415 - see `_load`

    with contextlib.suppress(Exception):  # not there, cut short: compiled anew
        found: dict[tuple[str | bytes, int], _Program] = pickle.loads(kept.recall(_NAME, _stamp()))  # noqa: S301 - ours
        return found
    return {}


def _stamp() -> str:
    """Name the very Python that runs: numbers of another mean something else."""
    return f"{sys.version} {_inside('_sre').MAGIC} {_inside('_sre').CODESIZE} {sys.byteorder}"


def _inside(name: str) -> Any:
    """A part of `re` that has no public name."""
    return sys.modules[name]


def _program(pattern: str | bytes, flags: int) -> _Program:
    """What `re.compile` does up to its last step (`re._compiler.compile`, Python 3.11 to 3.14)."""
    tree = _inside("re._parser").parse(pattern, flags)
    code = _inside("re._compiler")._code(tree, flags)  # noqa: SLF001
    state = tree.state
    names: list[str | None] = [None] * state.groups
    for name, at in state.groupdict.items():
        names[at] = name
    return flags | state.flags, array("I", code).tobytes(), state.groups - 1, state.groupdict, tuple(names)


def _made(pattern: AnyStr, program: _Program) -> re.Pattern[AnyStr]:
    """The last step; the matcher checks that the numbers are a program."""
    flags, numbers, *groups = program
    code = array("I", numbers).tolist()
    made: re.Pattern[AnyStr] = _inside("_sre").compile(pattern, flags, code, *groups)
    return made
