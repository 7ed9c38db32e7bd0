"""Canaries that left, told: to whom, in which form, by which process and in which phase."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.sandbox import leak, observe_net
from biopsy.sandbox.observe_ledger import Draft
from biopsy.sandbox.observe_net import Net
from biopsy.sandbox.raw import Raw


def told(raw: Raw, net: Net) -> tuple[list[Draft], bool]:
    """Tell every canary that left, and whether all that was said was searched.

    What a host handed out in this run, and it or a neighbour of its domain is told, is no leak.
    """
    phases = [talk.phase for talk in net.talks]
    leaks, searched = leak.find(raw.canaries, [talk.said for talk in net.talks], phases)
    served = {one.name: one.secret.encode() for one in raw.canaries if not one.path and not one.env}
    left = [one for one in leaks if not (one.name in served and _returned(net, one, served[one.name]))]
    return list(_drafts(net, left)), searched


def _returned(net: Net, one: leak.Leak, secret: bytes) -> bool:
    owner = _owner(net.talks[one.said].host)
    return any(secret in talk.said.response and _owner(talk.host) == owner for talk in net.talks[: one.said])


def _owner(host: str) -> str:
    """Give the part of a name that somebody registers: uploads go to a neighbour of who gave the token."""
    return host if host.replace(".", "").isdigit() or ":" in host else ".".join(host.split(".")[-2:])


def _drafts(net: Net, leaks: list[leak.Leak]) -> Iterator[Draft]:
    for one in leaks:
        talk = net.talks[one.said]
        node, said = talk.node, talk.said
        owner = node.owner if node else ""
        value = f"{one.name} > {observe_net.place(talk.host, said.port)} as {one.form}"
        detail = f"{one.found} of {one.whole} characters; {said.protocol} {said.summary[:300]}"
        yield Draft(said.time_ns, Kind.CANARY_LEAK, value, talk.phase, node, talk.by, owner, detail, 4)
