"""Whether a canary left the sandbox: in whatever was said, in any form that we can undo, whole or in parts.

Looked for in each exchange by itself, then in what was said to one destination taken together, field by field
(the same query parameter of many requests, the labels of many DNS names), for secrets sent in slices.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from biopsy.sandbox.leak_forms import peel
from biopsy.sandbox.leak_needles import Hit, Needles
from biopsy.sandbox.raw import Canary, Said

MAX_WORK: Final = 192 * 1024**2
"""Bytes that are searched of one run, all readings together; what lies beyond is said to be unsearched."""

MAX_PARTS: Final = 5_000
"""Most parts of one field of one destination that are put together."""

MAX_TURNED: Final = 64 * 1024
"""Longest piece of data, in bytes, that is read from its end, too."""

MAX_NAMES: Final = 5_000
"""Most exchanges in which repeated labels of names are counted."""

_ENCODED = re.compile(rb"[A-Za-z0-9+/_=-]{16}")
_INDEX = re.compile(rb"\d{1,4}")
_HEADERS = frozenset(
    [
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "transfer-encoding",
        "upgrade-insecure-requests",
    ]
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A canary that left. `said` is the index of the exchange that carried it, or the last of those that
    did.
    """

    name: str
    encoding: str
    said: int
    found: int
    whole: int

    @property
    def form(self) -> str:
        """The encoding, and whether it is only a part."""
        return self.encoding if self.found >= self.whole else f"{self.encoding}, in part"


@dataclass(slots=True)
class _Budget:
    left: int

    def take(self, data: bytes) -> bool:
        self.left -= len(data)
        return self.left > 0


def carries(data: bytes, canaries: Iterable[Canary]) -> tuple[str, str] | None:
    """Say which canary `data` carries and how it is encoded; None where it carries none."""
    for hit, encoding in _search(data, Needles(canaries), _Budget(MAX_WORK // 8)):
        return hit.name, encoding
    return None


def find(
    canaries: Sequence[Canary], said: Sequence[Said], phases: Sequence[str] = ()
) -> tuple[list[Leak], bool]:
    """Find every canary in what was said, once per destination; and say whether all of it was searched.

    With `phases`, one of each exchange, slices are put together within a phase first: a leak is of the phase
    that it was whole in, though a later one may repeat it.
    """
    needles, budget = Needles(canaries), _Budget(MAX_WORK)
    found: dict[tuple[str, str, int], Leak] = {}
    for index, one in enumerate(said):
        for data in _whole(one):
            for hit, encoding in _search(data, needles, budget):
                _keep(found, one, Leak(hit.name, encoding, index, hit.found, hit.whole))
    for index, data, how in (*_together(said, phases), *(_together(said) if len(set(phases)) > 1 else ())):
        one = said[index]
        for hit, encoding in _search(data, needles, budget):
            form = f"{encoding} {how}"
            for joined in ("clear", "split"):
                form = form.replace(f"+{joined} ", " ").removeprefix(f"{joined} ")
            _keep(found, one, Leak(hit.name, form, index, hit.found, hit.whole))
    return sorted(found.values(), key=lambda leak: leak.said), budget.left > 0


def _keep(found: dict[tuple[str, str, int], Leak], one: Said, leak: Leak) -> None:
    where = _parent(one.name).decode() if one.protocol == "dns" else one.name or one.address
    key = (leak.name, where, one.port)
    if key not in found or leak.found > found[key].found:
        found[key] = leak


def _search(data: bytes, needles: Needles, budget: _Budget) -> Iterator[tuple[Hit, str]]:
    """Yield the canaries in `data` under the first reading that shows them best."""
    best: dict[str, tuple[Hit, str]] = {}
    for name, layer in _readings(data):
        if not budget.take(layer):
            break
        for hit in needles.find(layer):
            if hit.name not in best or hit.found > best[hit.name][0].found:
                whole = name if hit.form == "clear" else f"{name}+{hit.form}"
                best[hit.name] = (hit, hit.form if name == "clear" else whole)
    yield from best.values()


def _readings(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Peel `data`, and then what it is when read from its end: the letters of an encoding may be reversed."""
    yield from peel(data)
    if len(data) <= MAX_TURNED and _ENCODED.search(data):
        for name, layer in peel(data[::-1]):
            if name != "clear":
                yield f"reversed+{name}", layer


def _whole(one: Said) -> Iterator[bytes]:
    if one.protocol == "dns":
        return  # its labels are searched together with those of its neighbours
    yield one.request or one.summary.encode(errors="replace")
    if one.body and one.body not in one.request:
        yield one.body


def _together(said: Sequence[Said], phases: Sequence[str] = ()) -> Iterator[tuple[int, bytes, str]]:
    """Join what was said in slices: (index of the last, the slices joined, how they were sent)."""
    fields: dict[tuple[str, str, str], list[tuple[int, bytes]]] = {}
    same = _repeated(said)
    for index, one in enumerate(said):
        for name, value in _fields(one, same.get(_parent(one.name), frozenset())):
            parts = fields.setdefault((_group(one), name, phases[index] if phases else ""), [])
            if len(parts) < MAX_PARTS and value and (not parts or parts[-1][1] != value):
                parts.append((index, value))
    for (group, _, _), parts in fields.items():
        if parts and (len(parts) > 1 or group.startswith("dns ")):
            how = "dns labels" if group.startswith("dns ") else f"{len(parts)} requests"
            values = [value for _, value in parts]
            yield parts[-1][0], b"".join(values), how
            if len(values) > 1:
                yield parts[-1][0], b" ".join(values), how  # each encoded by itself


def _group(one: Said) -> str:
    if one.protocol == "dns":
        return f"dns {_parent(one.name).decode()}"
    return f"{one.protocol} {one.name or one.address} {one.port}"


def _labels(name: str) -> list[bytes]:
    return [label for label in name.encode(errors="replace").rstrip(b".").split(b".") if label]


def _parent(name: str) -> bytes:
    return b".".join(_labels(name)[-2:])


def _repeated(said: Sequence[Said]) -> dict[bytes, frozenset[bytes]]:
    """Say which labels stand in most names below the same one: those say whose the others are."""
    names = {one.name for one in said[:MAX_NAMES] if one.protocol == "dns"}
    count: dict[bytes, Counter[bytes]] = {}
    for name in names:
        count.setdefault(_parent(name), Counter({b"": 0})).update(
            {b"": 1, **dict.fromkeys(_labels(name)[:-2], 1)}
        )
    return {
        parent: frozenset(label for label, times in each.items() if label and times * 2 > each[b""] > 1)
        for parent, each in count.items()
    }


def _fields(one: Said, same: Container[bytes] = ()) -> Iterator[tuple[str, bytes]]:
    if one.protocol == "dns":
        labels = _labels(one.name)[:-2]
        yield "labels", b"".join(labels)
        yield (
            "unlike",
            b"".join(label for label in labels if label not in same and not _INDEX.fullmatch(label)),
        )
        told = [re.sub(rb"^(?:[a-z]?\d{1,4}[-_])|(?:[-_]\d{1,4})$", b"", label) for label in labels]
        yield "unnumbered", b"".join(label for label in told if not _INDEX.fullmatch(label))
        if len(labels) > 1:
            yield "first", labels[0]
        return
    if one.protocol not in {"http", "https"}:
        yield "sent", one.request
        return
    yield "body", one.body
    yield from _http(one)


def _http(one: Said) -> Iterator[tuple[str, bytes]]:
    target = one.summary.partition(" ")[2].split(" ")[0]
    try:
        url = urlsplit(target)
        query = parse_qsl(url.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return
    segments = url.path.split("/")
    yield "path", segments[-1].encode(errors="replace")
    if len(segments) > 2:
        yield "folder", segments[-2].encode(errors="replace")
    for name, value in query:
        yield f"query {name[:64]}", value.replace(" ", "+").encode(errors="replace")
    for line in one.request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:60]:
        header, _, content = line.partition(b":")
        title = header.decode("latin-1").lower()
        if title not in _HEADERS:
            yield f"header {title[:64]}", content.strip()
    if one.body[:1] in {b"{", b"["}:
        try:
            parsed = msgspec.json.decode(one.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        if isinstance(parsed, dict):
            for key, text in list(parsed.items())[:50]:
                if isinstance(text, str):
                    yield f"json {str(key)[:64]}", text.encode(errors="replace")
    elif b"=" in one.body[:200]:
        pairs = one.body[:100_000].decode("latin-1")
        try:
            form = parse_qsl(pairs, max_num_fields=100)
        except ValueError:
            return
        for name, value in form:
            yield f"form {name[:64]}", value.replace(" ", "+").encode(errors="replace")
