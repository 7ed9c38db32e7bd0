"""What Python's builtins and libraries do when they are called, and what their attributes are."""

from biopsy.static.code import ir
from biopsy.static.code.link import Module
from biopsy.static.code.methods import method
from biopsy.static.code.state import Invocation, State, outermost
from biopsy.static.code.value import HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.python import (  # most register their effects
    archives,
    build,
    commands,  # noqa: F401
    devices,  # noqa: F401
    effects,
    folders,  # noqa: F401
    forms,
    indirect,
    machine,
    modules,
    requested,
    sequences,  # noqa: F401
    texts,
    web,  # noqa: F401
)
from biopsy.static.python.names import BUILTINS, canonical

_TEXTS = {
    "os.sep": "/",
    "os.path.sep": "/",
    "os.linesep": "\n",
    "sys.executable": "python",
    "os.curdir": ".",
    "site.USER_SITE": "site-packages",
    "string.ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
    "string.ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.ascii_letters": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "string.digits": "0123456789",
    "os.devnull": "/dev/null",
}
_BESIDE = frozenset({"threading.Thread", "multiprocessing.Process", "threading.Timer"})
_QUIET = frozenset(
    {
        "status_code",
        "ok",
        "status",
        "reason",
        "returncode",
        "elapsed",
        "closed",
        "errno",
        "pid",
        "name",
        "machine",
        "system",
        "release",
        "sysname",
        "version",
        "processor",
    }
)


class Python:
    """The language, for the interpreter."""

    self_first = True

    def builtin(self, name: str) -> Value | None:
        """A builtin, by its name; `__file__` is a path that is not known but for its folder."""
        if name.startswith(("import ", "param ")):
            return requested.parameter(name)
        if name == "__file__":
            return const(f"./{HOLE}.py", frozenset({"data:self"}))
        return Value(ref=name) if name in BUILTINS else None

    def linked(self, run: State, ref: str, line: int) -> ir.Linked | None:
        """Where in the package an imported name stands."""
        found = modules.resolve(ref, run.source.path, run.source.paths)
        if found is None and isinstance(run, Witness):
            effects.fetched(run, ref.partition(".")[0], line)
        if (
            not found or found[0] == run.source.path
        ):  # what is built beside a package is none of its own names
            return None
        return ir.Linked(found[0], found[1], line)

    def exported(self, module: str) -> tuple[str, ...]:
        """What of a library has an effect that is known."""
        start = f"{module}."
        names = {n.removeprefix(start).partition(".")[0] for n in effects.TABLE if n.startswith(start)}
        return tuple(sorted(n for n in names if n.isidentifier()))

    def member(self, run: State, module: Module, name: str, line: int) -> Value | None:  # noqa: ARG002
        """What a module has under a name: its own, or a module below it."""
        if not name or name == "__dict__":
            return Value(link=module.path)
        value = module.witness.named(module.scope, name)
        if value is None and (below := modules.submodule(module.path, name, run.source.paths)):
            return Value(link=below)
        return value

    def attribute(self, run: State, obj: Value, name: str, line: int) -> Value | None:
        """An attribute of a library object."""
        assert isinstance(run, Witness)
        if name in _QUIET and obj.taint:
            return Value()
        if obj.made and (own := _protocol(run, obj, name)) is not None:
            return own
        if obj.ref == "environment":
            return Value(ref=f"os.environ.{name}", taint=obj.taint)
        if asked := requested.attribute(obj, name):
            return asked
        if not obj.ref:
            return _of_path(obj, name)
        ref = canonical(f"{obj.ref}.{name}")
        if ref in {"os.environ", "os.environb"}:
            return Value(ref="os.environ", taint=frozenset({"env:*"}))
        if obj.ref == "os.environ" and name not in machine.ENVIRON:
            return run.env(const(name), line) if name.isupper() or name == HOLE else None
        if ref in _TEXTS:
            return const(_TEXTS[ref])
        if ref in {"sys.platform", "os.name"}:
            return Value(ref=ref)
        if name in {"__dict__", "__globals__"} and obj.ref:
            return Value(ref=obj.ref)
        if obj.ref in {"globals()", "locals()"} and (own := _own(run, name)) is not None:
            return own
        if obj.ref in {"__builtins__", "builtins", "sys.modules", "globals()", "locals()"}:
            return (
                Value(ref=name) if obj.ref != "globals()" or name in BUILTINS else Value(ref=canonical(name))
            )
        if obj.ref.startswith("pathlib.Path") and (held := _of_path(obj, name)):
            return held
        return Value(ref=ref, taint=obj.taint)

    def invoke(self, run: State, call: Invocation) -> Value | None:
        """Do what a library function does."""
        assert isinstance(run, Witness)
        if call.receiver is None and call.target is not None and call.target.fields:
            _rebound(call)
        call.ref = canonical(call.ref)
        if effect := effects.find(call.ref):
            result = effect(run, call)
            if result is not None:
                return result
        archives.filled(run, call)
        result = texts.method(run, call) or _by_method(run, call) or method(run, call)
        if result is not None:
            return result
        self._callbacks(run, call)
        return None

    def _callbacks(self, run: Witness, call: Invocation) -> None:
        made = call.receiver
        if call.name == "start" and made is not None and made.made and _BESIDE & {*made.bases}:
            body = (made.fields or {}).get("run")  # of a thread that is a class of the package's own
            if body is not None and body.func is not None:
                run.enter(body.func, [], {}, made)
        if call.name == "execute" and len(call.args) > 1 and call.args[0].func is not None:
            indirect.again(
                run, call.args[0], list(call.args[1].items or ()), call.line
            )  # of a distutils command
        if call.name in {"submit", "run_in_executor", "create_task", "call_soon", "run_until_complete"}:
            for at, value in enumerate(call.args):
                if value.func is not None:
                    indirect.again(run, value, call.args[at + 1 :], call.line)

    def patched(self, run: State, obj: Value, name: str, value: Value, line: int) -> None:
        """An attribute of another module is assigned: only functions put there matter."""
        assert isinstance(run, Witness)
        if obj.ref == "os.environ" or obj.ref.startswith("."):
            return
        if obj.ref == "globals()" and name.isidentifier():
            outermost(run.scope).names[name] = value
            return
        if f"{obj.ref}.{name}".rstrip(".") == "sys.path":
            effects.put_on_path(run, [value])
        if value.func is not None and not obj.ref.startswith(("self", "import")):
            run.patch(obj.ref, name, line)

    def installs(self, name: str, bases: tuple[str, ...]) -> bool:
        """Methods of setuptools' commands, and the hooks of a build back end (PEP 517)."""
        return build.installs(name, bases)


def _rebound(call: Invocation) -> None:
    """Give a method that was taken from its object that object back."""
    held = call.target.fields.get("") if call.target is not None and call.target.fields else None
    if held is not None:
        call.receiver, call.name = held, call.ref.rpartition(".")[2]


def _own(run: Witness, name: str) -> Value | None:
    """What the module itself binds to a name."""
    return run.named(outermost(run.scope), name)


def _protocol(run: Witness, obj: Value, name: str) -> Value | None:
    """What an object's own `__getattr__` or `__getitem__` gives for a name that it does not have."""
    if name.startswith("__"):
        return None
    for special in ("__getattr__", "__getattribute__", "__getitem__"):
        held = (obj.fields or {}).get(special)
        if held is not None and held.func is not None and not held.func.active:
            return run.enter(held.func, [const(name)], {}, obj)
    return None


def _by_method(run: Witness, call: Invocation) -> Value | None:
    """Methods that say what they do whatever they are called on: those of paths."""
    obj = call.receiver
    if obj is None or obj.ref == "os.environ":
        return None
    if obj.consts and isinstance(obj.consts[0], str):
        return forms.path_method(run, obj, call)
    return None


def _of_path(obj: Value, name: str) -> Value | None:
    """Attributes of pathlib's paths, whose text is their constant."""
    if not obj.consts or not isinstance(obj.consts[0], str):
        return None
    if name == "parent":
        return Value(
            tuple(t.rpartition("/")[0] or "." for t in obj.texts()), ref="pathlib.Path()", taint=obj.taint
        )
    return None
