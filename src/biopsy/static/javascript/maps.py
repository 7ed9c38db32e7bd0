"""Effects of JavaScript's maps and sets: what is put into them comes out again."""

from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, changed, const
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.effects import effect

MAX_HELD = 2000  # entries of one

_MAPS = ("Map", "WeakMap", "Set", "WeakSet")


@effect(*_MAPS)
def _collection(_: Witness, call: Invocation) -> Value:
    given, fields = call.arg(0), {}
    for pair in (given.items or ())[:MAX_HELD]:
        if pair.items and len(pair.items) > 1 and pair.items[0].consts:
            fields[pair.items[0].text()] = pair.items[1]
    items = given.items if given.items is not None or "Map" in call.ref or given.taint else []
    return Value(
        ref=f"{call.ref}()",
        fields=fields,
        items=None if fields else items,
        made=True,
        taint=given.all_taint(),
    )


@effect(*(f"{name}().{how}" for name in _MAPS for how in ("set", "add")))
def _put_in(_: Witness, call: Invocation) -> Value | None:
    """Something is put into a map under a key, or into a set."""
    held, key = call.receiver, call.arg(0)
    if held is None or call.name == "add":
        if held is not None:
            held.take(key.all_taint())
        return None
    value = call.arg(1)
    if key.consts and len(key.text()) < 200 and held.fields is not None and len(held.fields) < MAX_HELD:
        held.fields[key.text()] = value
        changed()
    else:
        held.take(value.all_taint())
    return held


@effect(*(f"{name}().forEach" for name in _MAPS))
def _for_each(run: Witness, call: Invocation) -> Value | None:
    """A function is called for each that a map or set holds."""
    held = call.receiver
    if held is None or not held.fields or call.arg(0).func is None:
        return None
    for name, value in list(held.fields.items())[:MAX_HELD]:
        run.call(call.arg(0), Invocation("", "", [value, const(name), held], {}, call.line))
    return Value()


@effect("Map().get", "WeakMap().get")
def _of_map(_: Witness, call: Invocation) -> Value:
    held = (call.receiver.fields or {}).get(call.arg(0).text()) if call.receiver is not None else None
    return (
        held if held is not None else Value(taint=call.receiver.all_taint() if call.receiver else frozenset())
    )
