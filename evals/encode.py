"""Ways to dress a payload: `stage|zlib|base64` is the part called `stage`, compressed, then in base64."""

import base64
import codecs
import gzip
import importlib.util
import json
import lzma
import marshal
import struct
import wave
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from itertools import cycle

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

XOR = 0x5A
AES_KEY = bytes(range(32))  # with an initial vector of zeros: simulants carry both
SOURCE_NAME = "stage.py"


def aes(data: bytes) -> bytes:
    """AES-256-CBC under the key that all simulants use."""
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(AES_KEY), modes.CBC(bytes(16))).encryptor()
    return cipher.update(padder.update(data) + padder.finalize()) + cipher.finalize()


def pyc(data: bytes) -> bytes:
    """A compiled module without a source."""
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(data, SOURCE_NAME, "exec"))


def pickle(data: bytes) -> bytes:
    """A pickle whose loading executes `data`."""
    return b"cbuiltins\nexec\n(V" + data.replace(b"\\", b"\\u005c").replace(b"\n", b"\\u000a") + b"\ntR."


def sound(data: bytes) -> bytes:
    """A WAV file whose samples are `data`."""
    out = BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(data)
    return out.getvalue()


def png(data: bytes) -> bytes:
    """A PNG of one pixel, with `data` behind its end."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b"") + data


def selectors(data: bytes) -> bytes:
    """Every byte as a variation selector, which no editor shows; in UTF-8."""
    return "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in data).encode()


def blanks(data: bytes) -> bytes:
    """Words whose distances are the bits of `data`: one blank is 0, two are 1."""
    bits = "".join(f"{byte:08b}" for byte in data)
    words = cycle(("lorem", "ipsum", "dolor", "sit", "amet"))
    return "".join(next(words) + " " * (1 + int(bit)) for bit in bits).encode() + next(words).encode()


def cases(data: bytes) -> bytes:
    """Words whose letters' case is the bits of `data`: upper case is 1."""
    letters = cycle("permissionishereby grantedfreeofcharge")
    made = []
    for bit in "".join(f"{byte:08b}" for byte in data):
        while (letter := next(letters)) == " ":
            made.append(letter)
        made.append(letter.upper() if bit == "1" else letter)
    return "".join(made).encode()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "aes": aes,
    "base32": base64.b32encode,
    "base64": base64.b64encode,
    "base85": base64.b85encode,
    "base85a": base64.a85encode,
    "blanks": blanks,
    "body": lambda data: data.strip().replace(b"\n", b"\n    "),  # of a function, four columns in
    "cases": cases,
    "charcodes": lambda data: ",".join(map(str, data)).encode(),
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "hex": lambda data: data.hex().encode(),
    "json": lambda data: json.dumps(data.decode()).encode(),
    "line": lambda data: b";".join(line.strip() for line in data.splitlines() if line.strip()),
    "lzma": lzma.compress,
    "marshal": lambda data: marshal.dumps(compile(data, SOURCE_NAME, "exec")),
    "percent": lambda data: "%".join(f"{byte:02x}" for byte in data).encode(),
    "pickle": pickle,
    "png": png,
    "pyc": pyc,
    "repr": lambda data: repr(data.decode()).encode(),
    "reverse": lambda data: data[::-1],
    "rot13": lambda data: codecs.encode(data.decode(), "rot13").encode(),
    "selectors": selectors,
    "sound": sound,
    "utf16": lambda data: data.decode().strip().encode("utf-16-le"),
    "xor": lambda data: bytes(byte ^ XOR for byte in data),
    "zlib": lambda data: zlib.compress(data, 9),
}


def encode(recipe: str, parts: Mapping[str, str]) -> bytes:
    """Dress a part as the recipe says; `spaces:400` is that many spaces."""
    name, *steps = recipe.split("|")
    if name.startswith("spaces:"):
        return b" " * int(name.partition(":")[2])
    data = parts[name].encode()
    for step in steps:
        data = ENCODERS[step](data)
    return data
