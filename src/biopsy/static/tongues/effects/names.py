"""What is named by a text that the code puts together."""

from biopsy.static.code import fold, ir
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import CLEAN, Value, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues.effects.register import MAX_EACH, effect, placed


def function(run: Witness, name: str) -> Value:
    """A function by its name: one of the file, or of the library."""
    return run.evaluate(ir.Name(name.replace("::", ".").lstrip("\\")))


@effect("named")
def _named(run: Witness, call: Invocation, at: str = "0") -> Value:
    """What stands under a name that is given as a text."""
    name = placed(call, at)
    if not name.consts:
        return Value(taint=name.taint)
    text = run.language.table.spelled(name.text())  # type: ignore[attr-defined]
    if call.receiver is not None and call.receiver.fields:
        return run.attribute(call.receiver, text, call.line)
    return function(run, text)


@effect("callback")
def _callback(run: Witness, call: Invocation, at: str = "0") -> Value:
    """A function that is given, or named by a text, is called with the other arguments."""
    held = placed(call, at)
    place = int(at) if at.isdigit() else 0
    rest = [a for n, a in enumerate(call.args) if n != place]
    if held.items and len(held.items) == 2 and held.items[1].consts:
        held = run.attribute(held.items[0], held.items[1].text(), call.line)
    rest = [i for a in rest for i in (a.items if a.items is not None else [a])]
    target = held if held.func is not None or held.ref else _named(run, call, at)
    return run.call(target, Invocation(target.ref, "", rest, {}, call.line))


@effect("each")
def _each(run: Witness, call: Invocation, at: str = "0", over: str = "1") -> Value:
    """A function is called with each item of a list."""
    held, listed = placed(call, at), placed(call, over)
    target = held if held.func is not None or held.ref else _named(run, call, at)
    items = fold.items(listed)
    known = items if items is not None else [unknown(listed)]
    made = [run.call(target, Invocation(target.ref, "", [i], {}, call.line)) for i in known[:MAX_EACH]]
    return Value(items=made, taint=listed.taint if items is None else CLEAN)


@effect("dispatch")
def _dispatch(run: Witness, call: Invocation) -> Value:
    """A method that is named by a text is called on the object."""
    name, rest = call.arg(0), call.args[1:]
    if not name.consts:
        return unknown(*call.all())
    receiver = call.receiver
    known = receiver is not None and (receiver.fields or receiver.ref or receiver.consts or receiver.items)
    target = run.attribute(receiver, name.text(), call.line) if receiver and known else Value()
    effects_of = run.language.table.effect  # type: ignore[attr-defined]
    if target.func is None and not effects_of(target.ref) and effects_of(name.text()):
        target = Value(ref=name.text())
    return run.call(target, Invocation(target.ref, name.text(), rest, call.kwargs, call.line, receiver))


@effect("invoked")
def _invoked(run: Witness, call: Invocation) -> Value:
    """A method that was looked up is called: on the first argument, with the others."""
    target = call.receiver or Value()
    rest = [i for a in call.args[1:] for i in (a.items if a.items is not None else [a])]
    return run.call(
        target, Invocation(target.ref, target.ref.rpartition(".")[2], rest, {}, call.line, call.arg(0))
    )


@effect("member")
def _member(run: Witness, call: Invocation) -> Value:
    """A method is looked up by its name."""
    name = call.arg(0)
    return (
        run.attribute(call.receiver or Value(), name.text(), call.line)
        if name.consts
        else Value(taint=name.taint)
    )


@effect("instance")
def _instance(run: Witness, call: Invocation) -> Value:
    """An object of a class that was looked up by its name."""
    held = call.receiver or Value()
    return run.call(Value(ref=held.ref), Invocation(held.ref, "", call.args, {}, call.line, new=True))
