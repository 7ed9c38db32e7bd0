"""What bodies of requests are packed in, and what is wrong with some."""

import zlib

MAX_UNPACKED = 64 * 1024**2  # bytes in a body


class BadBody(ValueError):  # noqa: N818 - it reads as what it is
    """A body that is no JSON, too large, or too slow. `status` is the one to answer with."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Say what is wrong, and which HTTP status that is."""
        super().__init__(message)
        self.status = status


def unpacked(data: bytes, encoding: str) -> bytes:
    """A body without its packing; raises BadBody for one that is too large in it, or packed otherwise."""
    if encoding in {"", "identity"}:
        return data
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise BadBody(f"content encoding {encoding[:40]} is not read here: gzip, deflate", 415)
    reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | (32 if encoding != "deflate" else 0))
    try:
        plain = reader.decompress(data, MAX_UNPACKED)
    except zlib.error as error:
        raise BadBody(f"not {encoding}: {error}") from error
    if reader.unconsumed_tail:
        raise BadBody(f"more than {MAX_UNPACKED:,} bytes when unpacked", 413)
    if not reader.eof or reader.unused_data:
        raise BadBody(f"not {encoding}: it ends early, or something follows it")
    return plain
