"""Objects of sources, packed: small JSON texts that say much the same, so they share a dictionary.

What is written is Zstandard (RFC 8878) where that is installed (`biopsy[reports]`), else zlib (RFC 1950),
which the core has; what is read is either, since an object says by its first bytes which it is.
"""

import threading
import zlib
from importlib import import_module
from typing import Any

from biopsy.errors import BiopsyError

MAX_BYTES = 64 * 1024**2  # of one object, unpacked

# What records have in common (a preset dictionary; the commonest stands last). It is
# part of the form of the file: what was packed with it is read with it, so it never changes.
_WORDS = b"""\
"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
"upstream": [], "withdrawn": "2026-01-01T00:00:00Z", "related": ["
"iocs": {"domains": [], "ips": [], "urls": ["https://"], "files": [{"digests": {"sha256": ""}}]},
malicious package installed computer removed secrets keys domain commands behavior activity communicates \
executes outside entity compromised considered rotated immediately different full control software \
"cwes": [{"cweId": "CWE-506", "name": "Embedded Malicious Code", "description": ""}]
"credits": [{"name": "", "type": "FINDER", "contact": ["https://"]}],
"references": [{"type": "ADVISORY", "url": "https://"}, {"type": "WEB", "url": ""}, {"type": "PACKAGE"}],
"database_specific": {"malicious-packages-origins": [{"import_time": "2026-01-01T00:00:00.000000000Z",
"modified_time": "2026-01-01T00:00:00Z", "sha256": "", "source": "", "versions": [
"details": "\\n---\\n_-= Per source details. Do not edit below this line.=-_\\n\\n## Source: (
"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}, {"type": "SEMVER", "events":
[{"introduced": "0"}]}], "versions": ["1.0.0", "0.0.1"
{
  "modified": "2026-01-01T00:00:00Z",
  "published": "2026-01-01T00:00:00Z",
  "schema_version": "1.7.4",
  "id": "MAL-2026-1",
  "aliases": ["GHSA-"],
  "summary": "Malicious code in  (npm)",
  "affected": [
    {
      "package": {
        "ecosystem": "PyPI",
        "ecosystem": "npm",
        "name": "",
        "purl": "pkg:npm/"
      },
"""
_MAGIC = b"\x28\xb5\x2f\xfd"  # of a frame of Zstandard; zlib has no such start
_LEVEL = 1  # the quickest, and the texts are too short for more to pay
# A small window and little memory: what is copied for each object is most of the cost.
_FIRST = zlib.compressobj(1, zlib.DEFLATED, 12, 5, zlib.Z_DEFAULT_STRATEGY, _WORDS)


class PackError(BiopsyError):
    """A packed object is damaged, or cannot be read here."""


class _Tools(threading.local):
    """Zstandard's packer and reader, of which each thread needs its own; None where it is not installed."""

    def __init__(self) -> None:
        """Make them, in the thread that asks first."""
        self.packer: Any = None
        self.reader: Any = None
        try:
            self.zstd: Any = import_module("zstandard")  # an extra, and slow to import
        except ImportError:
            return
        words = self.zstd.ZstdCompressionDict(_WORDS, dict_type=self.zstd.DICT_TYPE_RAWCONTENT)
        words.precompute_compress(level=_LEVEL)
        self.packer = self.zstd.ZstdCompressor(dict_data=words, level=_LEVEL)
        self.reader = self.zstd.ZstdDecompressor(dict_data=words)


_tools: _Tools | None = None


def _zstd() -> _Tools:
    global _tools  # noqa: PLW0603 - made when it is first needed
    if _tools is None:
        _tools = _Tools()
    return _tools


def pack(data: bytes) -> bytes:
    """Make an object small."""
    if (quick := _zstd().packer) is not None:
        made: bytes = quick.compress(data)
        return made
    packer = _FIRST.copy()
    return packer.compress(data) + packer.flush()


def unpack(body: bytes, name: str = "") -> bytes:
    """Give an object as it came; raises PackError, which says its `name`."""
    if body.startswith(_MAGIC):
        return _unpack(body, name)
    reader = zlib.decompressobj(zdict=_WORDS)
    try:
        data = reader.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise PackError(f"the object {name} is damaged: {error}") from error
    if not reader.eof:
        raise PackError(f"the object {name} is damaged: it ends early, or is too large")
    return data


def _unpack(body: bytes, name: str) -> bytes:
    tools = _zstd()
    if tools.reader is None:
        raise PackError(f"the object {name} is packed with Zstandard: pip install 'biopsy[reports]'")
    try:
        if not 0 <= tools.zstd.frame_content_size(body) <= MAX_BYTES:  # so much would be asked for at once
            raise PackError(f"the object {name} is damaged: it is too large, or does not say how large")
        data: bytes = tools.reader.decompress(body, allow_extra_data=False)
    except tools.zstd.ZstdError as error:
        raise PackError(f"the object {name} is damaged: {error}") from error
    return data
