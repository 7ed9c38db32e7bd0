"""A file in one frame of Zstandard (RFC 8878), the same bytes every time."""

import zstandard

from biopsy.reports.exports.tree import Writer

LEVEL = 6  # long-distance matching makes it larger: reports are alike to their neighbours
WINDOW = 24  # 16 MiB: how far back what was said before is found; what reads it needs as much memory
CHUNK = 1 << 20  # bytes that are packed at once: part of what the bytes depend on


class Pressed:
    """Packs what is written, beside the one that writes."""

    def __init__(self, file: Writer) -> None:
        """Take the file that it goes to, which is closed with this."""
        how = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, window_log=WINDOW, threads=1, write_checksum=True
        )
        self._file, self._held = file, bytearray()
        self._packer = zstandard.ZstdCompressor(compression_params=how).compressobj()

    def write(self, data: bytes) -> None:
        """Write on."""
        self._held += data
        if len(self._held) >= CHUNK:
            self._file.write(self._packer.compress(bytes(self._held)))
            self._held.clear()

    def close(self) -> None:
        """End the frame, and the file."""
        self._file.write(self._packer.compress(bytes(self._held)) + self._packer.flush())
        self._file.close()
