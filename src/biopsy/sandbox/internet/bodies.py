"""Bodies as they were meant: content encodings undone, within a limit."""

import zlib

MAX_LAYERS = 4
"""Encodings that are undone, one within the other."""

_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}


def decoded(data: bytes, encoding: str, most: int) -> bytes:
    """`data` without its `Content-Encoding`, at most `most` bytes; as it is where that is not undone."""
    layers = [layer.strip().lower() for layer in encoding.split(",") if layer.strip()]
    for layer in reversed(layers[:MAX_LAYERS]):
        inner = _inflated(data, _WINDOWS.get(layer, ()), most)
        if inner is None:
            break
        data = inner
    return data[:most]


def _inflated(data: bytes, windows: tuple[int, ...], most: int) -> bytes | None:
    for window in windows:
        engine = zlib.decompressobj(window)
        try:
            return engine.decompress(data, most)
        except zlib.error:
            continue
    return None
