"""Configuration of editors and agents that a package carries: commands that run when its folder is opened."""

import re
from collections.abc import Iterator

import msgspec

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.sight import Sight, Source

NAME = "tasks"
MAX_CONFIG = 1024**2
MAX_NODES = 20_000

_FILES = regex(
    r"(?:^|/)(?:\.claude/settings(?:\.local)?\.json|\.vscode/tasks\.json|\.cursor/(?:mcp|hooks)\.json|\.mcp\.json"
    r"|\.gemini/settings\.json|\.devcontainer/devcontainer\.json|\.devcontainer\.json|\.codex/config\.json)$"
)
_COMMENT = regex(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
_KEYS = frozenset(
    {"command", "postCreateCommand", "onCreateCommand", "initializeCommand", "postStartCommand"}
)


def wants(source: Source) -> bool:
    """The files that editors and agents act on."""
    return bool(_FILES.search(source.path)) and not source.depth


def read(source: Source) -> Iterator[Sight]:
    """Yield the commands they start by themselves."""
    text = _COMMENT.sub(lambda m: m[1] or "", source.text[:MAX_CONFIG])
    try:
        config = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} JSON")
        return
    if source.path.endswith("tasks.json") and "folderOpen" not in text:
        return
    waiting, count = [config], 0
    while waiting and count < MAX_NODES:
        count += 1
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in _KEYS and isinstance(value, str):
                    words = [value, *(a for a in node.get("args") or [] if isinstance(a, str))]
                    yield from _command(source, " ".join(words), text)
                elif isinstance(value, dict | list):
                    waiting.append(value)


def _command(source: Source, command: str, text: str) -> Iterator[Sight]:
    at = text.find(command[:40])
    line = source.line_at(at) if at >= 0 else 0
    yield source.see(Kind.PKG_HOOK, f"{source.path} {command}", line)
    for kind, value in commands.read(command):
        yield source.see(kind, value, line)
