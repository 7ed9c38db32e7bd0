"""The shapes that nodes may have: each is a word of a table, followed by the places of its parts."""

# ruff: noqa: SLF001 - a shape is its module's own but for here

from collections.abc import Callable

from biopsy.static.code import ir
from biopsy.static.tongues import imports, prompt
from biopsy.static.tongues.shapes import calls, declarations, flow, literals, values

Shape = Callable[..., "ir.Expr | ir.Stmt"]

ROLES: dict[str, Shape] = {
    "name": literals._name,
    "text": literals._text,
    "raw": literals._raw,
    "lines": literals._lines,
    "symbol": literals._symbol,
    "number": literals._number,
    "char": literals._char,
    "constant": literals._constant,
    "shell": literals._shell,
    "call": calls._call,
    "method": calls._method,
    "member": calls._member,
    "new": calls._new,
    "index": calls._index,
    "binary": values._binary,
    "unary": values._unary,
    "assign": values._assign,
    "augment": values._augment,
    "update": values._update,
    "seq": values._seq,
    "map": values._map,
    "pair": calls._pair,
    "struct": calls._struct,
    "star": values._star,
    "inner": flow._inner,
    "either": flow._either,
    "if": flow._if,
    "while": flow._while,
    "for": flow._for,
    "counted": flow._counted,
    "range": values._range,
    "block": flow._block,
    "guarded": flow._guarded,
    "return": flow._return,
    "func": declarations._func,
    "lambda": declarations._lambda,
    "class": declarations._class,
    "open": flow._open,
    "skip": flow._skip,
    "global": declarations._global,
    "told": calls._told,
    "macro": calls._macro,
    "arm": flow._arm,
    "match": flow._match,
    "pattern": values._pattern,
    "composite": calls._composite,
    "single": values._single,
    "several": values._several,
    "spec": values._spec,
    "go_for": flow._go_for,
    "method_of": declarations._method_of,
    "maker": declarations._maker,
    "property": declarations._property,
    "only": flow._only,
    "chained": calls._chained,
    "cast": values._cast,
    "cut": calls._cut,
    "argument": calls._argument,
    "import": imports.lower,
    **prompt.ROLES,
}
"""What each word of a table's `nodes` means."""
