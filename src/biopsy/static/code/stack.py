"""A stack machine's code on its way to `ir`: what is on the stack, what was said, where it may jump.

Branches forward are all taken, one after the other; a branch backward makes a loop of what it jumps over,
on the condition that leaves it.
"""

from msgspec import Struct, field

from biopsy.static.code import ir

NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Stack(Struct):
    """The lowering of one method, as far as it went."""

    stack: list[ir.Expr] = field(default_factory=list)
    body: list[ir.Stmt] = field(default_factory=list)
    started: dict[int, int] = field(default_factory=dict)  # statements before each offset
    joins: dict[int, list[ir.Expr]] = field(default_factory=dict)  # values that jump to an offset
    exits: list[tuple[int, int, int, ir.Blend]] = field(
        default_factory=list
    )  # from, to, statements, condition
    at: int = 0
    line: int = 0
    made: int = 0

    def pop(self) -> ir.Expr:
        """Take a value off the stack; what is not there is not known."""
        return self.stack.pop() if self.stack else ir.Blend([])

    def take(self, count: int) -> list[ir.Expr]:
        """Take several, in the order they were put."""
        return [self.pop() for _ in range(count)][::-1]

    def fresh(self, value: ir.Expr) -> ir.Name:
        """A new variable with this value."""
        self.made += 1
        name = ir.Name(f"t{self.made}", self.line)
        self.body.append(ir.Assign([name], value, self.line))
        return name

    def arrive(self, at: int) -> None:
        """Code begins at an offset: values that jump there are among what is on the stack."""
        self.started[at] = len(self.body)
        if (values := self.joins.pop(at, None)) and self.stack:
            self.stack[-1] = ir.Either([*values, self.stack[-1]], self.line)

    def jump(self, target: int) -> None:
        """Go somewhere in any case."""
        if target <= self.at:
            loop(self, target)
        elif self.stack:
            self.joins.setdefault(target, []).append(self.pop())

    def branch(self, target: int, test: ir.Blend) -> None:
        """Go somewhere on a condition; backward, that is a loop which asks at its end."""
        if target <= self.at:
            loop(self, target, test)
            return
        self.exits.append((self.at, target, len(self.body), test))
        self.body.append(ir.Do(test, self.line))


def loop(run: Stack, target: int, test: ir.Blend | None = None) -> None:
    """Make a loop of all statements since an offset."""
    start = run.started.get(target)
    if start is None:
        return
    body = run.body[start:]
    condition: ir.Expr = test if test is not None else ir.Const(value=True)
    if test is None:
        for begin, end, index, asked in run.exits:
            if begin >= target and end > run.at and asked.op in NEGATED and index >= start:
                condition = ir.Blend(asked.parts, asked.line, NEGATED[asked.op])
                body = body[: index - start] + body[index - start + 1 :]
                break
    del run.body[start:]
    run.exits = [e for e in run.exits if e[2] < start]
    run.body.append(ir.For(None, condition, body, run.line))
