"""What was said, shown to people."""

from typing import Final

from biopsy.model.behaviour import By
from biopsy.model.run import Exchange
from biopsy.sandbox.observe_files import excerpt
from biopsy.sandbox.observe_net import Net, Talk
from biopsy.sandbox.raw import Raw

MAX_SHOWN: Final = 1_000
"""Most exchanges that are shown of one run; those that say something come first."""


def exchanges(net: Net, raw: Raw) -> tuple[tuple[Exchange, ...], int]:
    """Show what was said to people; return it with how many there was no room for."""
    # The look-up by which our own bytes show that they ran is `code.remote`, and nobody's contact.
    every = [talk for talk in net.talks if not ((talk.node and talk.node.ours) or talk.said.ran)]
    talks = every
    if len(talks) > MAX_SHOWN:
        keep = sorted(talks, key=lambda t: (t.said.gateway, t.by is By.TOOL, t.said.protocol == "dns"))
        shown = {id(talk) for talk in keep[:MAX_SHOWN]}
        talks = [talk for talk in talks if id(talk) in shown]
    return tuple(_exchange(talk, raw) for talk in talks), len(every) - len(talks)


def _exchange(talk: Talk, raw: Raw) -> Exchange:
    said = talk.said
    head, _, _ = said.request.partition(b"\r\n\r\n")
    request = excerpt(head + b"\n\n" + said.body) if said.body else excerpt(said.request)
    return Exchange(
        raw.profile,
        talk.phase,
        said.protocol,
        talk.host,
        said.port,
        said.summary,
        "" if said.protocol == "dns" else request,
        "" if said.protocol == "dns" else excerpt(said.response[:2000]),
        said.sent,
        said.received,
        round(max(0, said.time_ns - raw.start_ns) / 1e9, 6),
        talk.node.id if talk.node else None,
        talk.by,
        said.gateway,
    )
