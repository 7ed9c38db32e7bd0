"""Texts and lists that are made of others."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.static.code import fold, ir
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, changed, const, merge, taints, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import folding
from biopsy.static.tongues.effects.register import effect, placed, rest, words


@effect("decode")
def _decode(run: Witness, call: Invocation, how: str, at: str = "0") -> Value:
    """An encoding is undone, of an argument or, where there is none, of the object itself."""
    held = placed(call, at) if call.args or at != "0" else call.receiver or Value()
    return run.decoded(how, held, call.line)


@effect("fold")
def _fold(run: Witness, call: Invocation, how: str) -> Value:
    held = folding.function(how, call)
    return held if held is not None else unknown(*rest(call))


@effect("unpack")
def _unpack(run: Witness, call: Invocation, form: str = "0", data: str = ".") -> Value:
    """Ruby's and PHP's `unpack`, which decodes by a letter."""
    how = placed(call, form).text().strip("*0123456789")
    held = placed(call, data)
    method = {"m": "base64", "H": "hex", "h": "hex"}.get(how[:1], "")
    if call.ref.endswith(("unpack1", "unpack")) and method == "base64":
        made = run.decoded("base64", held, call.line)
        return made if call.ref.endswith("1") else Value(items=[made], taint=made.taint)
    found = folding.unpacked(how, held)
    return found if found is not None else unknown(held)


@effect("pack")
def _pack(run: Witness, call: Invocation, form: str = "0", data: str = ".") -> Value:
    """…and `pack`, which of letters of hex makes bytes, and of numbers text."""
    how, held = placed(call, form).text().strip("*0123456789"), placed(call, data)
    items = held.items if held.items is not None else [held]
    if how[:1] in {"H", "h"} and items:
        return run.decoded("hex", items[0], call.line)
    found = folding.packed(how, items)
    return found if found is not None else unknown(held)


@effect("same")
def _same(run: Witness, call: Invocation, at: str = "0") -> Value:
    return placed(call, at)


@effect("self")
def _self(run: Witness, call: Invocation) -> Value:
    return call.receiver or Value()


@effect("either")
def _either(run: Witness, call: Invocation) -> Value:
    """The object, or what is given for where it is none: a value, or what a function gives."""
    given = [
        run.call(a, Invocation(a.ref, "", [], {}, call.line)) if a.func is not None else a for a in call.args
    ]
    return merge([call.receiver or Value(), *given])


@effect("next")
def _next(run: Witness, call: Invocation) -> Value:
    """One item after the other."""
    held = call.receiver or Value()
    if not held.items:
        return unknown(held)
    changed()
    return held.items.pop(0)


@effect("later")
def _later(run: Witness, call: Invocation) -> Value:
    """What is given is run when somebody asks, and not now."""
    return next((a for a in call.all() if a.func is not None), Value())


@effect("collect")
def _collect(run: Witness, call: Invocation) -> Value:
    """What an iterator gives, together: characters as a text."""
    held = call.receiver or Value()
    letters = held.items and all(
        isinstance(c, str) and len(c) == 1 for i in held.items for c in i.consts or (0,)
    )
    made = folding.chars(held.items) if letters and held.items else None
    return made if made is not None else held


@effect("quiet")
def _quiet(run: Witness, call: Invocation) -> Value:
    """What comes out tells too little of what went in."""
    run.compared([v for v in (call.receiver, *call.args) if v is not None], call.line)
    return Value()


@effect("join")
def _joined(run: Witness, call: Invocation) -> Value:
    return fold.join(words(rest(call)))


@effect("format")
def _format(run: Witness, call: Invocation, at: str = "0") -> Value:
    args = call.args[int(at) :]
    names = folding.named(args[0].text()) if args and args[0].consts else ()
    here = {n: run.evaluate(ir.Name(n)) for n in names if n not in call.kwargs}
    return folding.formatted(args, {**call.kwargs, **here})


@effect("length")
def _length(run: Witness, call: Invocation) -> Value:
    held = call.receiver or Value()
    whole = held.whole()
    return (
        const(len(held.items)) if held.items is not None else Value() if whole is None else const(len(whole))
    )


@effect("convert")
def _convert(run: Witness, call: Invocation) -> Value:
    """A text as a number of a base."""
    made = folding.function("number", call)
    return made if made is not None else unknown(*rest(call))


@effect("text")
def _text(run: Witness, call: Invocation, *words: str) -> Value:
    """A text that is the same everywhere; `?` in it is what is not known."""
    return const(" ".join(words).replace("?", HOLE))


@effect("first")
def _first(run: Witness, call: Invocation) -> Value:
    """What a library gives together with an error, as a list of both."""
    held = call.arg(0)
    return held if held.items is not None and not held.ref else Value(items=[held, Value()])


@effect("pairs")
def _pairs(run: Witness, call: Invocation) -> Value:
    """Numbers or keys, each with what stands under it."""
    held = call.arg(0)
    if held.fields and not held.made:
        return Value(
            items=[Value(items=[const(k), v]) for k, v in held.fields.items() if k], taint=held.taint
        )
    items = fold.items(held)
    if items is None:
        return Value(items=[Value(items=[Value(), unknown(held)])])
    return Value(items=[Value(items=[const(n), v]) for n, v in enumerate(items)])


@effect("reversed_in_place")
def _reversed_in_place(run: Witness, call: Invocation) -> Value:
    if (items := call.arg(0).items) is not None:
        items.reverse()
        changed()
    return Value()


@effect("as")
def _as(run: Witness, call: Invocation, ref: str) -> Value:
    """Something of which only matters what it is."""
    return Value(ref=ref, taint=taints(rest(call)))


@effect("seconds")
def _seconds(run: Witness, call: Invocation) -> Value:
    return call.arg(0)


@effect("builder")
def _builder(run: Witness, call: Invocation) -> Value:
    """A text that grows, or one of bytes."""
    held = call.arg(0)
    made = folding.chars(held.items) if held.items is not None else None
    if made is not None:
        return made
    known = (
        held.consts
        if held.consts and isinstance(held.consts[0], str | bytes)
        else ("",)
        if not held.taint
        else ()
    )
    return Value(known, taint=held.all_taint())
