"""What JavaScript's builtins and libraries do when they are called, and what their attributes are."""

from biopsy.model.behaviour import Kind
from biopsy.static.code import ir
from biopsy.static.code.link import Module
from biopsy.static.code.methods import method
from biopsy.static.code.state import Invocation, State, outermost
from biopsy.static.code.value import HOLE, Value, const
from biopsy.static.code.witness import Witness
from biopsy.static.javascript import (
    callbacks,
    effects,
    maps,  # noqa: F401 - registers its effects
    modules,
    objects,
    octets,
    requests,
)
from biopsy.static.javascript.names import BUILTINS, GIVEN, canonical

_TEXTS = {
    "process.execPath": "node",
    "path.sep": "/",
    "os.EOL": "\n",
    "process.argv0": "node",
}
_QUIET = frozenset(
    {"statusCode", "status", "ok", "length", "statusMessage", "pid", "exitCode", "complete", "size"}
)
_GLOBALS = frozenset({
    "globalThis", "global", "window", "self",
})  # fmt: skip

_MAKERS = frozenset({"String", "Array", "Object"})  # what made them is Function

MAX_HANDED_ON = 8  # modules in a row that each give what the next one gives


class JavaScript:
    """The language, for the interpreter."""

    rebinds = True
    unbound_global = True

    def builtin(self, name: str) -> Value | None:
        """A builtin, by its name."""
        if name.startswith("import "):
            whole = canonical(name[7:].removeprefix("node:")) == "process.env"
            return Value(ref="process.env", taint=frozenset({"env:*"})) if whole else None
        if name.startswith("param "):
            name = name[6:]
            if name in requests.NAMES:
                return requests.given()
            return self.builtin(name) if name in GIVEN else None
        if name == "__dirname":
            return const(".")
        if name == "__filename":
            return const(f"./{HOLE}", frozenset({"data:self"}))
        return Value(ref=name) if name in BUILTINS else None

    def linked(self, run: State, ref: str, line: int) -> ir.Linked | None:
        """Where in the package an imported name stands: `./x` is a whole module, `./x#f` one name of it."""
        spec, _, name = ref.partition("#")
        path = modules.resolve(spec, run.source.path, run.source.package)
        return ir.Linked(path, [name] if name else [], line) if path.endswith(modules.CODE) else None

    def exported(self, module: str) -> tuple[str, ...]:  # noqa: ARG002
        """None: only Python's names are taken over so."""
        return ()

    def member(self, run: State, module: Module, name: str, line: int) -> Value | None:
        """What a module exports under a name, or as a whole."""
        exports = _exports(module)
        for _ in range(MAX_HANDED_ON):
            if exports is None or not exports.link:
                break
            further = run.module(exports.link)
            exports = _exports(further) if further is not None else exports
        if exports is None or not name:
            return exports
        return run.attribute(exports, name, line) if not exports.link else None

    def attribute(self, run: State, obj: Value, name: str, line: int) -> Value | None:
        """An attribute of a library object."""
        assert isinstance(run, Witness)
        if name == "length":
            return self._length(obj)
        if name in _QUIET and obj.taint:
            return Value()
        if name == "constructor" and (obj.func is not None or obj.ref in _MAKERS or obj.consts):
            return Value(ref="Function" if obj.func is not None or obj.ref else "String")
        if name == "constructor" and obj.fields is not None and not (obj.ref or obj.made):
            return Value(ref="Object")
        if name == "href" and obj.ref == "URL()":
            return Value(obj.consts, taint=obj.all_taint())
        if name == "raw" and obj.items is not None:
            return obj  # of the texts of a template, as they are written
        if obj.ref == "proxy":
            return objects.trapped(run, obj, name, line)
        if name == "default" and (obj.func is not None or obj.fields is not None or obj.items is not None):
            return obj
        if name == "constructor" and (obj.items is not None or obj.ref.startswith("[].")):
            return Value(ref="Function" if obj.ref else "Array")
        if name == "prototype" and obj.func is not None:
            return objects.prototype(obj)
        if not obj.ref and name.isidentifier() and (obj.items is not None or obj.consts):
            return Value(ref=f"[].{name}", taint=obj.taint)
        if not obj.ref:
            return None
        if obj.ref == requests.GIVEN:
            return requests.attribute(name)
        if obj.ref == "process.env":
            return run.env(const(name), line) if name != HOLE else Value()
        if obj.ref in _GLOBALS and name in BUILTINS:
            return Value(ref=name)
        if obj.ref in _GLOBALS and (own := run.named(outermost(run.scope), name)) is not None:
            return own
        ref = canonical(f"{obj.ref}.{name}")
        if ref == "process.env":
            return Value(ref=ref, taint=frozenset({"env:*"}))
        if ref in _TEXTS:
            return const(_TEXTS[ref])
        if ref in {"process.platform", "process.arch", "navigator.userAgent"}:
            run.see(Kind.ENV_HOST, "platform", line)
            return Value()
        if ref in {"document.cookie", "window.localStorage"}:
            return Value(ref=ref)
        return Value(ref=ref, taint=obj.taint)

    def _length(self, obj: Value) -> Value:
        facts = frozenset(t for t in obj.taint if t.startswith("fact:"))
        if obj.items is not None:
            return const(len(obj.items), facts)
        whole = obj.whole()
        return const(len(whole), facts) if whole is not None else Value(taint=facts)

    def invoke(self, run: State, call: Invocation) -> Value | None:
        """Do what a library function does."""
        assert isinstance(run, Witness)
        if (whole := call.kwargs.pop("#template", None)) is not None:
            call.args = [whole]
        call.ref = canonical(call.ref)
        if found := effects.find(call.ref):
            result = found(run, call)
            if result is not None:
                return result
        if callbacks.emitted(run, call):
            return Value()
        result = octets.method(run, call)
        if result is None:
            result = callbacks.method(run, call)
        if result is None:
            result = method(run, call)
        return result

    def patched(self, run: State, obj: Value, name: str, value: Value, line: int) -> None:
        """An attribute of another module, or of a builtin, is assigned a function."""
        assert isinstance(run, Witness)
        ours = obj.ref.startswith((".", "module", "exports", "process.env", *_GLOBALS)) or "()" in obj.ref
        if obj.ref in _GLOBALS and name not in BUILTINS and name.isidentifier():
            outermost(run.scope).names[name] = value
        if value.func is not None and obj.ref in {"websocket", "xhr"} and name.startswith("on"):
            said = Value(fields={"data": Value(taint=obj.taint)}, taint=obj.taint)
            run.call(value, Invocation("", "", [said], {}, line))
        elif value.func is not None and not ours:
            run.patch(obj.ref, name, line)

    def installs(self, name: str, bases: tuple[str, ...]) -> bool:  # noqa: ARG002 - no name does
        """No function of a script is called by npm itself."""
        return False


def _exports(module: Module) -> Value | None:
    whole = module.scope.names.get("module")
    return (whole.fields or {}).get("exports") if isinstance(whole, Value) else None
