"""Call the public functions, classes and methods of a module with made-up arguments: used by pymodules.py."""

import enum
import inspect
import os
import signal
import types
import typing

CALL_TIME = 0.5  # seconds that one call may take
MAX_TARGETS = 300  # functions and methods of one module
MAX_METHODS = 40  # of one class
MAX_TEXTS = 60  # texts harvested from a module
MAX_LENGTH = 400  # of one of them
MAX_TRIES = 4  # argument lists for one function
TAKEN = 4  # items of an iterator


class Expired(BaseException):
    """A call took too long."""


def expire(*_):
    """Answer the alarm."""
    raise Expired


def every(module, skip):
    """Yield (index, label, {}) before and (index, label, {status, reason}) after each call, from `skip` on."""
    if module is None:
        return
    here = texts(module)
    folder = decoys()
    for index, (label, thing, make) in enumerate(targets(module, here, folder)):
        if index < skip:
            continue
        if index >= MAX_TARGETS:
            return
        yield index, label, {}
        status, reason = attempt(thing, make, here, folder)
        yield index, label, {"status": status, "reason": reason}


# ---- what there is to call


def got(thing, key):
    """Give an attribute, or None: there are things whose attributes import others, and fail."""
    try:
        return getattr(thing, key, None)
    except Expired:
        raise
    except BaseException:
        return None


def targets(module, here, folder):
    """Yield (label, callable, maker of its instance or None) for what the module itself defines."""
    name = module.__name__
    members = sorted(list(vars(module).items()), key=lambda pair: isinstance(pair[1], type))
    for key, value in members:
        if key.startswith("_") or got(value, "__module__") != name:
            continue
        if isinstance(value, type):
            if issubclass(value, (BaseException, enum.Enum)):
                continue
            yield f"{name}.{key}", value, None
            yield from methods(value, f"{name}.{key}", here, folder)
        elif callable(value):
            yield f"{name}.{key}", value, None


def methods(cls, label, here, folder):
    """Yield the public methods and properties of a class, on an instance that is made once, somehow."""
    held = []

    def instance():
        if not held:
            held.append(build(cls, here, folder))
        return held[0]

    top = cls.__module__.partition(".")[0]
    count = 0
    for key in dir(cls):
        if key.startswith("_") and key not in ("__call__", "__enter__", "__iter__", "__str__", "__repr__"):
            continue
        owner = next((base for base in cls.__mro__ if key in vars(base)), object)
        if str(owner.__module__).partition(".")[0] != top:
            continue
        count += 1
        if count > MAX_METHODS:
            return
        yield f"{label}.{key}", key, instance


def build(cls, here, folder):
    """Make an instance: by its constructor; where that raises, without it."""
    for arguments, named in argument_lists(cls, here, folder):
        try:
            return cls(*arguments, **named)
        except Expired:
            raise
        except BaseException:
            continue
    return cls.__new__(cls)


# ---- one call


def attempt(thing, make, here, folder):
    """Call with one argument list after the other; the outcome is the best of them. The alarm is always cleared."""
    outcome = "failed", "no-arguments"
    signal.signal(signal.SIGALRM, expire)
    try:
        signal.setitimer(signal.ITIMER_REAL, CALL_TIME, 0.1)
        if make is not None:
            thing = getattr(make(), thing)
            if not callable(thing):
                return "completed", ""
        for arguments, named in argument_lists(thing, here, folder):
            try:
                follow(thing(*arguments, **named))
                outcome = "completed", ""
            except SystemExit:
                outcome = better(outcome, "exited")
            except Expired:
                raise
            except BaseException as err:
                outcome = better(outcome, f"raised: {type(err).__name__}")
    except Expired:
        outcome = better(outcome, f"no end after {CALL_TIME} s", "timeout")
    except BaseException as err:
        outcome = better(outcome, f"raised: {type(err).__name__}")
    finally:
        clear()
    return outcome


def clear():
    """Take the alarm away, even when it goes off meanwhile."""
    while True:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            return
        except Expired:
            continue


def better(outcome, reason, status="failed"):
    """Keep an outcome that completed."""
    return outcome if outcome[0] == "completed" else (status, reason)


def follow(result):
    """Drive what a call gave back: coroutines, generators, async generators."""
    if inspect.iscoroutine(result):
        import asyncio

        asyncio.run(asyncio.wait_for(result, CALL_TIME))
    elif inspect.isasyncgen(result):
        import asyncio

        asyncio.run(asyncio.wait_for(some(result), CALL_TIME))
    elif isinstance(result, types.GeneratorType):
        for _, _ in zip(range(TAKEN), result):
            pass


async def some(source):
    """Take a few items of an async generator."""
    count = 0
    async for _ in source:
        count += 1
        if count >= TAKEN:
            return


# ---- arguments


def argument_lists(thing, here, folder):
    """Yield a few argument lists: by name and annotation; then with the texts of the function's own code."""
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except (ValueError, TypeError):
        parameters = None
    except Expired:
        raise
    except BaseException:
        parameters = None
    if parameters is None:
        yield from (((), {}), ((here[0] if here else "text",), {}), ((1,), {}))
        return
    own = constants(got(got(thing, "__func__") or thing, "__code__"))
    yield fill(parameters, lambda p: value(p, here, folder), required=True)
    if not parameters:
        return
    count = 1
    for text in dict.fromkeys([*own, *here]):
        if count >= MAX_TRIES:
            return
        count += 1
        yield fill(parameters, lambda p: text if texty(p) else value(p, here, folder), required=False)


def fill(parameters, choose, required):
    """Make one argument list."""
    arguments, named = [], {}
    for p in parameters:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or (required and p.default is not p.empty):
            continue
        if p.kind is p.KEYWORD_ONLY:
            if p.default is p.empty:
                named[p.name] = choose(p)
        elif p.default is p.empty or texty(p):
            if p.default is not p.empty or p.kind is not p.POSITIONAL_ONLY and named:
                named[p.name] = choose(p)
            else:
                arguments.append(choose(p))
    return tuple(arguments), named


def texty(p):
    """Whether a parameter may well be a text."""
    note = p.annotation
    return note in (p.empty, str, "str", typing.Any) and (p.default is p.empty or isinstance(p.default, str))


HINTS = (
    (
        ("path", "file", "filename", "fname", "src", "source", "dst"),
        lambda folder: os.path.join(folder, "notes.txt"),
    ),
    (("dir", "folder", "directory", "root", "cwd", "dest"), lambda folder: folder),
    (("url", "uri", "endpoint", "link", "address"), lambda _: "http://service.example/index.html"),
    (("host", "hostname", "domain", "server"), lambda _: "service.example"),
    (("port",), lambda _: 8080),
    (("callback", "func", "fn", "function", "handler", "hook", "cb"), lambda _: lambda *a, **k: None),
    (
        ("n", "num", "count", "size", "length", "index", "i", "limit", "timeout", "seconds", "number"),
        lambda _: 1,
    ),
    (("data", "payload", "body", "content", "buffer", "buf", "raw", "bytes"), lambda _: b"data"),
    (("items", "values", "args", "lst", "list", "seq", "iterable", "names", "lines"), lambda _: ["a", "b"]),
    (
        ("config", "options", "opts", "params", "kwargs", "mapping", "dict", "d", "env", "headers"),
        lambda _: {"key": "value"},
    ),
)
TYPES = {
    "str": "text",
    "int": 1,
    "float": 1.5,
    "bool": True,
    "bytes": b"data",
    "list": ["a"],
    "dict": {"key": "value"},
    "tuple": ("a",),
    "set": {"a"},
    "None": None,
}


def value(p, here, folder):
    """Make one argument from the parameter's name, then its annotation; failing both, a text of the module."""
    words = p.name.lower().strip("_").split("_")
    for names, make in HINTS:
        if words[-1] in names or p.name.lower() in names:
            return make(folder)
    note = p.annotation
    named = note if isinstance(note, str) else getattr(note, "__name__", "")
    if named.partition("[")[0] in TYPES:
        return TYPES[named.partition("[")[0]]
    return here[len(p.name) % len(here)] if here else "text"


def texts(module):
    """Harvest the texts that stand in a module's code and names."""
    found = [v for k, v in list(vars(module).items()) if isinstance(v, str) and not k.startswith("__")]
    for thing in list(vars(module).values()):
        if got(thing, "__module__") != module.__name__:
            continue
        for inner in list(vars(thing).values()) if isinstance(thing, type) else (thing,):
            found += constants(got(got(inner, "__func__") or inner, "__code__"))
    return [t for t in dict.fromkeys(found) if 0 < len(t) <= MAX_LENGTH][:MAX_TEXTS]


def constants(code, depth=0):
    """Give the texts in a code object and those inside it."""
    if not isinstance(code, types.CodeType) or depth > 5:
        return []
    found = []
    for constant in code.co_consts[1:] if depth == 0 and code.co_consts else code.co_consts:
        if isinstance(constant, str) and 0 < len(constant) <= MAX_LENGTH:
            found.append(constant)
        elif isinstance(constant, (tuple, frozenset)):
            found += [c for c in constant if isinstance(c, str) and 0 < len(c) <= MAX_LENGTH]
        elif isinstance(constant, types.CodeType):
            found += constants(constant, depth + 1)
    return found


def decoys():
    """Give a folder with a few ordinary files, for parameters that are paths: the machine's, or a new one."""
    import tempfile

    folder = os.path.join(os.path.expanduser("~"), "samples")
    if os.path.isfile(os.path.join(folder, "notes.txt")):
        return folder
    try:
        folder = tempfile.mkdtemp()
        for name, text in (
            ("notes.txt", "alpha\nbeta\n"),
            ("data.json", '{"key": "value"}\n'),
            ("table.csv", "a,b\n1,2\n"),
        ):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
    except OSError:
        return "."
    return folder
