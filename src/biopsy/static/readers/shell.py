"""Shell, PowerShell and batch scripts, and the lifecycle scripts of a package.json: their command lines."""

from collections.abc import Iterator

import msgspec

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static import commands, gathered
from biopsy.static.sight import Layer, Sight, Source

NAME = "shell"
_LANGUAGES = frozenset({"shell", "powershell"})  # the second is read by its table too
MAX_LINES = 3000
MAX_SCRIPT = 1024**2

_HOOKS = ("preinstall", "install", "postinstall", "preuninstall", "postuninstall")
_WORTH = regex(
    r"(?i)\b(?:curl|wget|nc|ncat|base64|eval|python[\d.]*|node|perl|ruby|php|powershell|iwr|irm|iex|certutil|bitsadmin|crontab"
    r"|systemctl|launchctl|schtasks|chmod|sudo|rm|ssh|scp|npm|pip|bash|sh|nohup|setsid|reg|rundll32|mshta|osascript)\b|/dev/tcp/"
)


class _Manifest(msgspec.Struct):
    scripts: dict[str, object] = {}


def wants(source: Source) -> bool:
    """Scripts, and the package.json at the top."""
    return source.language in _LANGUAGES or (source.path == "package.json" and not source.depth)


def read(source: Source) -> Iterator[Sight]:
    """Yield what the commands do."""
    if source.language not in _LANGUAGES:
        yield from _manifest(source)
        return
    text = source.text[:MAX_SCRIPT]
    for count, (line, command) in enumerate(commands.lines(text)):
        if count >= MAX_LINES:
            break
        if _WORTH.search(command):
            yield from _command(source, command, line, source.when)
    for line, path in gathered.uploads(text) if source.language == "shell" else ():
        yield source.see(Kind.CODE_FLOW, f"file:{path} > network", line)
    for kind, value in commands.read(text[: commands.MAX_COMMAND]):
        if kind is Kind.CODE_FLOW and "\n" in text:
            yield source.see(kind, value)


def _manifest(source: Source) -> Iterator[Sight]:
    try:
        manifest = msgspec.json.decode(source.data, type=_Manifest)
    except (msgspec.DecodeError, RecursionError):
        return
    for name in _HOOKS:
        command = manifest.scripts.get(name)
        if isinstance(command, str) and command.strip():
            at = source.text.find(f'"{name}"')
            yield from _command(source, command, source.line_at(at) if at >= 0 else 0, When.INSTALL)


def _command(source: Source, command: str, line: int, when: When) -> Iterator[Sight]:
    yield source.see(Kind.PROCESS_EXEC, command[: commands.MAX_COMMAND], line, when)
    for kind, value in commands.read(command):
        yield source.see(kind, value, line, when)
    for language, code in commands.inline(command):
        yield Layer(code, language, line, when)
