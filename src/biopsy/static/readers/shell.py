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


MAX_SCRIPTS = 50
_TOP = "package.json"
_RUNNER = regex(r"\b(?:npm|yarn|pnpm|bun)\b")
_WORDS = regex(r"[\s;&|()<>\"'`=]+")


class _Manifest(msgspec.Struct):
    name: str = ""
    scripts: dict[str, object] = {}


def wants(source: Source) -> bool:
    """Scripts, and each package.json but those of installed packages."""
    manifest = source.path == _TOP or (
        source.path.endswith(f"/{_TOP}") and "node_modules/" not in source.path
    )
    return source.language in _LANGUAGES or (manifest and not source.depth)


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
    for name in _run(source, manifest):
        command = manifest.scripts.get(name)
        if isinstance(command, str) and command.strip():
            at = source.text.find(f'"{name}"')
            yield from _command(source, command, source.line_at(at) if at >= 0 else 0, When.INSTALL)


def _run(source: Source, manifest: _Manifest) -> list[str]:
    """Scripts that run at install: npm's hooks, what these have npm run, and of a bundled package the like.

    Which script of a bundled package is asked for is told by the words of the hooks at the top.
    """
    top = source.package.load(_TOP) if source.path != _TOP else source.data
    try:
        first = msgspec.json.decode(top or b"{}", type=_Manifest)
    except (msgspec.DecodeError, RecursionError):
        return []
    names = list(_HOOKS)
    for count, name in enumerate(names):
        command = first.scripts.get(name)
        if count < MAX_SCRIPTS and isinstance(command, str) and _RUNNER.search(command):
            words = set(_WORDS.split(command[: commands.MAX_COMMAND]))
            names += [word for word in first.scripts if word in words and word not in names]
    if source.path == _TOP:
        return names
    hooks = " ".join(str(first.scripts.get(name, "")) for name in names[:MAX_SCRIPTS])
    words = set(_WORDS.split(hooks[: commands.MAX_COMMAND]))
    folder, given = source.path.rpartition("/")[0], {manifest.name, "-r", "--workspaces", "--ws"} - {""}
    if not _RUNNER.search(hooks) or not ({folder, f"./{folder}"} | given) & words:
        return []
    return [name for name in manifest.scripts if name in words]


def _command(source: Source, command: str, line: int, when: When) -> Iterator[Sight]:
    yield source.see(Kind.PROCESS_EXEC, command[: commands.MAX_COMMAND], line, when)
    for kind, value in commands.read(command):
        yield source.see(kind, value, line, when)
    for language, code in commands.inline(command):
        yield Layer(code, language, line, when)
