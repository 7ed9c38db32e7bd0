"""Effects of Python's functions that start processes."""

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.code import fed, handed
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.python import devices
from biopsy.static.python.effects import asked, effect

_SHELL = regex(
    r"(?i)'?(?:\S*[/\\])?(?:(?:ba|da|z|k)?sh|cmd(?:\.exe)?|powershell(?:\.exe)?)'?(?: -(?:i|il|li|l))?"
)
_LOOKUP = regex(r"(?:^|[;&|]\s*|\s)(?:\S*/)?(?:nslookup|dig|host|getent|drill|ping|resolvectl)\s")
_PYTHON = regex(r"(?:\S*/)?python[\d.]*w?(?:\.exe)?")
_LINES = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput",
                    "commands.getoutput", "asyncio.create_subprocess_shell", "platform.popen"})  # fmt: skip
_STREAMS = ("stdin", "stdout", "stderr")
_TIED = "stdio:network"


@effect("os.dup2", "os.dup")
def _dup(run: Witness, call: Invocation) -> Value:
    """The standard streams are put on a connection."""
    if "network" in call.arg(0).taint and call.name == "dup2":
        run.shared.origins.setdefault(f"{_TIED} {run.source.path}", f"{run.source.path}:{call.line}")
    return Value(taint=call.arg(0).taint)


@effect(
    "os.system", "os.popen", "subprocess.run", "subprocess.call", "subprocess.check_call",
    "subprocess.check_output", "subprocess.Popen", "subprocess.getoutput", "subprocess.getstatusoutput",
    "commands.getoutput", "os.startfile", "asyncio.create_subprocess_shell", "pty.spawn",
    "pexpect.spawn", "os.popen2", "os.popen3", "sh.bash", "popen2.popen3", "platform.popen", "pexpect.run",
)  # fmt: skip
def _command(run: Witness, call: Invocation) -> Value:
    return started(run, call, call.arg(0, "args"))


@effect("asyncio.create_subprocess_exec")
def _command_words(run: Witness, call: Invocation) -> Value:
    return started(run, call, Value(items=call.args))


@effect(
    "os.execv", "os.execve", "os.execvp", "os.execvpe", "os.execl", "os.execlp", "os.execle",
    "os.spawnl", "os.spawnv", "os.spawnlp", "os.spawnvp", "os.spawnle", "os.spawnve", "os.posix_spawn",
    "os.posix_spawnp",
)  # fmt: skip
def _replace(run: Witness, call: Invocation) -> Value:
    at = 1 if ".spawn" in call.ref else 0
    program, rest = call.arg(at), call.args[at + 1 :]
    words = list(rest[0].items if rest and rest[0].items is not None else rest)
    if words and program.consts:  # what it calls itself is its own affair
        words[0] = program
    return started(run, call, Value(items=words) if words else program)


@effect("shutil.which", "distutils.spawn.find_executable", "setuptools.distutils.spawn.find_executable")
def _looked_up(_: Witness, call: Invocation) -> Value:
    """A program that is looked for by its name; whoever starts what was found starts that."""
    name = call.arg(0, "cmd")
    return Value(name.consts, taint=name.taint)


def started(run: Witness, call: Invocation, command: Value) -> Value:
    """A process is started, by words or by a line of a shell."""
    given = call.kwargs.get("input")
    asked(run, [command], call.line)
    text = " ".join(i.text() for i in command.items) if command.items is not None else command.text()
    tied = f"{_TIED} {run.source.path}" in run.shared.origins
    if any("network" in call.kwargs[s].taint for s in _STREAMS if s in call.kwargs):
        tied = True
    if tied and _SHELL.fullmatch(text.strip()):
        run.see(Kind.PROCESS_DOES, "reverse-shell python", call.line)
    if _LOOKUP.search(text):
        run.flow("network", [command], call.line, detail="lookup")
    if call.ref in _LINES or "shell" in call.kwargs:
        fed.dictated(run, command, call.line)
    _own_script(run, command, call.line)
    clipboard = devices.piped(run, text, [command, *([given] if given else [])], call.line)
    result = run.command(command, call.line)
    alone = call.kwargs.get("start_new_session", Value()).consts == (True,)
    if alone or call.kwargs.get("preexec_fn", Value()).ref == "os.setsid":
        run.see(Kind.PROCESS_DOES, "detached background", call.line)
    if given is not None:
        fed.give(run, result, [given], call.line)
    return Value(result.consts, result.ref, result.taint | clipboard) if clipboard else result


@effect(
    "process.communicate", "process.stdin.write", "process.stdin.writelines", "process.stdin.buffer.write"
)
def _fed(run: Witness, call: Invocation) -> Value | None:
    """Something is written to a process that was started with a pipe."""
    if call.receiver is not None:
        fed.give(run, call.receiver, call.all(), call.line)
    return (
        Value(items=[Value(taint=call.receiver.taint)] * 2)
        if call.name == "communicate" and call.receiver
        else None
    )


def _own_script(run: Witness, command: Value, line: int) -> None:
    """Python is started with a file that the package wrote."""
    words = command.items or []
    if len(words) > 1 and _PYTHON.fullmatch(words[0].text()):
        for word in words[1:4]:
            if (written := handed.content(run, word)) is not None:
                run.peel(written, line, "python")
                run.flow("execution", [handed.held(run, word)], line)
