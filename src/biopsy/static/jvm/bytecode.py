"""Bytecode as `ir`: the stack's values become expressions, every call a variable of its own."""

import struct
from contextlib import suppress

from msgspec import field

from biopsy.static.code import ir
from biopsy.static.code.stack import Stack
from biopsy.static.jvm.classfile import ClassFile, Method, arguments

MAX_INSTRUCTIONS = 20_000  # of one method
MAX_ARRAY = 20_000  # items of one array that is made
_BINARY = {
    **dict.fromkeys(range(96, 100), "+"),
    **dict.fromkeys(range(100, 104), "-"),
    **dict.fromkeys(range(104, 108), "*"),
    **dict.fromkeys(range(108, 112), "//"),
    **dict.fromkeys(range(112, 116), "%"),
    120: "<<",
    121: "<<",
    122: ">>",
    123: ">>",
    124: ">>",
    125: ">>",
    126: "&",
    127: "&",
    128: "|",
    129: "|",
    130: "xor",
    131: "xor",
}
_TESTS = {153: "==", 154: "!=", 155: "<", 156: ">=", 157: ">", 158: "<="}
_WIDE = frozenset({"J", "D"})
_OPERANDS = {
    **dict.fromkeys((16, 18, *range(21, 26), *range(54, 59), 169, 188), 1),
    **dict.fromkeys((17, 19, 20, 132, *range(153, 169), *range(178, 185), 187, 189, 192, 193, 198, 199), 2),
    197: 3,
    **dict.fromkeys((185, 186, 200, 201), 4),
}


class Running(Stack):
    """The lowering of one method of a class."""

    file: ClassFile = field(default_factory=lambda: ClassFile([]))
    method: Method = field(default_factory=lambda: Method("", "", static=True))


def lower(file: ClassFile, method: Method) -> list[ir.Stmt]:
    """The statements of a method; as many as there are until something in it makes no sense."""
    run = Running(file=file, method=method)
    if not method.static:
        run.body.append(ir.Assign([ir.Name("v0")], ir.Name("this")))
    with suppress(struct.error, IndexError, ValueError):  # damaged code: what came before it stands
        _all(run)
    return run.body


def parameters(method: Method) -> list[ir.Param]:
    """Its parameters, as the variables that the code knows them by."""
    slot, found = 0 if method.static else 1, []
    for kind in arguments(method.descriptor)[0]:
        found.append(ir.Param(ir.Name(f"v{slot}")))
        slot += 2 if kind in _WIDE else 1
    return found


def _all(run: Running) -> None:
    code = run.method.code
    for _ in range(MAX_INSTRUCTIONS):
        if run.at >= len(code):
            return
        op, here = code[run.at], run.at
        run.line = run.method.lines.get(here, run.line)
        run.arrive(here)
        size = _size(code, here, op)
        operand = code[here + 1 : here + size]
        _one(run, op, operand)
        run.at = here + size


def _size(code: bytes, at: int, op: int) -> int:
    if op == 196:
        return 6 if code[at + 1] == 132 else 4
    if op in {170, 171}:
        start = (at + 4) & ~3
        if op == 170:
            low, high = struct.unpack_from(">ii", code, start + 4)
            return start + 12 + 4 * (high - low + 1) - at if 0 <= high - low < len(code) else len(code)
        pairs = struct.unpack_from(">i", code, start + 4)[0]
        return start + 8 + 8 * pairs - at if 0 <= pairs < len(code) else len(code)
    return 1 + _OPERANDS.get(op, 0)


def _one(run: Running, op: int, operand: bytes) -> None:
    if op == 196 and operand:
        op, operand = operand[0], operand[1:]
    number = int.from_bytes(operand, "big")
    if op <= 20:
        run.stack.append(_constant(run, op, operand, number))
    elif op <= 95:
        _memory(run, op, number)
    elif op <= 152:
        _arithmetic(run, op, operand)
    elif op <= 177 or op in {198, 199, 200}:
        _control(run, op, operand)
    elif op <= 186:
        _member(run, op, int.from_bytes(operand[:2], "big"))
    else:
        _object(run, op, operand)


def _constant(run: Running, op: int, operand: bytes, number: int) -> ir.Expr:
    if op <= 15:
        value: object = (
            None
            if op == 1
            else op - 3
            if op <= 8
            else op - 9
            if op <= 10
            else float(op - 11 if op <= 13 else op - 14)
        )
        return ir.Const(value, run.line) if op else ir.Const(None)
    if op in {16, 17}:
        return ir.Const(int.from_bytes(operand, "big", signed=True), run.line)
    held = run.file.constants[number]
    if isinstance(held, tuple) and held[0] in {3, 4, 5, 6}:
        return ir.Const(held[1], run.line)
    if isinstance(held, tuple) and held[0] == 7:
        return ir.Name(run.file.text(number).replace("/", "."), run.line)
    return ir.Const(run.file.text(number), run.line)


def _memory(run: Running, op: int, number: int) -> None:
    """Variables, arrays and the stack."""
    if op <= 45:
        run.stack.append(ir.Name(f"v{number if op <= 25 else (op - 26) % 4}", run.line))
    elif op <= 53:
        held, key = run.take(2)
        run.stack.append(ir.Index(held, key, run.line))
    elif op <= 78:
        name = ir.Name(f"v{number if op <= 58 else (op - 59) % 4}", run.line)
        run.body.append(ir.Assign([name], run.pop(), run.line))
    elif op <= 86:
        held, key, value = run.take(3)
        run.body.append(ir.Assign([ir.Index(held, key, run.line)], value, run.line))
    elif op in {87, 88}:
        run.pop()
    elif op in {89, 92}:
        run.stack.append(run.stack[-1] if run.stack else ir.Blend([]))
    elif op in {90, 91, 93, 94}:
        top = run.pop()
        run.stack[max(len(run.stack) - (1 if op == 90 else 2), 0) : 0] = []
        place = max(len(run.stack) - (2 if op in {91, 94} else 1), 0)
        run.stack.insert(place, top)
        run.stack.append(top)
    elif op == 95:
        one, two = run.take(2)
        run.stack += [two, one]


def _arithmetic(run: Running, op: int, operand: bytes) -> None:
    if (sign := _BINARY.get(op)) is not None:
        one, two = run.take(2)
        run.stack.append(ir.Bin(sign, one, two, run.line))
    elif 116 <= op <= 119:
        run.stack.append(ir.Bin("-", ir.Const(0), run.pop(), run.line))
    elif op == 132:
        half = len(operand) // 2
        name = ir.Name(f"v{int.from_bytes(operand[:half], 'big')}", run.line)
        by = int.from_bytes(operand[half:], "big", signed=True)
        run.body.append(ir.Assign([name], ir.Bin("+", name, ir.Const(by), run.line), run.line))
    elif op == 146:
        run.stack.append(ir.Call(ir.Name("#char"), [run.pop()], line=run.line))
    elif op >= 148:
        run.stack.append(ir.Blend(run.take(2), run.line))


def _control(run: Running, op: int, operand: bytes) -> None:
    if op in {172, 173, 174, 175, 176}:
        run.body.append(ir.Return(run.pop(), run.line))
        return
    if op in {169, 170, 171, 177}:
        if op != 177:
            run.pop()
        return
    target = run.at + int.from_bytes(operand, "big", signed=True)
    if op in {167, 168, 200}:
        run.jump(target)
        return
    run.branch(target, _test(run, op))


def _test(run: Running, op: int) -> ir.Blend:
    """The condition on which a branch is taken."""
    if op in _TESTS:
        return ir.Blend([run.pop(), ir.Const(0)], run.line, _TESTS[op])
    if op >= 198:
        return ir.Blend([run.pop()], run.line)
    sign = ("==", "!=", "<", ">=", ">", "<=", "==", "!=")[op - 159]
    return ir.Blend(run.take(2), run.line, sign)


def _member(run: Running, op: int, number: int) -> None:
    owner, name, descriptor = run.file.member(number)
    if op in {178, 180}:
        held: ir.Expr = ir.Name(owner, run.line) if op == 178 else run.pop()
        run.stack.append(ir.Attr(held, name, run.line))
    elif op in {179, 181}:
        value = run.pop()
        holder: ir.Expr = ir.Name(owner, run.line) if op == 179 else run.pop()
        run.body.append(ir.Assign([ir.Attr(holder, name, run.line)], value, run.line))
    else:
        _invoke(run, op, number, (owner, name, descriptor))


def _invoke(run: Running, op: int, number: int, called: tuple[str, str, str]) -> None:
    owner, name, descriptor = called
    kinds, gives = arguments(descriptor)
    args = run.take(len(kinds))
    if op == 186:
        run.stack.append(_dynamic(run, number, name, args))
        return
    receiver: ir.Expr = ir.Name(owner, run.line) if op == 184 else run.pop()
    if name == "<init>":
        if isinstance(receiver, ir.Name) and receiver.id.startswith("new "):
            made: ir.Expr = ir.Call(ir.Name(owner, run.line), args, line=run.line, new=True)
            run.body.append(ir.Assign([receiver], made, run.line))
        else:
            run.body.extend(ir.Do(a, run.line) for a in args)
        return
    result = run.fresh(ir.Call(ir.Attr(receiver, name, run.line), args, line=run.line))
    if gives != "V":
        run.stack.append(result)


def _dynamic(run: Running, number: int, name: str, args: list[ir.Expr]) -> ir.Expr:
    """Texts that are put together, and lambdas."""
    held = run.file.constants[number]
    index = held[1] if isinstance(held, tuple) else -1
    given = run.file.bootstrap[index][1] if 0 <= index < len(run.file.bootstrap) else []
    if name == "makeConcatWithConstants" and given:
        waiting, pieces = list(args), _pieces(run.file.text(given[0]))
        whole = [waiting.pop(0) if p == "\1" and waiting else ir.Const(p, run.line) for p in pieces]
        return ir.Join(whole, run.line)
    for at in given:
        handle = run.file.constants[at] if at < len(run.file.constants) else None
        if isinstance(handle, tuple) and handle[0] == 15:
            owner, method, _ = run.file.member(handle[2])
            return ir.Attr(ir.Name(owner, run.line), method, run.line)
    return ir.Blend(args, run.line)


def _pieces(recipe: str) -> list[str]:
    found: list[str] = []
    for letter in recipe[:10_000]:
        if letter in {"\1", "\2"} or not found or found[-1] in {"\1", "\2"}:
            found.append(letter)
        else:
            found[-1] += letter
    return found


def _object(run: Running, op: int, operand: bytes) -> None:
    number = int.from_bytes(operand[:2], "big")
    if op == 187:
        run.made += 1
        run.stack.append(ir.Name(f"new {run.made}", run.line))
    elif op in {188, 189, 197}:
        size = run.take(operand[2] if op == 197 else 1)[-1:]
        known = size[0].value if size and isinstance(size[0], ir.Const) else 0
        many = known if isinstance(known, int) and 0 <= known <= MAX_ARRAY else 0
        run.stack.append(run.fresh(ir.Seq([ir.Const(None) for _ in range(many)], run.line)))
    elif op == 190:
        run.stack.append(ir.Attr(run.pop(), "length", run.line))
    elif op == 191:
        run.body.append(ir.Do(run.pop(), run.line))
    elif op == 193:
        run.stack.append(ir.Blend([run.pop()], run.line))
    elif op in {194, 195}:
        run.pop()
    elif op == 192:
        del number
