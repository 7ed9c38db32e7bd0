"""What every conversation needs: who is being talked to, and everything that a run's internet knows."""

import asyncio
import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from biopsy.sandbox.internet import dns, leads, names, parcel, presented, reply, tag, talk, variables, zone
from biopsy.sandbox.internet.gate import Gate
from biopsy.sandbox.internet.record import Recorder, now
from biopsy.sandbox.internet.spec import Spec
from biopsy.sandbox.raw import Said

if TYPE_CHECKING:
    from biopsy.sandbox.internet.authority import Authority

MAX_TURNS = 50_000
"""URLs whose repetitions are counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """The far end of a conversation, as the package sees it."""

    address: str
    port: int
    source_port: int
    name: str = ""  # that was looked up, or told in TLS, or in HTTP
    secure: bool = False
    start: int = field(default_factory=now)
    depth: int = 0  # how many proxies and TLS layers it took to come here

    @property
    def host(self) -> str:
        """The name, or else the address."""
        return self.name or self.address

    def inner(self, **changes: object) -> "Place":
        """The place that is spoken with inside of this conversation, from now on."""
        return replace(self, **({"start": now(), "depth": self.depth + 1} | changes))  # type: ignore[arg-type]

    def said(self, protocol: str) -> Said:
        """The beginning of a record of what was said here."""
        return Said(self.start, protocol, self.address, self.port, self.source_port, self.name)


class World:
    """A run's internet: its address book, its tags, its certificates, its answers and its record."""

    def __init__(self, spec: Spec) -> None:
        """Begin the world that `spec` describes; what is slow to load is loaded beside."""
        self.spec = spec
        self.bounds = spec.bounds
        self.names = names.Names(spec.seed, spec.bounds.names)
        self.tags = tag.Tags(spec.seed)
        self.leads = leads.Leads(spec.seed)
        self.recorder = Recorder(spec.folder, spec.bounds)
        self.gate = Gate(spec)
        self._turns: dict[str, int] = {}
        self._authority = asyncio.get_running_loop().run_in_executor(None, self._load)

    async def authority(self) -> "Authority":
        """Who makes certificates."""
        return await asyncio.shield(self._authority)

    def _load(self) -> "Authority":
        from biopsy.sandbox.internet.authority import Authority  # noqa: PLC0415 - takes 0.1 s

        return Authority(self.spec.folder)

    @functools.cached_property
    def replies(self) -> reply.Replies:
        """What HTTP is answered."""
        caller = self.names.address("caller.invalid", 4)
        made = variables.of(self.leads, self.spec.canaries, caller)
        wallet, makers = (
            presented.Wallet(self.spec.canaries),
            parcel.makers(self.spec.modules, self.spec.fields),
        )
        return reply.Replies(reply.load(), self.tags, made, wallet, makers)

    @functools.cached_property
    def texts(self) -> zone.Texts:
        """What TXT questions are answered."""
        return zone.Texts(zone.load(), self.tags, self.leads)

    @functools.cached_property
    def dialogues(self) -> talk.Dialogues:
        """What is spoken on ports where it is not HTTP."""
        return talk.load()

    def load(self) -> None:
        """Read what answers are made of, before the first is needed."""
        assert self.replies
        assert self.texts
        assert self.dialogues

    def resolve(self, place: Place, message: bytes, size: int | None = None) -> dns.Answer:
        """Answer a DNS message, and record it."""
        answer = dns.resolve(message, self.names, self.texts, size)
        self.recorder.add(
            msgspec.structs.replace(
                place.said("dns"),
                name=answer.name,
                summary=answer.summary,
                request=message,
                response=answer.wire,
                sent=len(message),
                received=len(answer.wire),
                status=answer.status,
                token=answer.token,
                ran=answer.ran,
                told=self.leads.giver(answer.name),
            )
        )
        return answer

    def turn(self, url: str) -> int:
        """How often `url` was asked before."""
        turn = self._turns.get(url, 0)
        if turn or len(self._turns) < MAX_TURNS:
            self._turns[url] = turn + 1
        return turn
