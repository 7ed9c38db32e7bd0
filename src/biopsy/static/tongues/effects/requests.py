"""Requests that are put together before they are sent."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, changed, const, taints
from biopsy.static.code.witness import Witness
from biopsy.static.tongues.effects.register import effect, placed, rest, signing

_VERBS = frozenset({"POST", "PUT", "PATCH", "DELETE", "GET"})


@effect("talk")
def _talk(run: Witness, call: Invocation, verb: str, path: str = "0", *payload: str) -> Value:
    """A request over such a connection."""
    host = ((call.receiver.fields or {}).get("") if call.receiver else None) or Value()
    where = placed(call, path)
    whole = where.text()
    if host.consts and not whole.startswith("http"):
        base = host.text() if host.text().startswith("http") else f"https://{host.text()}"
        where = Value((base.rstrip("/") + "/" + whole.lstrip("/"),), taint=where.taint | host.taint)
    given = [placed(call, p) for p in payload] if payload else rest(call, int(path) + 1)
    return run.request(verb, where, given, call.line)


@effect("prepared")
def _prepared(run: Witness, call: Invocation, verb: str, url: str = "0") -> Value:
    """A request that is sent later; what it is given until then goes with it."""
    where = placed(call, url)
    return Value(ref="prepared", fields={"": where, "verb": const(verb)}, taint=taints([where]))


@effect("prepare")
def _prepare(run: Witness, call: Invocation, verb: str, url: str, body: str) -> Value:
    """…with its verb and body."""
    where = placed(call, url)
    return Value(
        ref="prepared",
        fields={"": where, "verb": placed(call, verb)},
        taint=taints([where, placed(call, body)]),
    )


@effect("address")
def _address(run: Witness, call: Invocation) -> Value:
    """A prepared request is told where to."""
    held = call.receiver or Value()
    held.fields = {**(held.fields or {}), "": call.arg(0)}
    held.take(call.arg(0).all_taint())
    changed()
    return held


@effect("give")
def _give(run: Witness, call: Invocation) -> Value:
    """More is put into a request that is not sent yet, or that only its end sends."""
    held = call.receiver or Value()
    held.take(taints(rest(call)))
    if call.name.upper() in _VERBS and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "verb": const(call.name.upper())}
    if held.ref == "response":
        run.sent(rest(call), call.line)
    return held


@effect("transmit")
def _transmit(run: Witness, call: Invocation, at: str = "0") -> Value:
    """A prepared request is sent."""
    held = placed(call, at)
    fields = held.fields or {}
    url = fields.get("") or Value(taint=held.taint)
    return run.request(fields.get("verb", const("GET")).text() or "GET", url, [held, *rest(call)], call.line)


@effect("option")
def _option(run: Witness, call: Invocation, name: str = "1", value: str = "2") -> Value:
    """An option of a request that a later call sends (curl's way)."""
    held, what, given = call.arg(0), placed(call, name), placed(call, value)
    option = what.text() if what.consts else what.ref
    headers = "header" in option.lower() or (not what.consts and what.ref == "")
    held.take(signing(given) if headers else given.all_taint())
    if option.lower().endswith("_url") and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "": given}
        changed()
    elif "_post" in option.lower() and held.ref == "prepared":
        held.fields = {**(held.fields or {}), "verb": const("POST")}
        changed()
    if "readfunction" in option.lower() and given.func is not None:
        run.call(given, Invocation("", "", [], {}, call.line))
    return Value()
