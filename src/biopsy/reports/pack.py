"""Objects of sources, packed: small JSON texts that say much the same, so they share a dictionary."""

import zlib

from biopsy.errors import BiopsyError

MAX_BYTES = 64 * 1024**2  # of one object, unpacked

# What records have in common (a preset dictionary, RFC 1950 section 2.2; the commonest stands last). It is
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
# A small window and little memory: what is copied for each object is most of the cost.
_FIRST = zlib.compressobj(1, zlib.DEFLATED, 12, 5, zlib.Z_DEFAULT_STRATEGY, _WORDS)


class PackError(BiopsyError):
    """A packed object is damaged."""


def pack(data: bytes) -> bytes:
    """Make an object small (RFC 1950)."""
    packer = _FIRST.copy()
    return packer.compress(data) + packer.flush()


def unpack(body: bytes, name: str = "") -> bytes:
    """Give an object as it came; raises PackError, which says its `name`."""
    reader = zlib.decompressobj(zdict=_WORDS)
    try:
        data = reader.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise PackError(f"the object {name} is damaged: {error}") from error
    if not reader.eof:
        raise PackError(f"the object {name} is damaged: it ends early, or is too large")
    return data
