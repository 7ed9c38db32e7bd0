"""What a process does with what it is given on its standard input, told by how it was started."""

from typing import TYPE_CHECKING

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.code.value import HOLE, Value

if TYPE_CHECKING:
    from biopsy.static.code.witness import Witness

_INTERPRETERS = (
    ("python", regex(r"(?:\S*/)?(?:python[\d.]*|pypy3?)(?: -[uBsSEI]+)*(?: -)?")),
    ("javascript", regex(r"(?:\S*/)?(?:node|bun|deno)(?: (?:-|--input-type=\w+|run -))*")),
    ("shell", regex(r"(?:\S*/)?(?:ba|da|z|k|a)?sh(?: -(?:s|i|l|il|li|e|es|))?")),
    (
        "powershell",
        regex(
            r"(?i)(?:\S*[/\\])?(?:powershell|pwsh)(?:\.exe)?(?: -(?!c|f|e(?!x|p))\w+(?: (?!-)\S+)?)*"
            r"(?: -(?:c\w*|f\w*) -| -)?"
        ),
    ),
)
_SHELL = regex(r"(?i)(?:\S*[/\\])?(?:(?:ba|da|z|k|a)?sh|cmd(?:\.exe)?)")
_READS = regex(r"(?i)\b(?:xclip|xsel)\b.*\s-?-o(?:ut|utput)?\b|\b(?:wl-paste|pbpaste)\b|\bGet-Clipboard\b")
_WRITES = regex(r"(?i)(?:^|[\s/'|])(?:xclip|xsel|wl-copy|pbcopy|clip|clip\.exe)\b|\bSet-Clipboard\b")

_STARTED = regex(
    r"(?:^|/)(?:hooks/[\w-]+|\.husky/[\w-]+|\.(?:bash|zsh)rc|\.(?:bash_|z)?profile|\.bash_login|\.zshenv|profile\.d/\S+"
    r"|cron\.\w+/\S+|crontabs?/\S+|init\.d/\S+|autostart/\S+\.desktop|\S+\.service|\S+\.plist)$"
)
_SENDS = regex(
    r"(?:^|[\s/'|])(?:curl|wget)\b.{0,300}(?:@-(?:\s|'|$)|\s-T\s?-(?:\s|$)|--(?:upload|post)-file[= ]-)"
    r"|^(?:\S*/)?(?:nc|ncat|netcat|socat)\s"
)
CLIPBOARD = "clipboard"
NETWORK = "network"
HEADER = "request:header"
"""The taint of a header that a client sent."""
MARK = "stdin:"


def marks(command: str) -> frozenset[str]:
    """What comes out of a process, and what it would do with its input: `stdin:python`, `stdin:clipboard`."""
    line = command.strip().replace("'", "").replace('"', "")
    if _READS.search(command):
        return frozenset({CLIPBOARD})
    if _WRITES.search(command):
        return frozenset({MARK + CLIPBOARD})
    if _SENDS.search(command):
        return frozenset({MARK + NETWORK})
    return frozenset(MARK + name for name, form in _INTERPRETERS if form.fullmatch(line))


def ordered(run: "Witness", command: Value, line: int) -> None:
    """A whole command line, or a program, is what somebody outside says."""
    first = command.items[0] if command.items else command
    if any(t.strip(HOLE + " ") for t in first.texts()):
        return
    if HEADER in first.taint:
        run.see(Kind.CODE_FLOW, "header > command", line)
    if "request" in first.taint:
        run.see(Kind.CODE_FLOW, "request > command", line)


def dictated(run: "Witness", command: Value, line: int) -> None:
    """A whole line for a shell came over the network; a program's path may be where a download lies."""
    known = command.items is not None or any(t.strip(HOLE + " ") for t in command.texts())
    if command.items is not None and len(command.items) > 2:
        program, option, text = command.items[:3]
        if _SHELL.fullmatch(program.text()) and option.text() in {"-c", "/c", "/C"}:
            command, known = text, any(t.strip(HOLE + " ") for t in text.texts())
    if "network" in command.taint and not known:
        run.see(Kind.CODE_FLOW, "network > command", line)


def give(run: "Witness", process: Value, given: list[Value], line: int) -> None:
    """Something is written to the standard input of a process: an interpreter runs it."""
    kinds = {t.removeprefix(MARK) for t in process.taint if t.startswith(MARK)}
    if CLIPBOARD in kinds and any(CLIPBOARD in g.all_taint() for g in given):
        run.see(Kind.PROCESS_DOES, "clipboard-swap", line)
    if NETWORK in kinds:
        run.sent(given, line)
    for kind in sorted(kinds - {CLIPBOARD, NETWORK}):
        run.flow("execution", given, line)
        if any("network" in g.all_taint() for g in given):
            run.see(Kind.CODE_EVAL, f"stdin {kind}", line)
        for whole in [w for g in given if (w := g.whole()) is not None]:
            run.peel(whole, line, kind)


def kept(run: "Witness", path: str, content: list[Value], line: int) -> None:
    """Something is written to where the system, a shell or git starts it: it is read as what it will do."""
    if _STARTED.search(path):
        for whole in [w for c in content if (w := c.whole()) is not None]:
            run.see(Kind.FILE_WRITE, path, line)
            run.peel(whole, line, "shell")
