"""What is open: files, connections, processes."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code import fed, ir
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import folding
from biopsy.static.tongues.effects.register import effect, placed, rest


@effect("fill")
def _fill(run: Witness, call: Invocation, at: str = "0") -> Value:
    """What is read goes into something that was there before."""
    held, into = call.receiver or Value(), placed(call, at)
    into.take(held.all_taint())
    into.consts = into.consts if not held.consts else held.consts
    return Value()


@effect("pipe")
def _pipe(run: Witness, call: Invocation) -> Value:
    """What one thing holds goes into another."""
    held, into = call.arg(0), call.arg(1)
    if into.ref == "file" and into.items:
        run.write_file(into.items[0], [held], call.line)
    elif into.ref == "socket":
        run.sent([held], call.line)
    into.take(held.all_taint())
    return Value()


@effect("pipe_to")
def _pipe_to(run: Witness, call: Invocation) -> Value | None:
    """…the other way round: the first argument gets what the second holds."""
    call.args[:2] = call.args[1::-1]
    return _pipe(run, call)


@effect("pipe_from")
def _pipe_from(run: Witness, call: Invocation) -> Value | None:
    """…the object into its argument."""
    call.args = [call.receiver or Value(), *call.args]
    return _pipe(run, call)


@effect("put")
def _put(run: Witness, call: Invocation, start: str = "0") -> Value:
    """Something is written to a file that is open, or to a connection."""
    held = (call.receiver or Value()) if start == "0" else call.arg(0)
    given = rest(call, int(start))
    if start != "0" and given and given[0].consts:
        given += [run.evaluate(ir.Name(name)) for name in folding.named(given[0].text())]
    if held.ref == "file" and held.items:
        run.write_file(held.items[0], given, call.line)
    elif held.ref == "socket":
        run.sent(given, call.line)
    else:
        fed.give(run, held, given, call.line)
    return held


@effect("content")
def _content(run: Witness, call: Invocation, at: str = ".") -> Value:
    """What was in a file that is open, or came out of a process or a connection."""
    held = placed(call, at)
    return Value(held.consts, "content", held.taint)
