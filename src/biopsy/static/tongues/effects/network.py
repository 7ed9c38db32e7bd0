"""Connections, look-ups and simple requests."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Kind
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, Value, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues.effects.register import NETWORK, effect, named_verb, placed, rest, unsigned


@effect("request")
def _request(run: Witness, call: Invocation, verb: str = "GET", url: str = "0", *payload: str) -> Value:
    """A request; what else is given goes with it where the table does not say what does."""
    given = (
        [placed(call, p) for p in payload] if payload else rest(call, int(url) + 1 if url.isdigit() else 0)
    )
    address = placed(call, url)
    if verb.isdigit():
        verb = placed(call, verb).text().upper() if placed(call, verb).consts else "GET"
    if address.fields and not address.consts:
        address = unknown(address)
    if verb == "GET":
        verb = named_verb(given)
    return run.request(verb, address, unsigned(given), call.line)


@effect("client")
def _client(run: Witness, call: Invocation, host: str = "0", port: str = "1") -> Value:
    """A connection over which requests are made."""
    held = placed(call, host)
    if held.consts and not held.text().startswith("http"):
        run.connect(held, placed(call, port), call.line)
    return Value(ref="http", fields={"": held}, taint=CLEAN)


@effect("lookup")
def _lookup(run: Witness, call: Invocation, at: str = "0", form: str = "") -> Value:
    return run.lookup(placed(call, at), call.line, form)


@effect("listen")
def _listen(run: Witness, call: Invocation) -> Value:
    words = [v.text() for v in call.args[:2] if v.consts]
    run.see(Kind.NET_LISTEN, ":".join(words) or "?", call.line)
    return Value(ref="socket", taint=NETWORK)


@effect("connect")
def _connect(run: Witness, call: Invocation, host: str = "0", port: str = "1") -> Value:
    """A socket to somewhere; `host:port` may be one text."""
    held, number = placed(call, host), placed(call, port)
    if held.items and len(held.items) == 2:
        held, number = held.items
    whole = held.text().split("://")[-1] if held.consts else ""
    if ":" in whole and not number.consts and not whole.startswith("["):
        name, _, end = whole.rpartition(":")
        held, number = const(name, held.taint), const(end)
    run.connect(held, number, call.line)
    return Value(ref="socket", taint=NETWORK)


@effect("connect_as")
def _connect_as(run: Witness, call: Invocation, at: str) -> Value:
    """…where what sort of connection it is comes first."""
    return _connect(run, call, at, "-")


@effect("connect_socket")
def _connect_socket(run: Witness, call: Invocation) -> Value:
    """A socket that was made before is connected."""
    made = _connect(run, call)
    if call.receiver is not None:
        call.receiver.ref = "socket"
    return made


@effect("udp")
def _udp(run: Witness, call: Invocation) -> Value:
    return Value(ref="socket", taint=NETWORK)


@effect("send")
def _send(run: Witness, call: Invocation, start: str = "0") -> Value:
    run.sent(rest(call, int(start)), call.line)
    return Value()
