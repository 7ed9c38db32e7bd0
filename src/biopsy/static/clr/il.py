"""Intermediate language as `ir`: the stack's values become expressions, every call a variable of its own."""

from msgspec import field

from biopsy.static.clr.assembly import Assembly, Called, Method
from biopsy.static.code import ir
from biopsy.static.code.stack import NEGATED, Stack

MAX_INSTRUCTIONS = 20_000  # of one method
MAX_ARRAY = 20_000  # items of one array that is made

_BINARY = {
    0x58: "+",
    0x59: "-",
    0x5A: "*",
    0x5B: "//",
    0x5C: "//",
    0x5D: "%",
    0x5E: "%",
    0x5F: "&",
    0x60: "|",
    0x61: "xor",
    0x62: "<<",
    0x63: ">>",
    0x64: ">>",
    **dict.fromkeys((0xD6, 0xD7), "+"),
    **dict.fromkeys((0xD8, 0xD9), "*"),
    **dict.fromkeys((0xDA, 0xDB), "-"),
}
_TESTS = ("==", ">=", ">", "<=", "<", "!=", ">=", ">", "<=", "<")  # of two values, from `beq` on
_ONE = frozenset({0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x1F, *range(0x2B, 0x38), 0xDE})
_FOUR = frozenset(
    {
        0x20,
        0x22,
        0x27,
        0x28,
        0x29,
        *range(0x38, 0x45),
        0x6F,
        0x70,
        0x71,
        0x72,
        0x73,
        0x74,
        0x75,
        0x79,
        0x7B,
        0x7C,
        0x7D,
        0x7E,
        0x7F,
        0x80,
        0x81,
        0x8C,
        0x8D,
        0x8F,
        0xA3,
        0xA4,
        0xA5,
        0xC2,
        0xC6,
        0xD0,
        0xDD,
    }
)
_LONG = {0x06: 4, 0x07: 4, **dict.fromkeys(range(0x09, 0x0F), 2), 0x12: 1, 0x15: 4, 0x16: 4, 0x1C: 4, 0x19: 1}


class Running(Stack):
    """The lowering of one method of an assembly."""

    assembly: Assembly | None = None
    method: Method = field(default_factory=lambda: Method("", "", static=True, count=0, code=b"", token=0))

    def look(self, operand: bytes) -> Called:
        """What a token names."""
        token = int.from_bytes(operand[:4], "little")
        return self.assembly.called(token) if self.assembly is not None else Called("", "")


def lower(assembly: Assembly, method: Method) -> list[ir.Stmt]:
    """The statements of a method; as many as there are until something in it makes no sense."""
    run = Running(assembly=assembly, method=method)
    if not method.static:
        run.body.append(ir.Assign([ir.Name("a0")], ir.Name("this")))
    code = method.code
    for _ in range(MAX_INSTRUCTIONS):
        if run.at >= len(code):
            break
        here, op = run.at, code[run.at]
        run.arrive(here)
        size, operand = _operand(code, here, op)
        if op == 0xFE:
            _long(run, code[here + 1] if here + 1 < len(code) else 0, operand)
        else:
            _one(run, op, operand, here + size)
        run.at = here + size
    return run.body


def parameters(method: Method) -> list[ir.Param]:
    """Its parameters, as the variables that the code knows them by."""
    first = 0 if method.static else 1
    return [ir.Param(ir.Name(f"a{first + n}")) for n in range(method.count)]


def _operand(code: bytes, at: int, op: int) -> tuple[int, bytes]:
    if op == 0xFE:
        size = _LONG.get(code[at + 1] if at + 1 < len(code) else 0, 0)
        return 2 + size, code[at + 2 : at + 2 + size]
    if op == 0x45:
        size = 4 + 4 * min(int.from_bytes(code[at + 1 : at + 5], "little"), len(code))
    else:
        size = 1 if op in _ONE else 4 if op in _FOUR else 8 if op in {0x21, 0x23} else 0
    return 1 + size, code[at + 1 : at + 1 + size]


def _one(run: Running, op: int, operand: bytes, after: int) -> None:
    if op <= 0x26:
        _simple(run, op, operand)
    elif op in {0x28, 0x6F, 0x73}:
        _call(run, op, run.look(operand))
    elif op <= 0x45 or op in {0xDD, 0xDE}:
        _control(run, op, operand, after)
    elif (sign := _BINARY.get(op)) is not None:
        one, two = run.take(2)
        run.stack.append(ir.Bin(sign, one, two, run.line))
    else:
        _object(run, op, operand)


def _simple(run: Running, op: int, operand: bytes) -> None:
    """Constants, arguments, variables."""
    number = int.from_bytes(operand[:1], "little")
    if 0x02 <= op <= 0x05 or op in {0x0E, 0x0F}:
        run.stack.append(ir.Name(f"a{op - 2 if op <= 5 else number}", run.line))
    elif 0x06 <= op <= 0x09 or op in {0x11, 0x12}:
        run.stack.append(ir.Name(f"v{op - 6 if op <= 9 else number}", run.line))
    elif 0x0A <= op <= 0x0D or op in {0x10, 0x13}:
        name = f"a{number}" if op == 0x10 else f"v{op - 10 if op <= 0x0D else number}"
        run.body.append(ir.Assign([ir.Name(name, run.line)], run.pop(), run.line))
    elif op == 0x14:
        run.stack.append(ir.Const(None, run.line))
    elif 0x15 <= op <= 0x1E:
        run.stack.append(ir.Const(op - 0x16, run.line))
    elif 0x1F <= op <= 0x21:
        run.stack.append(ir.Const(int.from_bytes(operand, "little", signed=True), run.line))
    elif op in {0x22, 0x23}:
        run.stack.append(ir.Const(0.0, run.line))
    elif op == 0x25:
        run.stack.append(run.stack[-1] if run.stack else ir.Blend([]))
    elif op == 0x26:
        run.pop()


def _control(run: Running, op: int, operand: bytes, after: int) -> None:
    if op == 0x2A:
        if run.stack:
            run.body.append(ir.Return(run.pop(), run.line))
        return
    if op in {0x27, 0x29, 0x45}:
        run.pop()
        return
    target = after + int.from_bytes(operand, "little", signed=True)
    short = op - 0x2B if op <= 0x37 else op - 0x38
    if short == 0 or op in {0xDD, 0xDE}:
        run.jump(target)
    elif short in {1, 2}:
        held = run.pop()
        known = held if isinstance(held, ir.Blend) and held.op in NEGATED else None
        if known is not None:
            test = known if short == 2 else ir.Blend(known.parts, known.line, NEGATED[known.op])
        else:
            test = ir.Blend([held, ir.Const(0)], run.line, "==" if short == 1 else "!=")
        run.branch(target, test)
    else:
        run.branch(target, ir.Blend(run.take(2), run.line, _TESTS[min(short - 3, 9)]))


def _long(run: Running, op: int, operand: bytes) -> None:
    number = int.from_bytes(operand[:2], "little")
    if 0x01 <= op <= 0x05:
        sign = {1: "==", 2: ">", 3: ">", 4: "<", 5: "<"}[op]
        run.stack.append(ir.Blend(run.take(2), run.line, sign))
    elif op in {0x06, 0x07}:
        if op == 0x07:
            run.pop()
        called = run.look(operand)
        run.stack.append(ir.Attr(ir.Name(called.owner, run.line), called.name, run.line))
    elif op in {0x09, 0x0A, 0x0C, 0x0D}:
        run.stack.append(ir.Name(f"{'a' if op <= 0x0A else 'v'}{number}", run.line))
    elif op in {0x0B, 0x0E}:
        name = ir.Name(f"{'a' if op == 0x0B else 'v'}{number}", run.line)
        run.body.append(ir.Assign([name], run.pop(), run.line))
    elif op in {0x15, 0x11}:
        run.pop()


def _call(run: Running, op: int, called: Called) -> None:
    args = run.take(called.count)
    if op == 0x73:
        made: ir.Expr = ir.Call(ir.Name(called.owner, run.line), args, line=run.line, new=True)
        if (
            called.owner.startswith("System.Func")
            or called.owner.startswith("System.Action")
            or len(args) == 2
        ):
            function = args[-1] if args else None
            made = function if isinstance(function, ir.Attr) else made  # a delegate is its function
        run.stack.append(run.fresh(made))
        return
    this: ir.Expr = run.pop() if called.this else ir.Name(called.owner, run.line)
    if called.name == ".ctor":
        return
    if called.name == "InitializeArray" and len(args) == 2 and isinstance(args[1], ir.Const):
        _fill(run, args[0], args[1].value)
        return
    if called.name.startswith("get_") and not args:
        run.stack.append(ir.Attr(this, called.name[4:], run.line))
        return
    if called.name.startswith("set_") and len(args) == 1:
        run.body.append(ir.Assign([ir.Attr(this, called.name[4:], run.line)], args[0], run.line))
        return
    result = run.fresh(ir.Call(ir.Attr(this, called.name, run.line), args, line=run.line))
    if called.gives:
        run.stack.append(result)


def _fill(run: Running, array: ir.Expr, data: object) -> None:
    """An array gets what stands in the assembly for it."""
    if isinstance(array, ir.Name) and isinstance(data, bytes):
        size = next(
            (
                len(s.value.items)
                for s in reversed(run.body)
                if isinstance(s, ir.Assign) and s.targets[0] is array and isinstance(s.value, ir.Seq)
            ),
            0,
        )
        items: list[ir.Expr] = [ir.Const(b) for b in data[: size or 0]]
        run.body.append(ir.Assign([array], ir.Seq(items, run.line), run.line))


def _object(run: Running, op: int, operand: bytes) -> None:
    token = int.from_bytes(operand[:4], "little")
    assembly = run.assembly
    if op == 0x72 and assembly is not None:
        run.stack.append(ir.Const(assembly.string(token), run.line))
    elif op in {0x7B, 0x7C, 0x7E, 0x7F}:
        called = run.look(operand)
        held: ir.Expr = run.pop() if op <= 0x7C else ir.Name(called.owner, run.line)
        run.stack.append(ir.Attr(held, called.name, run.line))
    elif op in {0x7D, 0x80}:
        called, value = run.look(operand), run.pop()
        holder: ir.Expr = run.pop() if op == 0x7D else ir.Name(called.owner, run.line)
        run.body.append(ir.Assign([ir.Attr(holder, called.name, run.line)], value, run.line))
    elif op == 0x8D:
        size = run.pop()
        many = size.value if isinstance(size, ir.Const) and isinstance(size.value, int) else 0
        many = many if 0 <= many <= MAX_ARRAY else 0
        run.stack.append(run.fresh(ir.Seq([ir.Const(None) for _ in range(many)], run.line)))
    elif 0x90 <= op <= 0x9A or op in {0xA3, 0x8F}:
        held, key = run.take(2)
        run.stack.append(ir.Index(held, key, run.line))
    elif 0x9B <= op <= 0xA2 or op == 0xA4:
        held, key, value = run.take(3)
        run.body.append(ir.Assign([ir.Index(held, key, run.line)], value, run.line))
    elif op == 0x8E:
        run.stack.append(ir.Attr(run.pop(), "Length", run.line))
    elif op == 0xD0 and assembly is not None:
        run.stack.append(
            ir.Const(assembly.data(token), run.line) if token >> 24 == 4 else ir.Name(assembly.named(token))
        )
    elif op == 0x7A:
        run.body.append(ir.Do(run.pop(), run.line))
    elif op in {*range(0x51, 0x58), 0xDF, 0x81, 0x70}:
        run.take(2)
    elif op == 0xD1:
        run.stack.append(ir.Call(ir.Name("#char"), [run.pop()], line=run.line))
