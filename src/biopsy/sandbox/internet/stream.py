"""A TCP stream that is neither TLS nor HTTP nor DNS: everything is taken, something small is answered."""

import re

import msgspec

from biopsy.sandbox.internet import tag
from biopsy.sandbox.internet.orders import orders
from biopsy.sandbox.internet.record import shown
from biopsy.sandbox.internet.talk import ORDER, Speaker
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

PAUSE = 0.15
"""Seconds without a word after which the next order is given."""
WORDLESS = 1.5
"""Seconds after which who was greeted and has said nothing is no client of that service, and is tempted."""

_SHELL = re.compile(rb"job control|: (?:command )?not found|(?:^|\n)[^\n]{0,64}(?:[$#]|PS [^\n]{1,99}>) $")
"""What a shell says: that it has no terminal, that a greeting is no command, or only that it is ready."""


class _Tape:
    """What is said on one stream, for one record."""

    def __init__(self, wire: Wire, place: Place, world: World) -> None:
        self.wire, self.place, self.world = wire, place, world
        self.heard, self.told = bytearray(), bytearray()
        self.size, self.token = 0, ""
        self.ordered = False  # within a dialogue, which goes on
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

    def give(self, forms: list[str]) -> None:
        """Say later what whoever listens on a channel would run, in each of `forms`."""
        if forms and not self.token:
            self.token, self.ordered = self.world.tags.token(), True
            filled = (form.replace(ORDER, tag.shell(self.token)) for form in forms)
            self.left = [form.encode("latin-1", "replace") for form in filled]

    async def first(self) -> bytes:
        """The first bytes of one who was greeted; one who stays silent is tempted, and has none."""
        try:
            return await self.wire.read(WORDLESS)
        except TimeoutError:
            await self.tempt()
            return b""

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
        data = b""
        if silent and speaker:
            await tape.say(speaker.greeting)
            data = await tape.first()
        elif silent:
            await tape.tempt()
        while data := data or await tape.read():
            if speaker and ((tape.token and not tape.ordered) or (not tape.size and _SHELL.search(data))):
                speaker = None  # whoever this is speaks something else
            tape.hear(data)
            if speaker is None:
                if not tape.token:
                    await tape.tempt()
            else:
                await tape.say(speaker.hear(data))
                if speaker.secure or speaker.ended:
                    return speaker.secure
                tape.give(speaker.orders)
            data = b""
    except (TimeoutError, ConnectionError):
        pass
    finally:
        tape.record()
    return False
