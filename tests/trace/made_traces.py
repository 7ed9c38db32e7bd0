"""Traces made by hand, for what no program can be made to do on demand; and a machine for them to be of."""

import struct
from pathlib import Path
from typing import Any

import msgspec

from biopsy.model.run import Status
from biopsy.sandbox.raw import Canary, Changed, Ran, Raw, Said, Subject
from biopsy.sandbox.trace_wire import MESSAGES, NUMBERS

TYPES = {name: number for number, name in reversed(NUMBERS.items())}
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
HOME = "/home/ada"
PROJECT = "/home/ada/projects/storefront"
SUBJECT = Subject("pypi", "thing", "1.0", "thing-1.0.tar.gz")
NPM = Subject("npm", "thing", "1.0", "thing-1.0.tgz")
TOKEN = Canary("npm-token", "npm_Zk3Qx9LrT2vBn7WcYd5Hs8JmPf4Ga1Eu6Ri", f"{HOME}/.npmrc")
SECRET = Canary("aws-secret", "wJ8rXUtnFEMIsK7MDENGbPxRfiCYk3Q9zTq5LmHv", f"{HOME}/.aws/credentials")


def framed(record: bytes) -> bytes:
    return struct.pack("<I", len(record)) + record


def record(kind: str, *, number: int | None = None, dropped: int = 0, **fields: Any) -> bytes:
    body = MESSAGES[kind](**fields).SerializeToString()
    return framed(struct.pack("<HHI", 8, number or TYPES[kind], dropped) + body)


class Story:
    """What processes do, one thing after the other, a millisecond apart."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.now = START
        self.fds: dict[int, int] = {}

    def who(self, pid: int, thread: int = 0) -> dict[str, Any]:
        self.now += 1_000_000
        return {"context": {"time": self.now, "thread": thread or pid, "process": pid}}

    def add(self, kind: str, pid: int, thread: int = 0, **fields: Any) -> "Story":
        self.records.append(record(kind, **self.who(pid, thread), **fields))
        return self

    def raw(self, pid: int, call: int, *args: int, thread: int = 0, **more: Any) -> "Story":
        names = dict(zip("abcde", args, strict=False))
        message = MESSAGES["Raw"](**self.who(pid, thread), number=call, **names, **more)
        self.records.append(framed(struct.pack("<HHI", 8, TYPES["Raw"], 0) + message.SerializeToString()))
        return self

    def clone(self, parent: int, child: int) -> "Story":
        return self.add("Clone", parent, child_thread=child, child_process=child)

    def exec(
        self, pid: int, *argv: str | bytes, binary: str = "", env: tuple[str, ...] = (), cwd: str = ""
    ) -> "Story":
        raw = [arg.encode() if isinstance(arg, str) else arg for arg in argv]
        if cwd:
            self.add("Chdir", pid, path=cwd.encode(), exit={})
        self.raw(pid, 59)
        path = binary or f"/usr/bin/{argv[0]!s}"
        self.add("Exec", pid, binary=path.encode(), argv=raw, env=[one.encode() for one in env])
        return self.add("Try", pid, path=path.encode(), argv=raw, exit={})

    def spawn(self, parent: int, child: int, *argv: str | bytes, **more: Any) -> "Story":
        return self.clone(parent, child).exec(child, *argv, **more)

    def open(
        self,
        pid: int,
        path: str | bytes,
        flags: int = 0,
        *,
        error: int = 0,
        real: str | bytes = "",
        folder: str = "",
    ) -> "Story":
        name = path.encode() if isinstance(path, str) else path
        true = real.encode() if isinstance(real, str) else real
        self.raw(pid, 257)
        if error:
            return self.add(
                "Open", pid, path=name, flags=flags, folder=folder.encode(), exit={"error": error}
            )
        self.add("Open", pid, path=name, flags=flags, folder=folder.encode(), exit={"result": 3})
        return self.add("Close", pid, fd=3, path=true or name)

    def write(self, pid: int, path: str, **more: Any) -> "Story":
        return self.open(pid, path, flags=0o1101, **more)

    def connect(self, pid: int, host: str, port: int) -> "Story":
        packed = struct.pack("<H", 2) + struct.pack(">H", port) + bytes(map(int, host.split("."))) + bytes(8)
        return self.add("Connect", pid, address=packed)

    def local(self, pid: int, path: str) -> "Story":
        return self.add("Connect", pid, address=struct.pack("<H", 1) + path.encode() + b"\0")

    def exit(self, pid: int, status: int = 0) -> "Story":
        self.records.append(record("End", number=5, **self.who(pid), status=status))
        self.records.append(record("End", number=4, **self.who(pid), status=status))
        return self

    def told(
        self,
        folder: Path,
        *phases: tuple[str, int],
        said: tuple[Said, ...] = (),
        changes: tuple[Changed, ...] = (),
        **more: Any,
    ) -> Raw:
        """Leave this story behind as a cell would; `phases` are names with their first processes."""
        trace, words = folder / "trace.bin", folder / "said.jsonl"
        trace.write_bytes(b"".join(self.records))
        words.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in said))
        phases = phases or (("install", 2),)
        ran = tuple(
            Ran(name, Status.COMPLETED, "", START, self.now, pid, 0, b'{"phase": "completed"}\n')
            for name, pid in phases
        )
        known: dict[str, Any] = {
            "profile": "laptop", "start_ns": START, "end_ns": self.now, "home": HOME, "project": PROJECT, "uid": 1000,
            "hostname": "ada-framework", "trace": trace, "said": words, "ran": ran, "changes": changes,
            "canaries": (TOKEN, SECRET),
        }  # fmt: skip
        return Raw(**(known | more))


def install(story: Story | None = None) -> Story:
    """Begin a story: the container's first process, a driver (2), pip (3) that builds the package (4)."""
    story = story or Story()
    story.add("Start", 1, argv=[b"/sbin/init"], cwd=b"/")
    story.raw(2, 35)
    story.spawn(
        2, 3, "python3", "-m", "pip", "install", "/tmp/thing-1.0.tar.gz", binary="/usr/bin/python3.11"
    )
    builder = "/usr/lib/python3/dist-packages/pip/_vendor/pyproject_hooks/_in_process/_in_process.py"
    return story.spawn(
        3,
        4,
        "python3",
        builder,
        "build_wheel",
        "/tmp/tmpabcdefgh",
        binary="/usr/bin/python3.11",
        cwd="/tmp/pip-req-build-1a2b3c4d",
    )
