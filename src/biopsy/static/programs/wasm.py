"""WebAssembly (core specification 5.5): what a module imports and offers."""

from biopsy.static.programs.program import MAX_NAMES, Program

_IMPORTS, _EXPORTS = 2, 7


def read(data: bytes) -> Program:
    """Read the import and export sections; what leads nowhere is left out and said."""
    program, at = Program("wasm", "wasm"), 8
    try:
        while at < len(data):
            kind = data[at]
            size, at = _number(data, at + 1)
            if kind in {_IMPORTS, _EXPORTS}:
                _names(program, data[at : at + size], imports=kind == _IMPORTS)
            at += size
            program.end = at
    except (ValueError, IndexError):
        program.damaged = True
    return program


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 35:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("number")


def _name(data: bytes, at: int) -> tuple[str, int]:
    size, at = _number(data, at)
    if at + size > len(data):
        raise ValueError("outside")
    return data[at : at + size].decode("utf-8", "replace"), at + size


def _names(program: Program, data: bytes, *, imports: bool) -> None:
    count, at = _number(data, 0)
    for _ in range(min(count, MAX_NAMES)):
        name, at = _name(data, at)
        if imports:
            field, at = _name(data, at)
            program.imports[f"{name}.{field}"] = None
            at = _described(data, at)
        else:
            program.exports[name] = None
            _, at = _number(data, at + 1)


def _described(data: bytes, at: int) -> int:
    """Step over what an import is: a function, a table, a memory, a global or a tag."""
    kind = data[at]
    at += 1
    match kind:
        case 0:
            return _number(data, at)[1]
        case 1 | 2:
            at += kind == 1
            flags = data[at]
            _, at = _number(data, at + 1)
            return _number(data, at)[1] if flags & 1 else at
        case 3:
            return at + 2
        case 4:
            return _number(data, at + 1)[1]
    raise ValueError("kind")
