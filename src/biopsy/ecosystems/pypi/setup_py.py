"""What setup.py says without being run: command classes, requirements."""

import ast
from collections.abc import Iterator

from msgspec import Struct

MAX_SOURCE = 1024**2
"""Longest setup.py that is parsed, in characters; real ones have a twentieth of it."""


class Command(Struct, frozen=True):
    """A setuptools command that the package replaces: `install` with class `name`."""

    command: str
    name: str
    line: int


def parse(source: str) -> ast.Module | None:
    """Parse, or give None: odd code is somebody else's to report."""
    if len(source) > MAX_SOURCE:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def commands(module: ast.Module) -> Iterator[Command]:
    """Yield the entries of every `cmdclass`: keyword or dictionary, or assigned key by key."""
    for node in ast.walk(module):
        match node:
            case ast.keyword(arg="cmdclass", value=ast.Dict(keys=keys, values=values)):
                yield from _entries(keys, values)
            case ast.Assign(targets=[ast.Name(id="cmdclass")], value=ast.Dict(keys=keys, values=values)):
                yield from _entries(keys, values)
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id="cmdclass"), slice=ast.Constant(value=str(key)))],
                value=value,
            ):
                yield Command(key, _name(value), node.lineno)


def _entries(keys: list[ast.expr | None], values: list[ast.expr]) -> Iterator[Command]:
    for key, value in zip(keys, values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield Command(key.value, _name(value), value.lineno)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return _name(func)
    return "…"


def requirements(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the literal entries of `install_requires`, `setup_requires` and `extras_require`, with lines."""
    wanted = ("install_requires", "setup_requires", "extras_require", "requires")
    for node in ast.walk(module):
        if isinstance(node, ast.keyword) and node.arg in wanted:
            names = {id(key) for key in node.value.keys} if isinstance(node.value, ast.Dict) else set()
            for literal in ast.walk(node.value):
                if id(literal) in names:
                    continue  # the name of an extra
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    for line in literal.value.splitlines():
                        if line.strip() and not line.strip().startswith("#"):
                            yield line.strip(), literal.lineno
