"""`python -m biopsy.sandbox.internet SPEC.json`: see the package's docstring."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from biopsy.errors import BiopsyError
from biopsy.sandbox.internet import datagram, echo, network, reception
from biopsy.sandbox.internet import spec as specs
from biopsy.sandbox.internet.world import World

GOODBYE = 1.5
"""Seconds in which everything that is open is recorded at the end."""
MAX_LINE = 4096
"""Longest line taken from standard input, in bytes."""


async def _run(spec: specs.Spec) -> None:
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    world = World(spec)
    await asyncio.to_thread(network.prepare, spec)
    hall = reception.Hall(world)
    for family in (socket.AF_INET, *((socket.AF_INET6,) if spec.peer6 else ())):
        hall.attend(network.listen(family))
        datagram.attend(network.receive(family, spec.interface), world)
        echo.attend(network.echoes(family), world)
    _obey(world, over)
    world.load()
    print("ready", flush=True)
    await over.wait()
    await hall.close(GOODBYE)
    world.recorder.close()


def _obey(world: World, over: asyncio.Event) -> None:
    """Take what the cell says on standard input; its end is the end."""
    held = bytearray()

    def hear() -> None:
        data = os.read(0, MAX_LINE)
        held.extend(data)
        if not data or len(held) > 16 * MAX_LINE:
            over.set()
            asyncio.get_running_loop().remove_reader(0)
        while b"\n" in held:
            line, _, rest = bytes(held).partition(b"\n")
            held[:] = rest
            words = line.decode("utf-8", "replace").split()
            if words[:1] == ["phase"]:
                world.gate.open = words[2:] == ["gateway"]
            print(line.decode("utf-8", "replace"), flush=True)

    with contextlib.suppress(OSError):  # a file or nothing at all: only a signal ends us
        asyncio.get_running_loop().add_reader(0, hear)


def main() -> int:
    """Run until told to end; 0, or 1 with a line on standard error."""
    try:
        spec = specs.read(Path(sys.argv[1]))
        network.confine(spec.interface)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        asyncio.run(_run(spec))
    except (BiopsyError, OSError, IndexError) as err:
        print(f"internet: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # everything is recorded; taking the interpreter apart costs each run a tenth of a second
