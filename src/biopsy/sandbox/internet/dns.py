"""DNS: every name exists, and every type of question has an answer (an empty one, where no content fits)."""

# mypy: disallow-untyped-calls=False

import contextlib
import ipaddress
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dnslib
from dnslib import CLASS, QTYPE, RCODE
from dnslib.label import DNSBuffer, DNSLabel

from biopsy.sandbox.internet.names import Names
from biopsy.sandbox.internet.zone import Texts

MAX_QUESTIONS = 16
"""Questions of one message that are answered."""
MAX_MESSAGE = 4096
"""Longest question that is read, in bytes; a longer one is recorded."""
MAX_LABEL = 63
UDP_SIZE = 512
"""Longest answer to a client that says nothing else (RFC 1035, section 4.2.1)."""

_HEAD = struct.Struct("!6H")
_TTL = 60
_QUERY, _RESPONSE = 0, 0x8000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a DNS message: `wire` is empty where there is nothing to answer."""

    wire: bytes
    summary: str  # `A x.example`, or why the message is none
    name: str = ""
    status: int = 0  # the RCODE
    token: str = ""
    ran: str = ""


def resolve(message: bytes, names: Names, texts: Texts, size: int | None = None) -> Answer:
    """Answer a message in wire form. Never raises: `size` cuts what goes over UDP, None is for streams."""
    if len(message) < _HEAD.size:
        return Answer(b"", "malformed: too short", status=RCODE.FORMERR)
    identity, flags, count, *_ = _HEAD.unpack_from(message)
    if flags & _RESPONSE:
        return Answer(b"", "malformed: a response", status=RCODE.FORMERR)
    if (flags >> 11) & 0xF != _QUERY:
        return _refused(identity, flags, RCODE.NOTIMP, f"opcode {(flags >> 11) & 0xF}")
    if not 0 < count <= MAX_QUESTIONS or len(message) > MAX_MESSAGE:
        return _refused(identity, flags, RCODE.FORMERR, "malformed: too much or nothing")
    try:
        asked = _parsed(message)
    except Exception as err:  # dnslib raises what it likes over bytes like these
        return _refused(identity, flags, RCODE.FORMERR, f"malformed: {type(err).__name__}")
    return _answer(asked, names, texts, size)


class _Buffer(DNSBuffer):
    """Reads names of any bytes, where dnslib wants UTF-8; a pointer has no place in a question."""

    def decode_name(self, last: int = -1) -> DNSLabel:  # noqa: ARG002 - dnslib's signature
        labels = []
        while length := self.get(1)[0]:
            if length > MAX_LABEL:
                raise BufferError("a pointer")
            labels.append(self.get(length))
        return DNSLabel(labels)


def _parsed(message: bytes) -> Any:
    buffer = _Buffer(message)
    header = dnslib.DNSHeader.parse(buffer)
    questions = [dnslib.DNSQuestion.parse(buffer) for _ in range(header.q)]
    more = []
    with contextlib.suppress(Exception):  # of what may follow only EDNS matters, and it can do without
        more = [
            dnslib.RR.parse(buffer) for _ in range(min(header.a + header.auth + header.ar, MAX_QUESTIONS))
        ]
    return dnslib.DNSRecord(header, questions, ar=more)


def _refused(identity: int, flags: int, code: int, why: str) -> Answer:
    head = _HEAD.pack(identity, _RESPONSE | (flags & 0x7900) | 0x0080 | code, 0, 0, 0, 0)
    return Answer(head, why, status=code)


def _answer(asked: dnslib.DNSRecord, names: Names, texts: Texts, size: int | None) -> Answer:
    reply = asked.reply(ra=1, aa=0)
    text = token = ran = ""
    summary = []
    for question in asked.questions:
        name = spelled(question.qname)
        kind = _kind(question.qtype)
        summary.append(f"{kind} {name}")
        ran = ran or texts.ran(name)
        if kind in ("TXT", "ANY") and not ran and not text:
            text, token = texts.to(name)
        with contextlib.suppress(Exception):  # a name that cannot be built upon: an empty answer
            for record in records(question.qname, name, kind, names, text):
                reply.add_answer(record)
    if not reply.rr:
        reply.add_auth(dnslib.RR(asked.q.qname, QTYPE.SOA, ttl=_TTL, rdata=_soa(asked.q.qname)))
    wire = _packed(reply, _room(asked, size))
    if reply.header.tc:
        token = ""
    return Answer(wire, ", ".join(summary), spelled(asked.q.qname), 0, token, ran)


def _room(asked: dnslib.DNSRecord, size: int | None) -> int:
    if size is None:
        return 65_535
    offered = [record.rclass for record in asked.ar if record.rtype == QTYPE.OPT]
    return max(size, min(offered[0], 4096)) if offered else size


def _packed(reply: dnslib.DNSRecord, room: int) -> bytes:
    wire = bytes(reply.pack())
    if len(wire) <= room:
        return wire
    reply.header.tc = 1
    reply.rr, reply.auth, reply.ar = [], [], []
    return bytes(reply.pack())


def spelled(label: DNSLabel) -> str:
    r"""A name as people write it: lower case, without the last dot, odd bytes as `\ddd` (RFC 4343)."""

    def one(part: bytes) -> str:
        return "".join(chr(b) if 33 <= b < 127 and b not in b".\\" else f"\\{b:03d}" for b in part.lower())

    return ".".join(one(bytes(part)) for part in label.label)


def _kind(number: int) -> str:
    try:
        return str(QTYPE.get(number))
    except Exception:
        return f"TYPE{number}"


Rows = Iterator[object]


def _below(label: DNSLabel, *prefix: bytes) -> DNSLabel:
    """A name below another; its bytes may be any."""
    return DNSLabel((*prefix, *label.label))


def _zone(label: DNSLabel) -> DNSLabel:
    return DNSLabel(label.label[-2:])


def _soa(label: DNSLabel) -> dnslib.SOA:
    zone = _zone(label)
    times = (2024061801, 7200, 3600, 1209600, 300)
    return dnslib.SOA(_below(zone, b"ns1"), _below(zone, b"hostmaster"), times)


def _service(label: DNSLabel) -> dnslib.SRV:
    plain = tuple(part for part in label.label if not part.startswith(b"_"))
    return dnslib.SRV(5, 0, 443, DNSLabel(plain))


def _pointer(name: str, names: Names) -> Rows:
    try:
        parts = name.split(".")
        if name.endswith(".in-addr.arpa"):
            address = ".".join(reversed(parts[:4]))
        else:
            address = str(ipaddress.IPv6Address(int("".join(reversed(parts[:32])), 16)))
        known = names.name(str(ipaddress.ip_address(address)))
    except ValueError:
        return
    yield dnslib.PTR(known or f"host-{address.replace('.', '-').replace(':', '-')}.edge.example")


def _text(text: str) -> Rows:
    yield dnslib.TXT([bytes(part) for part in _parts(text.encode())])


def _parts(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 255):
        yield data[start : start + 255]


_ROWS: dict[str, Callable[[DNSLabel, str, Names, str], Rows]] = {
    "A": lambda _, name, names, __: iter([dnslib.A(names.address(name, 4))]),
    "AAAA": lambda _, name, names, __: iter([dnslib.AAAA(names.address(name, 6))]),
    "TXT": lambda _, __, ___, text: _text(text) if text else iter(()),
    "MX": lambda label, *_: iter(
        [dnslib.MX(_below(label, b"mail"), 10), dnslib.MX(_below(label, b"mail2"), 20)]
    ),
    "NS": lambda label, *_: iter([dnslib.NS(_below(_zone(label), one)) for one in (b"ns1", b"ns2")]),
    "SOA": lambda label, *_: iter([_soa(label)]),
    "CNAME": lambda label, *_: iter([dnslib.CNAME(_below(label, b"origin"))]),
    "PTR": lambda _, name, names, __: _pointer(name, names),
    "SRV": lambda label, *_: iter([_service(label)]),
    "CAA": lambda *_: iter([dnslib.CAA(0, "issue", "ca.example")]),
}


def records(label: DNSLabel, name: str, kind: str, names: Names, text: str) -> Iterator[dnslib.RR]:
    """The records that answer a question; `label` is the name as it was asked, to be repeated exactly."""
    wanted = ("A", "AAAA", "MX", "NS", "TXT", "SOA", "CAA") if kind == "ANY" else (kind,)
    for one in wanted:
        for data in _ROWS.get(one, lambda *_: iter(()))(label, name, names, text):
            yield dnslib.RR(label, getattr(QTYPE, one), CLASS.IN, _TTL, data)
