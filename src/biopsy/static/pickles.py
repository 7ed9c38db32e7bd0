"""Pickles by their opcodes: which functions loading one would call, and with what. Nothing is loaded.

A small machine follows the stack and the memo as far as names and plain values go (PEP 307, 3154, 574), so
that names that were put together, memoised or nested are found. What it cannot follow is an unknown.
"""

import pickletools
from collections.abc import Callable, Iterator

from msgspec import Struct, field

MAX_PICKLE = 32 * 1024**2  # bytes
MAX_OPS = 400_000
MAX_STACK = 20_000
MAX_CALLS = 400

_MARK = object()
_UNKNOWN = object()


class Global(Struct, frozen=True):
    """A function or class by its dotted name."""

    name: str


class Call(Struct, frozen=True):
    """A call that loading makes: the dotted name of what is called, and its plain arguments."""

    name: str
    args: tuple[object, ...]


class Loaded(Struct):
    """What a pickle names and calls, in order. `broken` where its opcodes end in nothing."""

    names: dict[str, None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    inner: list[bytes] = field(default_factory=list)  # bytes among its values, for pickles in pickles
    broken: bool = False


def read(data: bytes) -> Loaded:
    """Follow a pickle. Never raises."""
    machine = _Machine()
    try:
        for count, (op, arg, _) in enumerate(pickletools.genops(data[:MAX_PICKLE])):
            if count >= MAX_OPS or len(machine.stack) > MAX_STACK or len(machine.loaded.calls) >= MAX_CALLS:
                break
            machine.step(op, arg)
    except MemoryError:
        raise
    except Exception:  # pickletools raises whatever it meets in broken data
        machine.loaded.broken = True
    return machine.loaded


class _Machine:
    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.loaded = Loaded()

    def step(self, op: pickletools.OpcodeInfo, arg: object) -> None:
        if known := _STEPS.get(op.name):
            known(self, arg)
            return
        if isinstance(arg, str | bytes | bytearray | int) and not op.stack_before:
            self.stack.append(bytes(arg) if isinstance(arg, bytearray) else arg)
            if isinstance(arg, bytes | bytearray) and len(arg) > 8 and len(self.loaded.inner) < 50:
                self.loaded.inner.append(bytes(arg))
            return
        self.generic(op)

    def generic(self, op: pickletools.OpcodeInfo) -> None:
        """Any other opcode, by what it says that it takes and leaves."""
        before = [kind.name for kind in op.stack_before]
        if "mark" in before:
            items = self.to_mark()
            for _ in before[: before.index("mark")]:
                self.pop()
            self.stack.append(tuple(items))
            return
        for _ in before:
            self.pop()
        self.stack.extend(_UNKNOWN for _ in op.stack_after)

    def pop(self) -> object:
        return self.stack.pop() if self.stack else _UNKNOWN

    def to_mark(self) -> list[object]:
        items: list[object] = []
        while self.stack and (one := self.stack.pop()) is not _MARK:
            items.append(one)
        return items[::-1]

    def name(self, module: object, name: object) -> None:
        whole = f"{module if isinstance(module, str) else '?'}.{name if isinstance(name, str) else '?'}"
        self.loaded.names[whole] = None
        self.stack.append(Global(whole))

    def call(self, target: object, args: object) -> None:
        values = args if isinstance(args, tuple) else (args,)
        if isinstance(target, Global):
            if target.name.endswith((".getattr", ".attrgetter", ".__getattribute__")) and len(values) >= 1:
                self.attribute(target, values)
                return
            if target.name.endswith((".__import__", ".import_module")) and isinstance(values[0:1], tuple):
                self.loaded.calls.append(Call(target.name, values))
                self.stack.append(Global(str(values[0]) if values else "?"))
                return
            self.loaded.calls.append(Call(target.name, values))
        self.stack.append(_UNKNOWN)

    def attribute(self, target: Global, values: tuple[object, ...]) -> None:
        """`getattr(module, "system")` is the function."""
        first, last = values[0], values[-1]
        if isinstance(first, Global) and isinstance(last, str):
            self.name(first.name, last)
        else:
            self.loaded.calls.append(Call(target.name, values))
            self.stack.append(_UNKNOWN)


def _global(machine: _Machine, arg: object) -> None:
    module, _, name = str(arg).partition(" ")
    machine.name(module, name)


def _stack_global(machine: _Machine, _: object) -> None:
    name = machine.pop()
    machine.name(machine.pop(), name)


def _reduce(machine: _Machine, _: object) -> None:
    args = machine.pop()
    machine.call(machine.pop(), args)


def _inst(machine: _Machine, arg: object) -> None:
    args = tuple(machine.to_mark())
    module, _, name = str(arg).partition(" ")
    machine.name(module, name)
    machine.call(machine.pop(), args)


def _obj(machine: _Machine, _: object) -> None:
    items = machine.to_mark()
    machine.call(items[0] if items else _UNKNOWN, tuple(items[1:]))


def _newobj_ex(machine: _Machine, _: object) -> None:
    machine.pop()
    _reduce(machine, None)


def _build(machine: _Machine, _: object) -> None:
    machine.pop()  # state is set on what is below


def _tuple(size: int) -> Callable[[_Machine, object], None]:
    def make(machine: _Machine, _: object) -> None:
        items = [machine.pop() for _ in range(size)]
        machine.stack.append(tuple(items[::-1]))

    return make


def _put(machine: _Machine, arg: object) -> None:
    if len(machine.memo) < MAX_STACK and machine.stack:
        machine.memo[int(str(arg)) if arg is not None else len(machine.memo)] = machine.stack[-1]


def _get(machine: _Machine, arg: object) -> None:
    machine.stack.append(machine.memo.get(int(str(arg)), _UNKNOWN))


_STEPS: dict[str, Callable[[_Machine, object], object]] = {
    "GLOBAL": _global, "STACK_GLOBAL": _stack_global, "INST": _inst, "OBJ": _obj, "REDUCE": _reduce,
    "NEWOBJ": _reduce, "NEWOBJ_EX": _newobj_ex, "BUILD": _build,
    "MARK": lambda m, _: m.stack.append(_MARK), "TUPLE": lambda m, _: m.stack.append(tuple(m.to_mark())),
    "TUPLE1": _tuple(1), "TUPLE2": _tuple(2), "TUPLE3": _tuple(3),
    "EMPTY_TUPLE": lambda m, _: m.stack.append(()), "MEMOIZE": _put, "PUT": _put, "BINPUT": _put,
    "LONG_BINPUT": _put, "GET": _get, "BINGET": _get, "LONG_BINGET": _get,
    "POP": lambda m, _: m.pop(), "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "POP_MARK": lambda m, _: m.to_mark(), "PROTO": lambda _, __: None, "FRAME": lambda _, __: None,
    "STOP": lambda _, __: None,
}  # fmt: skip


def texts(call: Call) -> Iterator[str]:
    """The plain texts among the arguments of a call, lists and tuples opened."""
    waiting = list(call.args)
    for _ in range(200):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, str):
            yield one
        elif isinstance(one, bytes):
            yield one.decode("utf-8", "replace")
        elif isinstance(one, tuple):
            waiting = [*one, *waiting]
