"""Call the public functions, classes and methods of a module with made-up arguments: used by pymodules.py."""

import enum
import inspect
import os
import signal
import time
import types

import bystander
from pymade import argument_lists, codes, decoys, got, passed, strange, texts

CALL_TIME = 0.5  # seconds that one call may take, and BETWEEN
CHILD_TIME = 3.5  # …while programs run that it started
MAX_FOUND = 3000  # functions and methods of one module that are looked at
MAX_TARGETS = 300  # …that are called, the more telling first
MAX_METHODS = 40  # of one class
MAX_AFTER = 10  # calls of what one call gave back
MAX_HELD = 50  # of the functions in one list or dictionary
TAKEN = 4  # items of an iterator
TELLING = set(
    "exec eval compile system popen Popen run call check_output check_call spawn urlopen urlretrieve Request request get "
    "post put session Session socket connect sendall sendto send create_connection getaddrinfo gethostbyname open "
    "read_text read_bytes environ getenv expanduser home remove unlink rmtree removedirs write loads b64decode "
    "decompress fromhex unhexlify import_module __import__ CDLL".split()
)


class Expired(BaseException):
    """A call took too long."""


def expire(*_):
    """Answer the alarm; a call that waits for programs has more time."""
    now = time.monotonic()
    if working():
        BUSY[1] = now
    if now > BUSY[0] + CHILD_TIME or now > BUSY[1] + BETWEEN:
        raise Expired


BETWEEN = 0.5  # seconds from the end of one program to the start of the next
BUSY = [0.0, 0.0]  # when the call began, and when a program of its was last seen running


def working():
    """Whether programs run that this process started."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except OSError:
        return False


passed.append(Expired)
OWN = set()  # the modules whose objects are gone on with


def every(module, skip):
    """Yield (index, label, {}) before and (index, label, {status, reason}) after each call, from `skip` on."""
    if module is None:
        return
    here = texts(module)
    folder = decoys()
    OWN.add(module.__name__)
    found = []
    for target in targets(module, here, folder):
        found.append(target)
        if len(found) >= MAX_FOUND:
            break
    telling = [(*target[:3], False) for target in found if tells(target[3])][:MAX_TARGETS]
    others = [(*target[:3], False) for target in found if not tells(target[3])]
    odd = [(f"{label} (anything)", thing, make, True) for label, thing, make, _ in telling]
    clipboard = bystander.Clipboard()
    for index, (label, thing, make, strangely) in enumerate([*telling, *odd, *others][: 2 * MAX_TARGETS]):
        if index < skip:
            continue
        yield index, label, {}
        status, reason = attempt(thing, make, here, folder, strangely)
        clipboard.put_back()
        yield index, label, {"status": status, "reason": reason}
    clipboard.watch()
    if skip <= 2 * MAX_TARGETS and (others := bystander.replaced()):
        index, label = 2 * MAX_TARGETS, f"another's request through {others[0]}"
        yield index, label, {}
        status, reason = attempt(bystander.ask, None, here, folder)
        yield index, label, {"status": status, "reason": reason}


def tells(code):
    """Whether a function's code names something that could do harm."""
    return any(not TELLING.isdisjoint(one.co_names) for one in codes(code))


# ---- what there is to call


def targets(module, here, folder):
    """Yield (label, callable or name of a method, maker of its instance or None, its code) for what the module
    itself defines, in whatever it keeps that."""
    name = module.__name__
    seen = set()
    members = sorted(list(vars(module).items()), key=lambda pair: isinstance(pair[1], type))
    for key, value in members:
        if key.startswith("_"):
            continue
        label = f"{name}.{key}"
        if got(value, "__module__") != name or not (isinstance(value, type) or callable(value)):
            for inner, thing in kept(value, label):
                if got(thing, "__module__") == name and id(thing) not in seen:
                    seen.add(id(thing))
                    yield inner, thing, None, got(thing, "__code__")
        elif isinstance(value, type):
            if issubclass(value, (BaseException, enum.Enum)):
                continue
            yield label, value, None, got(got(value, "__init__"), "__code__")
            yield from methods(value, label, here, folder)
        elif id(value) not in seen:
            seen.add(id(value))
            yield label, value, None, got(got(value, "__wrapped__") or value, "__code__")


def kept(value, label):
    """Yield the functions that a list, a dictionary or somebody else's object (a command, a task) holds."""
    if isinstance(value, (type, types.ModuleType, types.FunctionType)):
        return
    if isinstance(value, dict):
        pairs = list(value.items())[:MAX_HELD]
    elif isinstance(value, (list, tuple, set)):
        pairs = list(enumerate(value))[:MAX_HELD]
    else:
        pairs = list((got(value, "__dict__") or {}).items())[:MAX_HELD]
    for key, thing in pairs:
        if isinstance(thing, types.FunctionType):
            yield f"{label}[{str(key)[:40]}]", thing


LEFT_OUT = {
    "__init__",
    "__new__",
    "__class_getitem__",
    "__init_subclass__",
    "__subclasshook__",
    "__getattribute__",
}


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
        if key.startswith("_") and not (key.startswith("__") and key.endswith("__")) or key in LEFT_OUT:
            continue
        owner = next((base for base in cls.__mro__ if key in vars(base)), object)
        if str(owner.__module__).partition(".")[0] != top:
            continue
        count += 1
        if count > MAX_METHODS:
            return
        value = vars(owner)[key]
        code = got(got(value, "fget") or got(value, "__func__") or value, "__code__")
        if code is not None or not key.startswith("__"):
            yield f"{label}.{key}", key, instance, code


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


def attempt(thing, make, here, folder, odd=False):
    """Call with one argument list after the other; the outcome is the best of them. The alarm is always cleared."""
    outcome = "failed", "no-arguments"
    signal.signal(signal.SIGALRM, expire)
    try:
        BUSY[0] = time.monotonic()
        BUSY[1] = BUSY[0] + CALL_TIME
        signal.setitimer(signal.ITIMER_REAL, CALL_TIME, 0.1)
        if make is not None:
            thing = getattr(make(), thing)
            if not callable(thing):
                return "completed", ""
        for arguments, named in strange(thing) if odd else argument_lists(thing, here, folder):
            try:
                result = follow(thing(*arguments, **named))
                if outcome[0] != "completed" and not isinstance(thing, type):
                    after(result, here, folder)
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
    """Drive what a call gave back (coroutines, generators, async generators) and give what came of it."""
    if inspect.iscoroutine(result):
        import asyncio

        return asyncio.run(asyncio.wait_for(result, CALL_TIME + BETWEEN))
    if inspect.isasyncgen(result):
        import asyncio

        asyncio.run(asyncio.wait_for(some(result), CALL_TIME + BETWEEN))
    elif isinstance(result, types.GeneratorType):
        for _, _ in zip(range(TAKEN), result):
            pass
    return result


def after(result, here, folder):
    """Call what a call gave back: the function that a decorator or a factory made, the methods of a client."""
    found = [result] if isinstance(result, types.FunctionType) else []
    for key in dir(type(result))[:200] if type(result).__module__ in OWN else ():
        if not key.startswith("_"):
            found.append(got(result, key))
    for thing in [one for one in found if callable(one)][:MAX_AFTER]:
        for arguments, named in argument_lists(thing, here, folder):
            try:
                follow(thing(*arguments, **named))
            except Expired:
                raise
            except BaseException:
                pass
            break


async def some(source):
    """Take a few items of an async generator."""
    count = 0
    async for _ in source:
        count += 1
        if count >= TAKEN:
            return
