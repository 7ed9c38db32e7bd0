"""ELF (System V ABI, chapters 4 and 5): what a file for Linux and its kin imports and offers."""

from biopsy.static.programs.program import MAX_NAMES, MAX_TABLES, Program, name_at, unpack

_MACHINES = {
    3: "x86",
    62: "x86_64",
    40: "arm",
    183: "aarch64",
    243: "riscv",
    21: "ppc64",
    22: "s390x",
    8: "mips",
}
_DYNSYM, _RUNS, _NEEDED = 11, 4, 1


def read(data: bytes) -> Program:
    """Read the tables of an ELF file; what leads nowhere is left out and said."""
    wide, order = data[4] == 2, "<" if data[5] != 2 else ">"
    program = Program("ELF")
    try:
        program.machine = _MACHINES.get(unpack(f"{order}H", data, 18)[0], "other")
        head = unpack(f"{order}QQIHHHHHH", data, 32) if wide else unpack(f"{order}IIIHHHHHH", data, 28)
        segments = _segments(data, head, order, wide=wide)
        program.end = max((offset + size for _, offset, _, size, _ in segments), default=0)
        sections = _sections(data, head, order, wide=wide)
    except ValueError:
        program.damaged = True
        return program
    program.end = max([program.end, head[1] + head[6] * head[7]])
    for kind, offset, size, link, entry in sections:
        if kind == _DYNSYM and link < len(sections):
            _symbols(program, data, (offset, size, entry), sections[link][1], order, wide=wide)
    if not program.imports:
        _dynamic(program, data, segments, order, wide=wide)
    program.sections = [("", o, s, bool(flags & 1)) for _, o, _, s, flags in segments if s]
    return program


def _segments(
    data: bytes, head: tuple[int, ...], order: str, *, wide: bool
) -> list[tuple[int, int, int, int, int]]:
    """Type, offset, address, size in the file and flags of each segment."""
    found = []
    for number in range(min(head[5], MAX_TABLES)):
        at = head[0] + number * head[4]
        if wide:
            kind, flags, offset, address, _, size = unpack(f"{order}IIQQQQ", data, at)
        else:
            kind, offset, address, _, size, _, flags = unpack(f"{order}IIIIIII", data, at)
        if kind == _NEEDED and offset < len(data):
            found.append((kind, offset, address, min(size, len(data) - offset), flags))
        elif kind == 2:
            found.append((kind, offset, address, size, 0))
    return found


def _sections(
    data: bytes, head: tuple[int, ...], order: str, *, wide: bool
) -> list[tuple[int, int, int, int, int]]:
    """Type, offset, size, link and size of an entry of each section. A stripped table is no error."""
    found = []
    for number in range(min(head[7], MAX_TABLES)):
        at = head[1] + number * head[6]
        try:
            if wide:
                _, kind, _, _, offset, size, link, _, _, entry = unpack(f"{order}IIQQQQIIQQ", data, at)
            else:
                _, kind, _, _, offset, size, link, _, _, entry = unpack(f"{order}IIIIIIIIII", data, at)
        except ValueError:
            return []
        found.append((kind, offset, size, link, entry))
    return found


def _symbols(
    program: Program, data: bytes, table: tuple[int, int, int], strings: int, order: str, *, wide: bool
) -> None:
    offset, size, entry = table
    step = entry or (24 if wide else 16)
    for number in range(min(size // step, MAX_NAMES)):
        at = offset + number * step
        try:
            if wide:
                name, info, _, where = unpack(f"{order}IBBH", data, at)
            else:
                name, _, _, info, _, where = unpack(f"{order}IIIBBH", data, at)
        except ValueError:
            return
        if not info >> 4 or not (text := name_at(data, strings + name)):
            continue
        (program.exports if where else program.imports)[text.partition("@")[0]] = None


def _dynamic(
    program: Program, data: bytes, segments: list[tuple[int, int, int, int, int]], order: str, *, wide: bool
) -> None:
    """The same by way of the dynamic segment, where the section table was taken away."""
    tags: dict[int, int] = {}
    step, layout = (16, f"{order}QQ") if wide else (8, f"{order}II")
    for kind, offset, _, size, _ in segments:
        if kind == 2:
            for at in range(offset, offset + min(size, 4096), step):
                try:
                    tag, value = unpack(layout, data, at)
                except ValueError:
                    break
                tags.setdefault(tag, value)
    if 5 not in tags or 6 not in tags:
        return
    strings, table = (_file_offset(segments, tags[tag]) for tag in (5, 6))
    if strings > table >= 0:  # the strings follow the symbols in every linker's output
        _symbols(program, data, (table, strings - table, tags.get(11, 0)), strings, order, wide=wide)


def _file_offset(segments: list[tuple[int, int, int, int, int]], address: int) -> int:
    return next(
        (offset + address - start for kind, offset, start, size, _ in segments
         if kind == 1 and start <= address < start + size), -1,
    )  # fmt: skip
