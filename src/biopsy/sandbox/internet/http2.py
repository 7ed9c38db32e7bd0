"""HTTP/2 (RFC 9113): answers the requests of a connection side by side and records each.

The library `h2` reads and writes frames. What is recorded reads like HTTP/1: a line, the headers, the body.
In frames, headers are compressed, so that nothing a package says could be looked for in them.
"""

import asyncio
import contextlib

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import msgspec

from biopsy.sandbox.internet.answering import Exchange, Headers, answer, begun
from biopsy.sandbox.internet.hearing import Heard, joined
from biopsy.sandbox.internet.record import now, shown
from biopsy.sandbox.internet.wire import Wire
from biopsy.sandbox.internet.world import Place, World

SILENCE = 1.0
"""Seconds after which a request that goes on is answered: its client may be waiting for that."""
MAX_STREAMS = 2_000
"""Requests of one connection."""
MAX_EVENTS = 200_000
"""Frames of one connection that mean something."""
KEPT = 64 * 1024
"""Bytes kept of a connection that held no request."""

_AT_ONCE = 100  # requests that may be open
_WINDOW = 1024**2  # bytes of a body that may be on their way
_MUST_NOT = frozenset({"connection", "upgrade", "keep-alive", "transfer-encoding", "proxy-connection"})


async def serve(wire: Wire, place: Place, world: World) -> None:
    """Answer requests until the connection ends, in whatever way."""
    talk = _Conversation(wire, place, world)
    try:
        await talk.run()
    finally:
        await talk.close()


class _Conversation:
    """One connection: what is being heard, by stream, and who is answering."""

    def __init__(self, wire: Wire, place: Place, world: World) -> None:
        config = h2.config.H2Configuration(
            client_side=False, header_encoding=False, validate_inbound_headers=False
        )
        self.wire, self.place, self.world = wire, place, world
        self.connection = h2.connection.H2Connection(config)
        self.connection.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: _AT_ONCE,
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: world.bounds.head,
            },
        )
        self.room = asyncio.Event()  # set whenever a window may have grown
        self._heard: dict[int, Heard] = {}  # not answered yet
        self._answering: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._raw = bytearray()
        self._count = self._events = 0

    async def run(self) -> None:
        """Take frames and have requests answered."""
        self.connection.initiate_connection()
        self.connection.increment_flow_control_window(_WINDOW)
        await self.flush()
        while self._count < MAX_STREAMS and self._events < MAX_EVENTS:
            try:
                data = await self.wire.read(SILENCE if self._heard else None)
            except TimeoutError:
                if not self._heard:
                    return
                for stream in tuple(self._heard):
                    self._answer(stream)
                continue
            if not data or not self._take(data):
                return
            await self.flush()

    def _take(self, data: bytes) -> bool:
        """Read frames; say whether more can be read."""
        self._raw += data[: max(KEPT - len(self._raw), 0)]
        try:
            events = self.connection.receive_data(data)
        except (h2.exceptions.H2Error, ValueError, IndexError) as err:  # the last two: hpack, over noise
            for heard in self._heard.values():
                heard.wrong = f"not HTTP/2: {err}"[:200]
            return False
        self._events += len(events)
        for event in events:
            self._event(event)
        return not any(isinstance(event, h2.events.ConnectionTerminated) for event in events)

    def _event(self, event: h2.events.Event) -> None:
        stream = getattr(event, "stream_id", None) or 0
        match event:
            case h2.events.RequestReceived(headers=headers):
                self._count += 1
                self._heard[stream] = _heard([(bytes(name), bytes(value)) for name, value in headers or ()])
            case h2.events.DataReceived(data=data, flow_controlled_length=size):
                self._body(stream, data or b"")
                with contextlib.suppress(h2.exceptions.H2Error):  # the stream may be over
                    self.connection.acknowledge_received_data(size or 0, stream)
            case h2.events.TrailersReceived(headers=headers):
                lines = (bytes(name) + b": " + bytes(value) + b"\r\n" for name, value in headers or ())
                self._body(stream, b"".join(lines))
            case h2.events.StreamEnded():
                self._answer(stream)
            case h2.events.StreamReset() if stream in self._heard:
                self._unanswered(self._heard.pop(stream), "reset")
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged() | h2.events.StreamReset():
                self.room.set()

    def _body(self, stream: int, data: bytes) -> None:
        heard, most = self._heard.get(stream), self.world.bounds.request
        if heard is None:  # it goes on although it was answered
            heard = self._heard[stream] = Heard(now(), wrong="goes on after its answer")
        heard.size += len(data)
        heard.raw += data[: max(most - len(heard.raw), 0)]
        heard.body += data[: max(most - len(heard.body), 0)]

    def _answer(self, stream: int) -> None:
        heard = self._heard.pop(stream, None)
        if heard is None:
            return
        if not heard.method:
            self._unanswered(heard, "")
            return
        task = asyncio.get_running_loop().create_task(self._answered(stream, heard))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answered(self, stream: int, heard: Heard) -> None:
        exchange = _Exchange(self, stream, heard)
        try:
            await answer(exchange, self.world)
        except (OSError, EOFError, h2.exceptions.H2Error) as err:
            exchange.note(summary=f"{heard.summary} (unanswered: {type(err).__name__})")
        finally:
            self.world.recorder.add(exchange.said)

    def _unanswered(self, heard: Heard, why: str) -> None:
        heard.wrong = heard.wrong or why
        said = begun(self.place, heard, self.world)
        if not heard.method:
            said = msgspec.structs.replace(said, protocol="tcp", summary=heard.summary)
        self.world.recorder.add(said)

    async def flush(self) -> None:
        """Send what is to be sent."""
        async with self._sending:
            if data := self.connection.data_to_send():
                await self.wire.write(data)

    async def close(self) -> None:
        """Record all that has not been, and see who answers out."""
        for heard in self._heard.values():
            self._unanswered(heard, "unfinished")
        if not self._count:
            raw = bytes(self._raw)
            said = msgspec.structs.replace(
                self.place.said("tcp"),
                summary=f"HTTP/2 without a request: {shown(raw)}",
                request=raw,
                sent=len(raw),
            )
            self.world.recorder.add(said)
        for task in self._answering:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._answering, return_exceptions=True)


class _Exchange(Exchange):
    """A request of HTTP/2, and its answer."""

    def __init__(self, talk: _Conversation, stream: int, heard: Heard) -> None:
        super().__init__(talk.place, heard, talk.world)
        self._talk, self._stream = talk, stream

    async def begin(self, status: int, headers: Headers) -> None:
        status = 200 if status == 101 else status  # nothing is upgraded here
        sent = [(name.lower(), value) for name, value in headers if name.lower() not in _MUST_NOT]
        self._talk.connection.send_headers(self._stream, [(":status", str(status)), *sent])
        text = "\r\n".join((f"HTTP/2 {status}", *(f"{name}: {value}" for name, value in sent), "", ""))
        self.kept(text.encode("latin-1", "replace"), len(text))
        await self._talk.flush()

    async def part(self, data: bytes) -> None:
        connection = self._talk.connection
        self.kept(data, len(data))
        while data:
            most = min(
                connection.local_flow_control_window(self._stream),
                connection.max_outbound_frame_size,
                len(data),
            )
            if most <= 0:
                self._talk.room.clear()
                async with asyncio.timeout(self._talk.world.bounds.idle):
                    await self._talk.room.wait()
                continue
            connection.send_data(self._stream, data[:most])
            data = data[most:]
            await self._talk.flush()

    async def finish(self) -> None:
        self._talk.connection.end_stream(self._stream)
        await self._talk.flush()


def _heard(headers: list[tuple[bytes, bytes]]) -> Heard:
    """A request as far as its headers go."""
    fields = joined((name.lower(), value) for name, value in headers)
    method, path = fields.pop(":method", ""), fields.pop(":path", "")
    authority = fields.pop(":authority", "")
    if authority:
        fields = {"host": authority} | fields
    target = path or authority
    lines = [f"{method} {target} HTTP/2", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    raw = bytearray("\r\n".join(lines).encode("latin-1", "replace"))
    return Heard(now(), method or "?", target, fields, raw, size=len(raw))
