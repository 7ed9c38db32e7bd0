"""ELF, PE and Mach-O, by the parsers of YARA-X: its modules' output, and of that what is needed."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import islice
from typing import Any, Literal, cast

import yara_x

from biopsy.static.programs.program import MAX_NAMES, Program

MAX_FILE = 32 * 1024**2  # bytes of a program whose tables are read
MAX_SYMBOLS = 80_000  # of a whole file; each costs half a kilobyte on the way here
_SMALL = 4 * 1024**2  # bytes of a file that cannot hold too many

_MACHINES = {7: "x86", 0x01000007: "x86_64", 12: "arm", 0x0100000C: "arm64"}  # of Mach-O


@cache
def _module(name: str) -> yara_x.Module:
    return yara_x.Module(name)


def _symbols(data: bytes) -> int:
    """How many symbols the section table of an ELF file speaks of: asked before they are all made."""
    wide = data[4] == 2
    order: Literal["big", "little"] = "big" if data[5] == 2 else "little"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    table, step, count = (number(40, 8), 64, number(60, 2)) if wide else (number(32, 4), 40, number(48, 2))
    size_at, size_of = (32, 8) if wide else (20, 4)
    total = 0
    for section in range(count):
        at = table + section * step
        if number(at + 4, 4) in {2, 11}:  # SHT_SYMTAB, SHT_DYNSYM
            total += min(number(at + size_at, size_of), len(data))
    return total // (24 if wide else 16)


def read(data: bytes, form: str) -> Program:
    """What the tables of a program say; `damaged` where they cannot be read or are too many."""
    program = Program(form)
    if len(data) > MAX_FILE or (form == "ELF" and len(data) > _SMALL and _symbols(data) > MAX_SYMBOLS):
        program.damaged = True
        return program
    output: Mapping[str, Any] = (
        _module({"ELF": "elf", "PE": "pe"}.get(form, "macho")).invoke(cast("str", data)) or {}
    )  # bytes, whatever its stub says
    match form:
        case "ELF":
            _elf(program, data, output)
        case "PE":
            _pe(program, output)
        case _:
            _macho(program, output)
    program.damaged = not program.sections
    return program


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value or "")


def _names(values: Iterable[object], cut: str = "") -> dict[str, None]:
    return dict.fromkeys(_text(v).removeprefix(cut) for v in islice(values, MAX_NAMES) if v)


def _elf(program: Program, data: bytes, output: Mapping[str, Any]) -> None:
    program.machine = str(output.get("machine", "")).removeprefix("EM_").lower()
    symbols = output.get("dynsym", [])
    program.imports = _names(s.get("name") for s in symbols if not s.get("shndx"))
    program.exports = _names(s.get("name") for s in symbols if s.get("shndx"))
    for segment in output.get("segments", []):
        if segment.get("type") == "PT_LOAD":
            program.sections.append(
                (segment["offset"], segment["file_size"], bool(segment.get("flags", 0) & 1))
            )
    ends = [offset + size for offset, size, _ in program.sections]
    ends += [s["offset"] + s["size"] for s in output.get("sections", []) if s.get("type") != "SHT_NOBITS"]
    table = output.get("sh_offset", 0) + len(output.get("sections", [])) * output.get("sh_entry_size", 0)
    program.end = max([table, *(e for e in ends if e <= len(data))], default=0)


def _pe(program: Program, output: Mapping[str, Any]) -> None:
    program.machine = str(output.get("machine", "")).removeprefix("MACHINE_").lower()
    libraries = [*output.get("import_details", []), *output.get("delayed_import_details", [])]
    program.imports = _names(f.get("name") for one in libraries for f in one.get("functions", []))
    program.exports = _names(e.get("name") for e in output.get("export_details", []))
    for section in output.get("sections", []):
        runs = bool(section.get("characteristics", 0) & 0x20000020)
        program.sections.append((section["raw_data_offset"], section["raw_data_size"], runs))
    overlay = output.get("overlay", {})
    if overlay.get("size") and not output.get("is_signed"):
        program.end = overlay["offset"]


def _macho(program: Program, output: Mapping[str, Any]) -> None:
    for number, one in enumerate(output.get("file", [output])[:8]):
        program.imports |= _names(one.get("imports", []), "_")
        program.exports |= _names(one.get("exports", []), "_")
        if number == 0:
            start = (output.get("fat_arch") or [{}])[0].get("offset", 0)
            for segment in one.get("segments", []):
                runs = bool(segment.get("initprot", 0) & 4)
                program.sections.append((segment["fileoff"] + start, segment["filesize"], runs))
    if "file" not in output:
        program.end = max((offset + size for offset, size, _ in program.sections), default=0)
    program.machine = "universal" if "file" in output else _MACHINES.get(output.get("cputype", 0), "")
