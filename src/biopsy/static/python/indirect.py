"""Effects of Python's indirect calls: decorators, partial functions, operators, threads, hooks."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Kind
from biopsy.static.code import fold
from biopsy.static.code.calling import PARTIAL
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import Value, const, merge, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import effect

_HOOKS = ("find_spec", "find_module", "create_module", "load_module", "exec_module", "get_code", "get_data",
          "source_to_code")  # fmt: skip


def again(run: Witness, target: Value, args: list[Value], line: int, **kwargs: Value) -> Value:
    """Call a value that was handed on."""
    return run.call(target, Invocation(target.ref, target.ref.rpartition(".")[2], args, kwargs, line))


@effect("#decorate")
def _decorate(run: Witness, call: Invocation) -> Value:
    decorator, made = call.arg(0), call.arg(1)
    result = again(run, decorator, [made], call.line)
    replaced = result.func is not None or result.getter or result.made or result.ref == PARTIAL
    return result if replaced or (made.func is None and made.fields is None) else made


@effect("#enter")
def _enter(run: Witness, call: Invocation) -> Value:
    held = call.arg(0)
    entered = (held.fields or {}).get("__enter__") or (held.fields or {}).get("__aenter__")
    if held.made and entered is not None and entered.func is not None:
        return run.enter(entered.func, [], {}, held)
    if held.items and not held.made:
        return merge(held.items)  # no list can be entered: this is what `contextmanager` makes of a generator
    return held


@effect("property", "functools.cached_property", "cached_property")
def _property(_: Witness, call: Invocation) -> Value:
    return Value(func=call.arg(0).func, getter=True, taint=call.arg(0).taint)


@effect(
    "staticmethod", "classmethod", "functools.lru_cache()", "functools.wraps()", "functools.cache",
    "functools.lru_cache", "contextlib.contextmanager", "abc.abstractmethod", "typing.cast",
)  # fmt: skip
def _as_it_is(_: Witness, call: Invocation) -> Value:
    return call.arg(1) if call.ref == "typing.cast" else call.arg(0)


@effect("functools.partial", "functools.partialmethod")
def _partial(_: Witness, call: Invocation) -> Value:
    return Value(ref=PARTIAL, items=list(call.args), fields=dict(call.kwargs))


@effect("operator.attrgetter", "operator.itemgetter", "operator.methodcaller")
def _getter(_: Witness, call: Invocation) -> Value:
    return Value(ref=f"{call.ref}()", items=list(call.args), fields=dict(call.kwargs))


@effect("operator.attrgetter()", "operator.itemgetter()", "operator.methodcaller()")
def _get(run: Witness, call: Invocation) -> Value:
    names = call.target.items or [] if call.target is not None else []
    obj = call.arg(0)
    if not names:
        return unknown(obj)
    if "itemgetter" in call.ref:
        return run.index(obj, names[0], call.line)
    found = [_attributes(run, obj, n.text(), call.line) for n in names[: 1 if "method" in call.ref else 20]]
    if "method" not in call.ref:
        return found[0] if len(found) == 1 else Value(items=found)
    method = found[0]
    named = dict(call.target.fields or {}) if call.target is not None else {}
    given = Invocation(method.ref, names[0].text(), names[1:], named, call.line, obj)
    return run.call(method, given)


def _attributes(run: Witness, obj: Value, dotted: str, line: int) -> Value:
    for name in dotted.split(".")[:20]:
        obj = run.attribute(obj, name, line)
    return obj


@effect("operator.call", "functools.reduce", "reduce", "asyncio.to_thread", "contextvars.copy_context().run")
def _apply(run: Witness, call: Invocation) -> Value:
    target, rest = call.arg(0), call.args[1:]
    if call.ref.endswith("reduce"):
        items = rest[0].items if rest and rest[0].items is not None else [unknown(*rest)] if rest else []
        carried = rest[1] if len(rest) > 1 else items[0] if items else Value()
        for item in (items if len(rest) > 1 else items[1:])[:2000]:
            carried = again(run, target, [carried, item], call.line)
        return carried
    return again(run, target, rest, call.line)


@effect("operator.getitem", "operator.add", "operator.concat", "operator.xor")
def _operator(run: Witness, call: Invocation) -> Value:
    if call.name == "getitem":
        return run.index(call.arg(0), call.arg(1), call.line)
    return fold.binary("^" if call.name == "xor" else "+", call.arg(0), call.arg(1))


@effect("sys.meta_path.insert", "sys.meta_path.append", "sys.path_hooks.insert", "sys.path_hooks.append")
def _hook(run: Witness, call: Invocation) -> Value:
    """What is put among the importers runs at the next import."""
    run.see(Kind.CODE_PATCH, call.ref.rpartition(".")[0], call.line)
    for value in call.args:
        held = (
            value
            if value.made
            else run.call(value, Invocation("", "", [], {}, call.line))
            if value.fields
            else value
        )
        for name in _HOOKS:
            method = (held.fields or {}).get(name)
            if method is not None and method.func is not None:
                run.enter(method.func, [], {}, held)
    return Value()


_SOON = (
    "atexit.register", "threading.Timer", "signal.signal", "sys.addaudithook", "sys.settrace",
    "sys.setprofile", "weakref.finalize", "asyncio.run", "asyncio.create_task", "asyncio.ensure_future",
    "_thread.start_new_thread", "_thread.start_new", "threading.Thread", "multiprocessing.Process",
    "asyncio.get_event_loop().call_soon", "concurrent.futures.ThreadPoolExecutor().submit",
    "concurrent.futures.ProcessPoolExecutor().submit", "asyncio.get_event_loop().run_until_complete",
    "asyncio.new_event_loop().run_until_complete", "asyncio.get_event_loop().run_in_executor",
    "multiprocessing.Pool().apply_async", "multiprocessing.Pool().apply", "trio.run", "anyio.run",
    "sched.scheduler().enter",
)  # fmt: skip


@effect(*_SOON)
def _later(run: Witness, call: Invocation) -> Value:
    """What is handed over is called by itself, with what stands beside it."""
    named = call.kwargs.get("kwargs", Value()).fields or {}
    given = call.kwargs.get("args", Value()).items
    for at, value in enumerate(call.all()):
        if value.func is None and value.ref != PARTIAL and not _library(value, call):
            continue
        rest = given if given is not None else [v for v in call.args[at + 1 :] if v.func is None]
        if given is None and rest and rest[0].items is not None and "thread" in call.ref.lower():
            rest = rest[0].items
        result = again(run, value, list(rest), call.line, **named)
        waited = call.ref.startswith(("asyncio", "trio", "anyio"))
        return result if waited else Value(ref=f"{call.ref}()", taint=result.taint)
    return call.arg(0) if call.ref.startswith("asyncio") else Value(ref=f"{call.ref}()")


_POOLS = (
    "concurrent.futures.ThreadPoolExecutor()", "concurrent.futures.ProcessPoolExecutor()",
    "multiprocessing.Pool()", "multiprocessing.pool.ThreadPool()", "multiprocessing.dummy.Pool()",
)  # fmt: skip
_EACH = ("map", "imap", "imap_unordered", "map_async", "starmap", "starmap_async")
MAX_EACH = 200  # items that a pool gives to its function one by one


@effect(*(f"{pool}.{name}" for pool in _POOLS for name in _EACH))
def _mapped(run: Witness, call: Invocation) -> Value:
    """A pool calls a function for each of many."""
    each = (fold.items(call.arg(1)) or [unknown(call.arg(1))])[:MAX_EACH]
    spread = call.name.startswith("starmap")
    made = [again(run, call.arg(0), list(i.items or ()) if spread else [i], call.line) for i in each]
    return Value(items=made, taint=call.arg(1).taint)


def _library(value: Value, call: Invocation) -> bool:
    """Whether a library's own function is handed over: `Thread(target=os.system)`."""
    return (
        bool(value.ref)
        and not value.ref.endswith("()")
        and (value is call.kwargs.get("target") or (bool(call.args) and value is call.args[0]))
    )


@effect("type")
def _type(run: Witness, call: Invocation) -> Value:
    """`type(name, bases, names)` makes a class."""
    if len(call.args) < 3:
        return Value()
    fields = dict(call.args[2].fields or {})
    return Value(fields=fields, bases=tuple(b.ref for b in call.args[1].items or () if b.ref))


@effect("pkgutil.resolve_name")
def _resolve(run: Witness, call: Invocation) -> Value:
    name = call.arg(0).whole()
    return Value(ref=name.replace(":", ".")) if isinstance(name, str) else Value(taint=call.arg(0).taint)


@effect("inspect.getsource", "inspect.getdoc", "inspect.cleandoc")
def _source(run: Witness, call: Invocation) -> Value:
    held = call.arg(0)
    if call.ref == "inspect.getdoc" and held.func is not None:
        return const(held.func.func.doc)
    return unknown(held)
