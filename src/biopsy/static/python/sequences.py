"""Effects of Python's functions on sequences, as decoders written by hand use them."""

from biopsy.static.code import fold
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import effect

MAX_ITEMS = 20_000


@effect("len")
def _len(_: Witness, call: Invocation) -> Value:
    value = call.arg(0)
    facts = frozenset(t for t in value.taint if t.startswith("fact:"))
    if value.items is not None:
        return const(len(value.items), facts)
    whole = value.whole()
    return const(len(whole), facts) if whole is not None else Value(taint=facts)


@effect("enumerate")
def _enumerate(_: Witness, call: Invocation) -> Value:
    first = call.arg(1, "start").consts[:1] or (0,)
    items = fold.items(call.arg(0))
    if items is None or len(items) > MAX_ITEMS or not isinstance(first[0], int):
        return Value(items=[Value(items=[Value(), unknown(call.arg(0))])])
    pairs = [Value(items=[const(at), item]) for at, item in enumerate(items, first[0])]
    return Value(items=pairs, taint=call.arg(0).taint)


@effect("zip", "itertools.zip_longest")
def _zip(_: Witness, call: Invocation) -> Value:
    every = [fold.items(a) for a in call.args]
    known = [e for e in every if e is not None]
    if len(known) != len(every) or not known:
        return Value(items=[Value(items=[unknown(a) for a in call.args])])
    endless = [e for e, a in zip(known, call.args, strict=True) if a.ref == "itertools.cycle()"]
    size = min((len(e) for e in known if e not in endless), default=0)
    rows = [Value(items=[e[at % len(e)] for e in known if e]) for at in range(min(size, MAX_ITEMS))]
    return Value(items=rows, taint=unknown(*call.args).taint)


@effect("itertools.cycle")
def _cycle(_: Witness, call: Invocation) -> Value:
    return Value(items=fold.items(call.arg(0)), ref="itertools.cycle()", taint=call.arg(0).taint)


@effect("itertools.chain", "itertools.chain.from_iterable")
def _chain(_: Witness, call: Invocation) -> Value:
    parts = call.arg(0).items or [] if call.ref.endswith("iterable") else call.args
    items = [i for p in parts for i in (fold.items(p) or [unknown(p)])]
    return Value(items=items[:MAX_ITEMS], taint=unknown(*call.args).taint)


@effect("#flat")
def _flat(_: Witness, call: Invocation) -> Value:
    """A comprehension with several loops gives one sequence."""
    over = call.arg(0)
    items: list[Value] = []
    for row in over.items or ():
        items.extend(row.items if row.items is not None else [row])
        if len(items) > MAX_ITEMS:
            break
    return Value(items=items[:MAX_ITEMS], taint=over.taint)


@effect("sorted")
def _sorted(run: Witness, call: Invocation) -> Value:
    items = fold.items(call.arg(0))
    if items is None or len(items) > MAX_ITEMS:
        return unknown(call.arg(0))
    key = call.kwargs.get("key")
    marks = [run.call(key, Invocation(key.ref, "", [i], {}, call.line)) if key else i for i in items]
    if any(len(m.consts) != 1 or not isinstance(m.consts[0], int | str) for m in marks):
        if all(m.items and m.items[0].consts for m in marks):
            marks = [(m.items or [m])[0] for m in marks]
        else:
            return Value(items=items, taint=call.arg(0).taint)
    down = call.kwargs.get("reverse", Value()).consts[:1] == (True,)
    try:
        order = sorted(range(len(items)), key=lambda at: marks[at].consts[0], reverse=down)  # type: ignore[arg-type,return-value]
    except TypeError:
        return Value(items=items, taint=call.arg(0).taint)
    return Value(items=[items[at] for at in order], taint=call.arg(0).taint)


@effect("int.from_bytes")
def _from_bytes(_: Witness, call: Invocation) -> Value:
    whole, order = call.arg(0).whole(), call.arg(1, "byteorder").text()
    if not isinstance(whole, bytes) or len(whole) > 1_000_000 or order not in {"big", "little"}:
        return unknown(call.arg(0))
    return const(int.from_bytes(whole, "big" if order == "big" else "little"), call.arg(0).taint)
