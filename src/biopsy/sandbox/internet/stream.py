"""A TCP stream that is neither TLS nor HTTP nor DNS: everything is taken, something small is answered."""

import msgspec

from biopsy.sandbox.internet.orders import orders
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.talk import Speaker
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

PAUSE = 0.15
"""Seconds without a word after which the next order is given."""


class _Tape:
    """What is said on one stream, for one record."""

    def __init__(self, wire: Wire, place: Place, world: World) -> None:
        self.wire, self.place, self.world = wire, place, world
        self.heard, self.told = bytearray(), bytearray()
        self.size, self.token = 0, ""
        self.left: list[bytes] = []  # that will be said yet

    def hear(self, data: bytes) -> None:
        self.size += len(data)
        self.heard += data[: max(self.wire.bounds.request - len(self.heard), 0)]

    async def say(self, data: bytes) -> None:
        if data:
            self.told += data[: max(self.wire.bounds.response - len(self.told), 0)]
            await self.wire.write(data)

    async def tempt(self) -> None:
        """Say what a shell or an interpreter at the other end would run."""
        self.token = self.world.tags.token()
        first, *self.left = orders(self.token, bytes(self.heard))
        await self.say(first)

    async def read(self) -> bytes:
        """The next bytes; who takes orders line by line gets such, one after each silence."""
        while self.left:
            try:
                return await self.wire.read(PAUSE)
            except TimeoutError:
                await self.say(self.left.pop(0))
        return await self.wire.read()

    def record(self) -> None:
        said = self.place.said("tcp")
        self.world.recorder.add(
            msgspec.structs.replace(
                said,
                summary=shown(bytes(self.heard)) or "said nothing",
                request=bytes(self.heard),
                response=bytes(self.told),
                sent=self.size,
                received=len(self.told),
                token=self.token,
            )
        )


async def serve(wire: Wire, place: Place, world: World, *, silent: bool) -> bool:
    """Take everything until the connection ends; True if it is to go on in TLS (`STARTTLS`)."""
    dialogue = world.dialogues.on(place.port)
    speaker = Speaker(dialogue, place.host, place.address) if dialogue else None
    tape = _Tape(wire, place, world)
    try:
        if silent and speaker:
            await tape.say(speaker.greeting)
        elif silent:
            await tape.tempt()
        while data := await tape.read():
            tape.hear(data)
            if speaker is None:
                if not tape.token:
                    await tape.tempt()
                continue
            await tape.say(speaker.hear(data))
            if speaker.secure or speaker.ended:
                return speaker.secure
    except (TimeoutError, ConnectionError):
        pass
    finally:
        tape.record()
    return False
