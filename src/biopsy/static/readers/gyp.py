"""node-gyp build files: `<!(command)` is run while the build is configured, that is, at install."""

from collections.abc import Iterator

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.sight import Layer, Sight, Source

NAME = "gyp"
MAX_GYP = 1024**2
MAX_COMMANDS = 100

_EXPANSION = regex(r"<!@?\(")
_ACTION = regex(r"""['"]action['"]\s*:\s*\[(?P<words>[^\]]{1,4000})\]""")
_WORD = regex(r"""'([^'\n]*)'|"([^"\n]*)\"""")


def wants(source: Source) -> bool:
    """`binding.gyp` and what it may include."""
    return source.path.endswith((".gyp", ".gypi")) and not source.depth


def read(source: Source) -> Iterator[Sight]:
    """Yield the commands that configuring and building run."""
    text = source.text[:MAX_GYP]
    when = When.INSTALL if source.path == "binding.gyp" else source.when
    for count, match in enumerate(_EXPANSION.finditer(text)):
        if count >= MAX_COMMANDS:
            return
        yield from _command(source, _inside(text, match.end()), source.line_at(match.start()), when)
    for match in _ACTION.finditer(text):
        words = " ".join(a or b for a, b in _WORD.findall(match["words"]))
        yield from _command(source, words, source.line_at(match.start()), when)


def _inside(text: str, start: int) -> str:
    depth, at = 1, start
    while at < len(text) and at - start < 4000:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            break
        at += 1
    return text[start:at]


def _command(source: Source, command: str, line: int, when: When) -> Iterator[Sight]:
    command = command.replace('\\"', '"').replace("\\'", "'").strip()
    if not command:
        return
    yield source.see(Kind.PROCESS_EXEC, command, line, when)
    for kind, value in commands.read(command):
        yield source.see(kind, value, line, when)
    for language, code in commands.inline(command):
        yield Layer(code, language, line, when)
