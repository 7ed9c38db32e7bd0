"""Be the agent that a server of tools waits for: start it, ask what it offers, and use every tool once.

    python3 -I tools.py [--budget SECONDS] COMMAND [ARGUMENT...]

Speaks the Model Context Protocol (revision 2025-06-18) over the server's standard streams, a JSON text a line.
Exits 0 where somebody answered and was asked for its tools, 65 where nobody did.
"""

import json
import os
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pymade

MOST = 20  # tools that are used, and resources and prompts that are asked for
MAX_LINE = 4 * 1024**2
ANSWER = 3.0  # seconds for one answer
LINGER = 3.0  # seconds after the last one, if it goes on so long


class Server:
    """A command that is spoken to."""

    def __init__(self, command, end):
        """Start it."""
        self.end, self.number, self.held = end, 0, b""
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def say(self, **message):
        """Write a line."""
        self.child.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.child.stdin.flush()

    def ask(self, method, **params):
        """Ask, and give the result; None where there is none."""
        self.number += 1
        try:
            self.say(id=self.number, method=method, params=params)
        except OSError:
            return None
        until = min(self.end, time.monotonic() + ANSWER)
        for line in self.lines(until):
            try:
                answer = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(answer, dict) and answer.get("id") == self.number and "method" not in answer:
                return answer.get("result", {})
            if isinstance(answer, dict) and "method" in answer and "id" in answer:
                self.say(id=answer["id"], result={"roots": [], "action": "accept", "content": {}})
        return None

    def lines(self, until):
        """Yield the lines that come in time."""
        while True:
            line, found, rest = self.held.partition(b"\n")
            if found:
                self.held = rest
                yield line
                continue
            left = until - time.monotonic()
            if left <= 0 or len(self.held) > MAX_LINE:
                return
            if not select.select([self.child.stdout], [], [], left)[0]:
                return
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                return
            self.held += data

    def close(self):
        """Let it go on for a moment, as an agent would, then end it."""
        try:
            self.child.wait(max(0.0, min(LINGER, self.end - time.monotonic())))
        except subprocess.TimeoutExpired:
            self.child.kill()


def made(schema, name="", depth=0):
    """Make a value that a JSON Schema asks for."""
    if not isinstance(schema, dict) or depth > 4:
        return pymade.WORDS
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or "properties" in schema:
        parts = schema.get("properties")
        parts = parts if isinstance(parts, dict) else {}
        return {key: made(part, key, depth + 1) for key, part in list(parts.items())[:MOST]}
    if kind == "array":
        return [made(schema.get("items", {}), name, depth + 1)]
    if kind in ("integer", "number"):
        return max(1, schema["minimum"]) if isinstance(schema.get("minimum"), (int, float)) else 1
    if kind == "boolean":
        return True
    given = pymade.by_name(name)
    return given if isinstance(given, str) else pymade.WORDS


def listed(server, what, key):
    """Give what a server lists."""
    found = server.ask(f"{what}/list")
    found = found.get(key) if isinstance(found, dict) else None
    return [one for one in found if isinstance(one, dict)][:MOST] if isinstance(found, list) else []


def use(server):
    """Do what an agent does; say whether anybody answered."""
    hello = server.ask(
        "initialize",
        protocolVersion="2025-06-18",
        capabilities={"roots": {"listChanged": True}, "sampling": {}, "elicitation": {}},
        clientInfo={"name": "desktop", "version": "1.4.2"},
    )
    if hello is None:
        return False
    server.say(method="notifications/initialized")
    offered = hello.get("capabilities") if isinstance(hello, dict) else None
    offered = offered if isinstance(offered, dict) else {}
    for tool in listed(server, "tools", "tools"):
        arguments = made({"type": "object", **(tool.get("inputSchema") or {})})
        server.ask("tools/call", name=str(tool.get("name")), arguments=arguments)
    for one in listed(server, "resources", "resources") if "resources" in offered else ():
        server.ask("resources/read", uri=str(one.get("uri")))
    for one in listed(server, "prompts", "prompts") if "prompts" in offered else ():
        wanted = one.get("arguments") if isinstance(one.get("arguments"), list) else []
        names = [str(part.get("name")) for part in wanted if isinstance(part, dict)]
        server.ask(
            "prompts/get", name=str(one.get("name")), arguments={name: made({}, name) for name in names}
        )
    return True


def main():
    """Read the command, use its tools."""
    command, budget = sys.argv[1:], 8.0
    if command[:1] == ["--budget"]:
        budget, command = float(command[1]), command[2:]
    end = time.monotonic() + budget
    try:
        server = Server(command, end)
    except OSError:
        sys.exit(65)
    answered = False
    try:
        answered = use(server)
    except OSError:
        pass
    finally:
        server.close()
    sys.exit(0 if answered else 65)


if __name__ == "__main__":
    main()
