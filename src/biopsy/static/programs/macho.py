"""Mach-O (Apple's loader.h and nlist.h), thin and universal: what a file for macOS imports and offers."""

from biopsy.static.programs.program import MAX_NAMES, MAX_TABLES, Program, name_at, unpack

_MACHINES = {7: "x86", 0x01000007: "x86_64", 12: "arm", 0x0100000C: "aarch64"}
_SYMBOLS, _LIBRARY, _LIBRARY_WEAK = 2, 0xC, 0x80000018
_FAT = 8  # architectures in a universal file


def read(data: bytes) -> Program:
    """Read the first architecture of a file; a universal one holds the same code several times."""
    program, start = Program("Mach-O"), 0
    try:
        if data[:4] == b"\xca\xfe\xba\xbe":
            count = min(unpack(">I", data, 4)[0], _FAT)
            ends = [sum(unpack(">II", data, 8 + n * 20 + 8)) for n in range(count)]
            start = unpack(">I", data, 16)[0]
            _thin(program, data[start : unpack(">I", data, 20)[0] + start])
            program.sections = [(n, o + start, s, r) for n, o, s, r in program.sections]
            program.end = max(ends, default=0)
        else:
            _thin(program, data)
    except ValueError:
        program.damaged = True
    return program


def _thin(program: Program, data: bytes) -> None:
    wide, order = data[:1] == b"\xcf" or data[3:4] == b"\xcf", "<" if data[3:4] == b"\xfe" else ">"
    machine = unpack(f"{order}I", data, 4)[0]
    program.machine = _MACHINES.get(machine, "other")
    count = unpack(f"{order}I", data, 16)[0]
    at = 32 if wide else 28
    for _ in range(min(count, MAX_TABLES)):
        kind, size = unpack(f"{order}II", data, at)
        if size < 8:
            raise ValueError("size")
        if kind == _SYMBOLS:
            _symbols(program, data, at, order, wide=wide)
        elif kind in {_LIBRARY, _LIBRARY_WEAK}:
            program.libraries[name_at(data, at + unpack(f"{order}I", data, at + 8)[0])] = None
        elif kind == (0x19 if wide else 1):
            _segment(program, data, at, order, wide=wide)
        at += size


def _segment(program: Program, data: bytes, at: int, order: str, *, wide: bool) -> None:
    layout = f"{order}QQQQII" if wide else f"{order}IIIIII"
    _, _, offset, size, _, runs = unpack(layout, data, at + 24)
    name = data[at + 8 : at + 24].rstrip(b"\0").decode("latin-1")
    program.sections.append((name, offset, size, bool(runs & 4)))
    program.end = max(program.end, offset + size)


def _symbols(program: Program, data: bytes, at: int, order: str, *, wide: bool) -> None:
    offset, count, strings, size = unpack(f"{order}IIII", data, at + 8)
    program.end = max(program.end, strings + size)
    step = 16 if wide else 12
    for number in range(min(count, MAX_NAMES)):
        name, kind, section = unpack(f"{order}IBB", data, offset + number * step)
        if kind & 0xE0 or not kind & 1:  # for debuggers, or not seen from outside
            continue
        if text := name_at(data, strings + name).removeprefix("_"):
            (program.exports if section else program.imports)[text] = None
