"""A `.gem`: a plain tar of `metadata.gz` (the gemspec, YAML), `data.tar.gz` (the files), `checksums.yaml.gz`.

The files stand at the root of the tree, as `gem unpack` gives them; the gemspec as `.gem/metadata.yml`, which
no file of the package can take the place of: one that tries is moved aside and told of. What RubyGems would
not look at (a further member, a second `data.tar.gz`, a hash that differs) is told of too.
https://guides.rubygems.org/specification-reference/, rubygems/package.rb
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

from msgspec import Struct

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.unpack import squeeze, tars
from biopsy.unpack.limits import CHUNK
from biopsy.unpack.names import decode, judge
from biopsy.unpack.place import Place
from biopsy.unpack.squeeze import Damaged

SUFFIX = ".gem"

METADATA = ".gem/metadata.yml"
"""Where the gemspec stands in the tree."""

MAX_METADATA = 4 * 1024**2
"""Longest gemspec, in bytes; what is longer is cut and told of."""

MAX_CHECKSUMS = 64 * 1024
"""Longest file of checksums, in bytes."""

MAX_MEMBERS = 100
"""Most members of the outer tar that are looked at; RubyGems writes three, or six where it signs."""

DATA, SPEC, SUMS = "data.tar.gz", "metadata.gz", "checksums.yaml.gz"
_KNOWN = frozenset({DATA, SPEC, SUMS, *(f"{one}.sig" for one in (DATA, SPEC, SUMS))})
_SUM = regex(r"\s+(data\.tar\.gz|metadata\.gz):\s*['\"]?([0-9a-f]{40,128})['\"]?\s*")
_HASHES = {40: "sha1", 64: "sha256", 128: "sha512"}


class _Member(Struct):
    name: str
    start: int
    size: int


def read(file: BinaryIO, place: Place) -> None:
    """Unpack a gem: first its files, then what says so."""
    members = list(_members(file, place))
    of = {name: [one for one in members if one.name == name] for name in (DATA, SPEC, SUMS)}
    for one in members:
        if one.name not in _KNOWN:
            place.say(Kind.ARCHIVE_HIDDEN, f"{one.name} beside {DATA}")
            place.write(judge(f".gem/{one.name}", place.limits), _stored(file, one, place), 0o644)
    for name, several in of.items():
        if len(several) > 1:
            place.say(Kind.ARCHIVE_DUPLICATE, name)
    _sums(file, place, of)
    problem: Damaged | None = None if of[DATA] and of[SPEC] else Damaged(_lacks(of))
    for one in reversed(of[DATA]):  # RubyGems takes the first: it is the last to be written
        try:
            tars.read(squeeze.undo("gzip", _stored(file, one, place), _hidden(place)), place)
        except Damaged as damage:
            if "tar: empty" not in str(damage):
                problem = problem or damage
    for one in reversed(of[SPEC]):
        place.write(judge(METADATA, place.limits), _inflated(file, one, place), 0o644)
    if problem:
        raise problem


def _lacks(of: dict[str, list[_Member]]) -> str:
    return "gem: no " + " and no ".join(name for name in (SPEC, DATA) if not of[name])


def _hidden(place: Place) -> Callable[[str], None]:
    return lambda what: place.say(Kind.ARCHIVE_HIDDEN, what)


def _members(file: BinaryIO, place: Place) -> Iterator[_Member]:
    """Walk the outer tar; what is no plain file in it is told of."""
    at, count = 0, 0
    while len(block := _block(file, at)) == tars.BLOCK and block.strip(b"\0"):
        try:
            header = tars.parse(block)
        except ValueError as error:
            raise Damaged(f"gem: {error}") from error
        name = decode(header.name)[0]
        if header.type in b"0\x007":
            yield _Member(name, at + tars.BLOCK, header.size)
        elif header.type in b"12":
            place.say(Kind.ARCHIVE_LINK, f"{name} -> {decode(header.link)[0]}")
        elif header.type not in b"xg5":
            place.say(Kind.ARCHIVE_NAME, f"type {chr(header.type)!r} {name}")
        at += tars.BLOCK + header.size + -header.size % tars.BLOCK
        count += 1
        if count >= MAX_MEMBERS:
            place.say(Kind.ARCHIVE_BOMB, f"members {MAX_MEMBERS}")
            return
    if not at:
        raise Damaged("gem: no tar")
    file.seek(at)
    rest = file.read(CHUNK)
    if rest.strip(b"\0"):
        place.say(Kind.ARCHIVE_HIDDEN, "bytes after the end of the gem")


def _block(file: BinaryIO, at: int) -> bytes:
    file.seek(at)
    return file.read(tars.BLOCK)


def _stored(file: BinaryIO, one: _Member, place: Place) -> Iterator[bytes]:
    def took(size: int) -> None:
        place.packed += size

    file.seek(one.start)
    yield from squeeze.blocks(file, one.size, took)


def _inflated(file: BinaryIO, one: _Member, place: Place) -> Iterator[bytes]:
    """Give the gemspec as far as it can be read and as long as it may be."""
    room = MAX_METADATA
    try:
        for chunk in squeeze.undo("gzip", _stored(file, one, place), _hidden(place)):
            yield chunk[:room]
            room -= len(chunk)
            if room < 0:
                place.say(Kind.ARCHIVE_BOMB, f"{SPEC} {MAX_METADATA >> 20} MiB")
                return
    except Damaged as damage:
        place.say(Kind.ARCHIVE_DAMAGED, f"{SPEC}: {damage}")


def _sums(file: BinaryIO, place: Place, of: dict[str, list[_Member]]) -> None:
    """Hold the members against what the gem itself says that they hash to."""
    if not of[SUMS]:
        return
    try:
        chunks = squeeze.undo("gzip", _stored(file, of[SUMS][0], place), _hidden(place))
        text = next(chunks, b"")[:MAX_CHECKSUMS].decode("utf-8", "replace")
    except Damaged as damage:
        place.say(Kind.ARCHIVE_DAMAGED, f"{SUMS}: {damage}")
        return
    for line in text.splitlines():
        match = _SUM.fullmatch(line)
        kind = _HASHES.get(len(match[2])) if match else None
        if match and kind and of[match[1]]:
            digest = hashlib.new(kind, usedforsecurity=False)
            for chunk in squeeze.blocks(_at(file, of[match[1]][0]), of[match[1]][0].size):
                digest.update(chunk)
            if digest.hexdigest() != match[2]:
                place.say(Kind.ARCHIVE_DAMAGED, f"{match[1]} is not what {SUMS} says ({kind})")


def _at(file: BinaryIO, one: _Member) -> BinaryIO:
    file.seek(one.start, io.SEEK_SET)
    return file
