"""The environment, facts of the machine, places in it."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Kind
from biopsy.static.code import fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const, merge, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues.effects.register import MAX_PATHS, effect, placed, rest, words


@effect("env")
def _env(run: Witness, call: Invocation, at: str = "0") -> Value:
    if not call.args:
        return run.environment(call.line)
    found = run.env(placed(call, at), call.line)
    return merge([found, *call.args[1:2]]) if found.consts or found.taint else found


@effect("environment")
def _environment(run: Witness, call: Invocation) -> Value:
    return run.environment(call.line)


@effect("fact")
def _fact(run: Witness, call: Invocation, name: str) -> Value:
    return run.host(name, call.line)


@effect("sleep")
def _sleep(run: Witness, call: Invocation, per: str = "1") -> Value:
    for text in call.arg(0).consts[:1]:
        if isinstance(text, int | float):
            run.sleep(float(text) / float(per), call.line)
    return Value()


@effect("property")
def _property(run: Witness, call: Invocation) -> Value:
    """Java's properties: some are places, some facts."""
    name = call.arg(0).text()
    if name in {"user.home", "java.io.tmpdir", "user.dir"}:
        return const({"user.home": "~", "java.io.tmpdir": "/tmp"}.get(name, "."))  # noqa: S108
    if name in {"user.name", "os.name", "os.arch", "os.version"}:
        return run.host("username" if name == "user.name" else "platform", call.line)
    return Value()


@effect("told")
def _told(run: Witness, call: Invocation, kind: str, *words: str) -> Value:
    """A behaviour by itself."""
    held = call.arg(0).text() if call.arg(0).consts else "?"
    run.see(Kind(kind), " ".join(words) or held, call.line)
    return Value()


_SIGNS_IN = frozenset(
    {"github-oauth", "gitlab-oauth", "gitlab-token", "bitbucket-oauth", "http-basic", "bearer"}
)
_SET = {"vendor-dir": f"{HOLE}/vendor", "bin-dir": f"{HOLE}/vendor/bin", "home": "~/.composer"}


@effect("config")
def _config(run: Witness, call: Invocation) -> Value:
    """Composer's settings: some are places, some sign in."""
    name = call.arg(0).text()
    if name in _SIGNS_IN:
        return Value(taint=run.read_file(const("~/.composer/auth.json"), call.line).taint)
    return const(_SET[name]) if name in _SET else Value()


_FOLDERS = {
    "UserProfile": "~",
    "ApplicationData": "~/AppData/Roaming",
    "LocalApplicationData": "~/AppData/Local",
    "Personal": "~",
    "MyDocuments": "~/Documents",
    "Desktop": "~/Desktop",
    "DesktopDirectory": "~/Desktop",
    "Startup": "~/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup",
    "System": "C:/Windows/System32",
}


@effect("folder")
def _folder(run: Witness, call: Invocation) -> Value:
    """A folder of Windows by its name there."""
    return const(_FOLDERS.get(call.arg(0).ref.rpartition(".")[2], HOLE))


@effect("path")
def _path(run: Witness, call: Invocation) -> Value:
    """Parts of a path, put together; of a list, its items."""
    held = call.receiver
    if held is not None and held.items is not None:
        return fold.join(held.items, call.arg(0).text())
    if held is not None and held.taint and not held.consts:
        return unknown(held, *call.args)
    parts = words(([call.receiver] if call.receiver and call.receiver.consts else []) + rest(call))
    out = parts[0] if parts else Value()
    out = Value(out.consts or (HOLE,), taint=out.taint)
    for part in parts[1:]:
        texts = [fold.path(a, b.lstrip("/")) for a in out.texts() for b in (list(part.texts()) or [HOLE])]
        out = Value(tuple(dict.fromkeys(texts))[:MAX_PATHS], taint=out.taint | part.taint)
    return out


@effect("expand")
def _expand(run: Witness, call: Invocation) -> Value:
    """A path, made whole: from another where a second is given."""
    first, second = call.arg(0), call.arg(1)
    if second.consts and not first.text().startswith(("/", "~")):
        return Value((fold.path(second.text(), first.text()),), taint=first.taint | second.taint)
    return first
