"""What was said to the simulated internet, tied to whoever said it and to the name that was looked up."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from dnslib import DNSRecord

from biopsy.model.behaviour import By, Kind
from biopsy.sandbox import observe_calls
from biopsy.sandbox.observe_files import excerpt
from biopsy.sandbox.observe_ledger import Draft
from biopsy.sandbox.observe_places import GOVERNING
from biopsy.sandbox.observe_seen import Seen
from biopsy.sandbox.raw import Raw, Said
from biopsy.sandbox.tree import Forest, Node

MAX_EXCHANGES: Final = 20_000
"""Most exchanges that are read of one run."""

MAX_SAID_LINE: Final = 64 * 1024**2
_LATE: Final = 2_000_000  # ns that a connection may be seen after what was said over it
_STALE: Final = 600_000_000_000
_PARSE: Final[Callable[[bytes], DNSRecord]] = DNSRecord.parse  # untyped
_DEFAULT = {"http": 80, "https": 443}
_PICKLE = b"cbuiltins\neval\n"
_LOCAL = ("127.", "0.", "::1", "localhost")


@dataclass(slots=True)
class Talk:
    """An exchange with who said it."""

    said: Said
    node: Node | None
    phase: str
    host: str

    @property
    def by(self) -> By:
        """Whose doing it is."""
        if observe_calls.handed(self.phase, self.host):
            return By.TOOL
        return self.node.by if self.node else By.PACKAGE


@dataclass(slots=True)
class Net:
    """The talks of a run, and the names that addresses had."""

    talks: list[Talk] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    malformed: int = 0
    dropped: int = 0


def heard(path: Path) -> tuple[list[Said], int, int]:
    """Read what was said; return it in order of time, with how many lines were none, and how many too
    many.
    """
    said: list[Said] = []
    malformed = dropped = 0
    decoder = msgspec.json.Decoder(Said)
    if not path.exists():
        return said, 0, 0
    with path.open("rb") as file:
        while line := file.readline(MAX_SAID_LINE):
            if len(said) >= MAX_EXCHANGES:
                dropped += 1
                continue
            try:
                said.append(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                malformed += 1
    said.sort(key=lambda one: one.time_ns)
    return said, malformed, dropped


def tie(raw: Raw, forest: Forest, seen: Seen) -> Net:
    """Read what was said and find for each exchange its process, phase and name."""
    said, malformed, dropped = heard(raw.said)
    net = Net(malformed=malformed, dropped=dropped)
    for one in said:
        _learn(net.names, one)
    speakers = _Speakers(seen)
    for one in said:
        node = speakers.of(one)
        phase = node.phase if node else forest.phase_at(one.time_ns)
        host = (one.name or net.names.get(one.address, "") or one.address).rstrip(".")
        net.talks.append(Talk(one, node, phase, host.lower()))
    return net


def _learn(names: dict[str, str], one: Said) -> None:
    if one.protocol != "dns":
        if one.name and one.address and not one.name.replace(".", "").isdigit():
            names.setdefault(one.address, one.name.rstrip(".").lower())
        return
    try:
        answer = _PARSE(one.response)
    except Exception:
        return
    for record in answer.rr[:20]:
        if record.rtype in {1, 28}:
            names[str(record.rdata)] = one.name.rstrip(".").lower() or str(record.rname).rstrip(".").lower()


class _Speakers:
    """Finds the process that an exchange is of: who last asked for that destination, or sent a datagram
    then.
    """

    def __init__(self, seen: Seen) -> None:
        self._to: dict[tuple[str, int], list[tuple[int, Node]]] = {}
        for time, node, host, port in seen.connects:
            self._to.setdefault((host, port), []).append((time, node))
        for entries in self._to.values():
            entries.sort(key=lambda pair: pair[0])
        self._sends = sorted(seen.sends, key=lambda pair: pair[0])
        self._flows: dict[tuple[str, str, int, int], Node] = {}

    def of(self, one: Said) -> Node | None:
        """Find it, or None where nobody fits."""
        stream = "udp" if one.protocol in {"udp", "dns"} else "tcp"
        flow = (stream, one.address, one.port, one.source_port)
        if one.source_port and flow in self._flows:
            return self._flows[flow]
        node = self._last(self._to.get((one.address, one.port), []), one.time_ns, _STALE)
        if node is None and stream == "udp":
            node = self._last(self._sends, one.time_ns, 1_000_000_000)
        if node is not None and one.source_port:
            self._flows[flow] = node
        return node

    @staticmethod
    def _last(entries: Sequence[tuple[int, Node]], time: int, stale: int) -> Node | None:
        at = bisect.bisect_right(entries, time + _LATE, key=lambda pair: pair[0])
        if at and time - entries[at - 1][0] <= stale:
            return entries[at - 1][1]
        return None


def drafts(net: Net, seen: Seen) -> Iterator[Draft]:
    """Tell what went over the network."""
    for talk in net.talks:
        if talk.node is not None and talk.node.ours:
            continue
        if talk.said.gateway and talk.by is By.TOOL and not talk.said.refused:
            continue  # a tool fetches a package: its exchange is kept, a behaviour it is not
        yield from _talk(talk)
    for time, node, host, port in seen.connects:
        if node.ours:
            continue
        if governor := GOVERNING.fullmatch(host):
            what = f"socket {governor[1]}"
            yield Draft(time, Kind.EVASION_TRACER, what, node.phase, node, node.by, node.owner, weight=1)
        if port in {0, 53} or host.startswith(_LOCAL):
            continue  # 0: between programs of the machine, which goes nowhere
        value = place(net.names.get(host, host), port)
        yield Draft(time, Kind.NET_CONNECT, value, node.phase, node, node.by, node.owner, weight=1)
    for time, node, host, port in seen.listens:
        if not node.ours and not host.startswith("unix:"):
            value = place(host, port)
            yield Draft(time, Kind.NET_LISTEN, value, node.phase, node, node.by, node.owner, weight=1)


def place(host: str, port: int) -> str:
    """Write a destination: `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _talk(talk: Talk) -> Iterator[Draft]:
    said = talk.said
    owner = talk.node.owner if talk.node else ""

    def of(kind: Kind, value: str, weight: int = 1, detail: str = "") -> Draft:
        return Draft(said.time_ns, kind, value, talk.phase, talk.node, talk.by, owner, detail, weight)

    detail = f"refused: {said.refused}" if said.refused else ""
    match said.protocol:
        case "dns":
            if said.ran:
                return  # the sign that our own bytes ran: code.remote says so
            kind = said.summary.partition(" ")[0]
            value = said.name.rstrip(".").lower()
            known = not kind.isalnum() or kind in {"A", "AAAA"}
            yield of(Kind.NET_DNS, value if known else f"{value} {kind}")
        case "http" | "https":
            yield of(Kind.NET_CONNECT, place(talk.host, said.port))
            yield of(Kind.NET_HTTP, f"{said.summary.partition(' ')[0]} {url(talk)}", 2, detail or _body(said))
        case "tcp" | "udp":
            if said.protocol == "tcp":
                yield of(Kind.NET_CONNECT, place(talk.host, said.port))
            if said.sent:
                shown = excerpt(said.request[:500])
                yield of(Kind.NET_SEND, f"{said.protocol} {place(talk.host, said.port)}", 2, shown)
        case "icmp":
            yield of(Kind.NET_SEND, f"icmp {talk.host}", 2, excerpt(said.request[:500]))
        case _:
            yield of(Kind.NET_CONNECT, place(talk.host, said.port))


def _body(said: Said) -> str:
    return excerpt(said.body[:2000]) if said.body else ""


def url(talk: Talk) -> str:
    """Write the URL of an exchange; for one that is not HTTP, its protocol and destination."""
    said = talk.said
    if said.protocol not in _DEFAULT:
        return f"{said.protocol}://{place(talk.host, said.port)}"
    target = said.summary.partition(" ")[2].split(" ")[0]
    if "://" in target:
        target = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
    host = f"[{talk.host}]" if ":" in talk.host else talk.host
    port = "" if said.port == _DEFAULT[said.protocol] else f":{said.port}"
    return f"{said.protocol}://{host}{port}{target if target.startswith('/') else '/' + target}"


def ran(net: Net) -> Iterator[Draft]:
    """Tell whose bytes were executed (a token was handed out, its sign came back), and whose words led on."""
    source = {talk.said.token: talk for talk in net.talks if talk.said.token}
    told: set[str] = set()
    for talk in net.talks:
        giver = source.get(talk.said.ran) if talk.said.ran else None
        if talk.said.told and talk.said.told not in told:
            told.add(talk.said.told)
            yield _led(talk)
        if talk.said.ran:
            value = url(giver) if giver else "unknown"
            node = talk.node
            by, owner = (node.by, node.owner) if node else (By.PACKAGE, "")
            yield Draft(talk.said.time_ns, Kind.CODE_REMOTE, value, talk.phase, node, by, owner, weight=3)
            if giver and node and giver.node is node:  # by the interpreter that fetched it, not by a program
                how = "remote-pickle" if _PICKLE in giver.said.response else "remote"
                yield Draft(
                    talk.said.time_ns, Kind.CODE_EVAL, f"{how} {value}", talk.phase, node, by, owner, weight=3
                )


def _led(talk: Talk) -> Draft:
    """Tell that the answer of one host chose where the package went next: nothing else named this host."""
    node = talk.node
    by, owner = (node.by, node.owner) if node else (By.PACKAGE, "")
    value = f"network:{talk.said.told} > network"
    return Draft(talk.said.time_ns, Kind.CODE_FLOW, value, talk.phase, node, by, owner, talk.host, weight=2)
