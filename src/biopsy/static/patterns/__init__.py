"""Byte patterns: one pass of YARA-X over a file, for all that is told by bytes and by mere words.

The patterns are the `.yar` files beside this, and two lists of the model (hosts, stores) made into patterns.
A pattern's `meta` names the behaviour that it becomes. They find forms and words; they do not judge code.
"""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yara_x
from msgspec import Struct

from biopsy.model import kept
from biopsy.model.behaviour import Kind
from biopsy.model.hosts import SHARED, hosts
from biopsy.model.stores import stores

MAX_MATCHES = 20  # of one pattern in one file
MAX_SPANS = 200  # of one rule in one file
TIMEOUT = 4  # seconds for one file; YARA-X knows whole ones
_PLAIN = frozenset({"code-host", "cdn", "cloud-storage", "hosting", "telemetry", "standards"})
"""Classes of hosts that every package names: nothing is told by the word."""

XORED = frozenset(
    {
        b"import os",
        b"subprocess",
        b"child_process",
        b"This program cannot be run",
        b"/bin/bash",
        b"powershell",
        b"import base64",
        b"__import__",
        b"process.env",
        b"os.environ",
        b"import sys",
        b"import socket",
        b"urlopen(",
        b"require(",
        b"function(",
        b"console.log",
        b"Buffer.from",
        b"os.system",
        b"urllib.request",
        b"b64decode",
        b"https.request",
        b"import json",
    }
)
"""The words of xored.yar, as they are without a key."""
_CASE = (0, 0x20)
"""No key, and the one that only turns small letters into capitals."""


class Hit(Struct, frozen=True):
    """A pattern that matched: the behaviour, and the offsets and lengths of what matched (the first few)."""

    name: str
    kind: Kind
    value: str
    needs: str  # `program`, `binary`, `data`, `any`: where it counts
    spans: tuple[tuple[int, int], ...]
    keys: tuple[int, ...] = ()  # of one byte, under which it stands there


class OutOfTime(Exception):  # noqa: N818 - it is a state, caught where the file is read
    """The pass over a file took longer than it may."""


NAME = "patterns"
"""Of the reader that asks here."""


def load() -> None:
    """Load the patterns; a first scan need not do it, and unlike one this starts no thread."""
    _scanner()


@cache
def _scanner() -> yara_x.Scanner:
    files = kept.sources("static/patterns", "model", endings=(".yar", ".py", ".txt"))
    scanner = yara_x.Scanner(kept.kept("patterns", [yara_x.__file__, *files], _compiled, _frozen, _thawed))
    scanner.set_timeout(TIMEOUT)
    scanner.max_matches_per_pattern(MAX_MATCHES)
    return scanner


def _compiled() -> yara_x.Rules:
    compiler = yara_x.Compiler(error_on_slow_pattern=True, includes_enabled=False)
    for file in sorted(Path(__file__).parent.glob("*.yar")):
        compiler.add_source(file.read_text("utf-8"), origin=file.name)
    compiler.add_source(made(), origin="made")
    return compiler.build()


def _frozen(rules: yara_x.Rules) -> bytes:
    into = io.BytesIO()
    rules.serialize_into(into)
    return into.getvalue()


def _thawed(data: bytes) -> yara_x.Rules:
    return yara_x.Rules.deserialize_from(io.BytesIO(data))


def made() -> str:
    """The patterns that the lists of hosts and stores come to."""
    rules = []
    words: dict[str, list[str]] = {}
    for domain, name in hosts().items():
        if name not in _PLAIN:
            words.setdefault(f"net.service {name}", []).append(f'"{domain}" ascii wide nocase')
    for name, path, telling in stores():
        if telling:
            words.setdefault(f"file.store {name}", []).append(_path(path))
    for key, texts in words.items():
        kind, name = key.split(" ")
        strings = " ".join(f"$s{at} = {text}" for at, text in enumerate(texts))
        rules.append(
            f'rule {re.sub("[.-]", "_", kind)}_{name.replace("-", "_")} {{ meta: kind = "{kind}" '
            f'value = "{name}" needs = "any" strings: {strings} condition: any of them }}'
        )
    return "\n".join(rules)


def _path(path: str) -> str:
    """A path as it stands in code: with slashes, backslashes or doubled ones."""
    parts = [re.escape(p).replace("/", r"\/").replace(r"\ ", " ") for p in path.strip("/").split("/")]
    if len(parts) == 1:
        return f'"{path}" ascii wide'
    return "/" + r"(\/|\\\\?)".join(parts) + "/ ascii wide"


def scan(data: bytes) -> Iterator[Hit]:
    """Every pattern that matches in `data`; raises OutOfTime."""
    try:
        results = _scanner().scan(data)
    except yara_x.TimeoutError as error:
        raise OutOfTime from error
    except yara_x.ScanError:
        return
    for rule in results.matching_rules:
        meta = dict(rule.metadata)
        matches = sorted(
            (m.offset, m.length, m.xor_key or 0) for pattern in rule.patterns for m in pattern.matches
        )[:MAX_SPANS]
        spans = tuple((offset, length) for offset, length, _ in matches)
        keys = tuple(dict.fromkeys(key for _, _, key in matches if key not in _CASE))
        yield Hit(
            rule.identifier, Kind(str(meta["kind"])), str(meta["value"]), str(meta["needs"]), spans, keys
        )


__all__ = ["SHARED", "XORED", "Hit", "OutOfTime", "made", "scan"]
