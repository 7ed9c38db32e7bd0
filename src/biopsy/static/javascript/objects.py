"""Effects of JavaScript's functions on objects: getters, prototypes, and what compilers make of modules."""

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, changed, const, merge
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.effects import effect


def _put(obj: Value, name: str, described: Value) -> None:
    fields = described.fields or {}
    held, getter = fields.get("value"), fields.get("get")
    if obj.fields is None:
        obj.fields = {}
    changed()
    if held is not None:
        obj.fields[name] = held
    elif getter is not None and getter.func is not None:
        obj.fields[name] = Value(func=getter.func, getter=True)


@effect("Object.defineProperty", "Reflect.defineProperty", "__defProp")
def _define(run: Witness, call: Invocation) -> Value:
    obj, name = run.opened(call.arg(0)), call.arg(1)
    if name.consts and len(name.text()) < 200:
        _put(obj, name.text(), call.arg(2))
    return obj


@effect("Object.defineProperties", "__export")
def _define_all(run: Witness, call: Invocation) -> Value:
    obj = run.opened(call.arg(0))
    for name, held in list((call.arg(1).fields or {}).items())[:2000]:
        _put(obj, name, held if call.name != "__export" else Value(fields={"get": held}))
    return obj


@effect("__exportStar", "__reExport")
def _all(run: Witness, call: Invocation) -> Value:
    at = 0 if call.ref == "__exportStar" else 1
    source, target = run.opened(call.arg(at)), call.arg(1 - at)
    if target.fields is not None:
        for name, held in (source.fields or {}).items():
            if name != "default":
                target.fields.setdefault(name, held)
        changed()
    return target


@effect("Object.getPrototypeOf", "Reflect.getPrototypeOf", "Object.create", "Object.seal")
def _same(_: Witness, call: Invocation) -> Value:
    first = call.arg(0)
    return (
        first
        if first.func is not None or call.name == "seal"
        else Value(fields=dict(first.fields or {}), ref=first.ref)
    )


@effect("__awaiter")
def _awaiter(run: Witness, call: Invocation) -> Value:
    """TypeScript's form of an async function: the last argument is its body."""
    body = call.arg(3)
    made = run.call(body, Invocation("", "", [], {}, call.line, call.arg(0))) if body.func else Value()
    return merge(made.items) if made.items else made


@effect("#interop")
def _interop(_: Witness, call: Invocation) -> Value:
    """A library's module is itself, whatever is put round it; one of the package is what that makes."""
    module, made = call.arg(0), call.arg(1)
    return module if module.ref and not module.link and module.fields is None else made


@effect("Proxy")
def _proxy(_: Witness, call: Invocation) -> Value:
    """Something whose attributes are what a function gives for their names."""
    trap = (call.arg(1).fields or {}).get("get")
    if trap is None or trap.func is None:
        return call.arg(0)
    return Value(ref="proxy", items=[call.arg(0), trap], taint=call.arg(0).taint)


def trapped(run: Witness, obj: Value, name: str, line: int) -> Value:
    """An attribute of such an object."""
    target, trap = obj.items or (Value(), Value())
    return run.call(trap, Invocation("", "", [target, const(name), obj], {}, line))


@effect("String.raw", "Object.entries().map")
def _entries(_: Witness, call: Invocation) -> Value:
    return call.arg(0)


def prototype(function: Value) -> Value:
    """What all objects have that `new` makes of a function."""
    if function.fields is None:
        function.fields = {}
    return function.fields.setdefault("prototype", Value(fields={}))


def _inherited(above: Value) -> dict[str, Value]:
    own = (above.fields or {}).get("prototype") if above.func is not None else above
    return (own.fields or {}) if own is not None else {}


@effect("util.inherits", "inherits", "#extends")
def _extended(_: Witness, call: Invocation) -> Value:
    """Objects of one function have from now on what those of another have."""
    below, above = call.arg(0), call.arg(1)
    if below.func is not None:
        held = prototype(below)
        held.fields = {**_inherited(above), **(held.fields or {})}
        changed()
    return below


@effect("events", "events.EventEmitter", "eventemitter3", "eventemitter3.EventEmitter", "EventTarget")
def _emitter(_: Witness, __: Invocation) -> Value:
    """An emitter, on which the package itself listens and emits."""
    return Value(fields={}, made=True)


@effect("super")
def _super(run: Witness, call: Invocation) -> Value:
    """The constructor of the class above."""
    this = run.scope.names.get("this")
    above = (this.fields or {}).get("super constructor") if isinstance(this, Value) else None
    if above is not None and above.func is not None and isinstance(this, Value):
        return run.enter(above.func, call.args, {}, this)
    return Value()
