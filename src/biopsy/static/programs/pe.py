"""PE (Microsoft's PE and COFF specification): what a file for Windows imports and offers."""

from biopsy.static.programs.program import MAX_NAMES, MAX_TABLES, Program, name_at, unpack

_MACHINES = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "aarch64", 0x1C0: "arm", 0x1C4: "arm"}
_LIBRARIES = 512


def read(data: bytes) -> Program:
    """Read the tables of a PE file; what leads nowhere is left out and said."""
    program = Program("PE")
    try:
        at = unpack("<I", data, 60)[0]
        machine, count, _, _, _, optional = unpack("<HHIIIH", data, at + 4)
        program.machine = _MACHINES.get(machine, "other")
        wide = unpack("<H", data, at + 24)[0] == 0x20B
        spans = _sections(program, data, at + 24 + optional, count)
        tables = at + 24 + (112 if wide else 96)
        exported = unpack("<II", data, tables)[0]
        imported = unpack("<II", data, tables + 8)[0]
        program.end = max(
            program.end, sum(unpack("<II", data, tables + 32))
        )  # certificates stand at an offset
        if imported:
            _imports(program, data, spans, imported, wide=wide)
        if exported:
            _exports(program, data, spans, exported)
    except ValueError:
        program.damaged = True
    return program


def _sections(program: Program, data: bytes, at: int, count: int) -> list[tuple[int, int, int]]:
    spans = []
    for number in range(min(count, MAX_TABLES)):
        entry = at + number * 40
        virtual, address, size, offset = unpack("<IIII", data, entry + 8)
        flags = unpack("<I", data, entry + 36)[0]
        name = data[entry : entry + 8].rstrip(b"\0").decode("latin-1")
        spans.append((address, max(virtual, size), offset))
        program.sections.append(
            (name, offset, min(size, max(len(data) - offset, 0)), bool(flags & 0x20000020))
        )
        program.end = max(program.end, offset + size)
    return spans


def _offset(spans: list[tuple[int, int, int]], address: int) -> int:
    for start, size, offset in spans:
        if start <= address < start + size:
            return offset + address - start
    raise ValueError("outside")


def _imports(
    program: Program, data: bytes, spans: list[tuple[int, int, int]], table: int, *, wide: bool
) -> None:
    at, step, layout, ordinal = (
        _offset(spans, table), 8 if wide else 4, "<Q" if wide else "<I", 1 << (63 if wide else 31),
    )  # fmt: skip
    for number in range(_LIBRARIES):
        names, _, _, library, first = unpack("<IIIII", data, at + number * 20)
        if not library:
            return
        program.libraries[name_at(data, _offset(spans, library)).lower()] = None
        thunk = _offset(spans, names or first)
        for entry in range(MAX_NAMES):
            value = unpack(layout, data, thunk + entry * step)[0]
            if not value or len(program.imports) >= MAX_NAMES:
                break
            if not value & ordinal and (name := name_at(data, _offset(spans, value) + 2)):
                program.imports[name] = None


def _exports(program: Program, data: bytes, spans: list[tuple[int, int, int]], table: int) -> None:
    count, _, names = unpack("<III", data, _offset(spans, table) + 24)
    at = _offset(spans, names)
    for number in range(min(count, MAX_NAMES)):
        if name := name_at(data, _offset(spans, unpack("<I", data, at + number * 4)[0])):
            program.exports[name] = None
