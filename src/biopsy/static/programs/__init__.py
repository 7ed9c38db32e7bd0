"""Programs and libraries: ELF, PE, Mach-O and WebAssembly, told by their first bytes, whatever their names.

YARA-X reads the tables of the first three; it has nothing for WebAssembly. Nothing is disassembled: imports,
exported names and sections say what kind of thing it is.
"""

from biopsy.static.programs import tables, wasm
from biopsy.static.programs.program import Program, dense, entropy

__all__ = ["Program", "dense", "entropy", "form", "read"]

_MAGIC = (
    (b"\x7fELF", "ELF"),
    (b"\xcf\xfa\xed\xfe", "Mach-O"),
    (b"\xce\xfa\xed\xfe", "Mach-O"),
    (b"\xfe\xed\xfa\xcf", "Mach-O"),
    (b"\xfe\xed\xfa\xce", "Mach-O"),
    (b"\xca\xfe\xba\xbe\x00\x00\x00", "Mach-O"),
    (b"\x00asm", "wasm"),
)


def form(data: bytes) -> str:
    """What kind of native code bytes are; empty where they are none."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            # A Java class begins like a universal file; its version stands where the count would.
            return "" if magic[:2] == b"\xca\xfe" and data[7:8] > b"\x10" else name
    if data[:2] == b"MZ" and len(data) > 64:
        at = int.from_bytes(data[60:64], "little")
        return "PE" if data[at : at + 4] == b"PE\0\0" else ""
    return ""


def read(data: bytes) -> Program | None:
    """What the tables of a program say; None where it is no program. Never raises."""
    name = form(data)
    if not name or len(data) < 8:
        return None
    return wasm.read(data) if name == "wasm" else tables.read(data, name)
