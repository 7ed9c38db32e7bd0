"""The abstract interpreter: follows values through a lowered file and tells its language what is called.

It runs a module from top to bottom (both ways of every branch, loops over known items item by item), enters
local functions where they are called, and afterwards those that nobody called: what is seen then happens
when somebody calls them. It is bounded in steps, depth and repetitions, and so always ends.
"""

from collections.abc import Callable, Sequence
from typing import Any

from biopsy.model.behaviour import When
from biopsy.static.code import ir
from biopsy.static.code.binding import Binding
from biopsy.static.code.calling import Calling, instance
from biopsy.static.code.expressions import Expressions
from biopsy.static.code.link import Module
from biopsy.static.code.looping import Looping
from biopsy.static.code.state import MAX_NESTING, Closure, Exhausted, Invocation, Language, State
from biopsy.static.code.statements import Statements
from biopsy.static.code.value import Value

__all__ = ["Closure", "Exhausted", "Interpreter", "Invocation", "Language", "State"]

MAX_ROUNDS = 3  # of callbacks that make others
MAX_LATER = 200  # callbacks that wait
_KNOWN = frozenset({When.INSTALL, When.START, When.IMPORT, When.CALL, When.TEST})
"""Moments that are not later than a call."""


class Interpreter(Expressions, Statements, Binding, Calling, Looping):
    """Runs one file. `told` hears of every behaviour: kind, value, line, moment, detail."""

    def run(self, body: Sequence[ir.Stmt]) -> None:
        """Run a module, then every function of it that nobody called; raises Exhausted."""
        self.execute(body)
        self.pending()

    def evaluate(self, node: ir.Expr) -> Value:
        """What an expression is, as far as can be told. It is a step."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted
        if self.nesting >= MAX_NESTING:
            self.limits.setdefault("too-deep", getattr(node, "line", 0))
            return Value()
        self.nesting += 1
        value = _EXPRESSIONS[type(node)](self, node)
        self.nesting -= 1
        return value

    def execute(self, body: Sequence[ir.Stmt]) -> None:
        """Run statements in order. Each is a step."""
        if self.nesting >= MAX_NESTING:
            self.limits.setdefault("too-deep", self.line)
            return
        self.nesting += 1
        for node in body:
            self.steps -= 1
            if self.steps < 0:
                raise Exhausted
            _STATEMENTS[type(node)](self, node)
        self.nesting -= 1

    def settle(self) -> None:
        """Run callbacks that wait until what they are given to is bound to its names."""
        before = self.when
        for _ in range(MAX_ROUNDS):
            waiting, self.later = self.later[:MAX_LATER], []
            for func, this, line, self.when in waiting:
                self.call(func, Invocation("", "", [], {}, line, this))
        self.when, self.later = before, []

    def pending(self) -> None:
        """Run what was written and not called: it happens when somebody calls it."""
        self.settle()
        before, at = self.when, 0
        self.resting = True
        while at < len(self.closures):
            closure = self.closures[at]
            at += 1
            if closure.func.hot and not closure.moments & _KNOWN:
                early = before is When.INSTALL and self.installs(closure)
                self.when = before if early else self.call_when
                self.enter(closure, [], {}, closure.owner and self.example(closure.owner))
        self.settle()
        self.when, self.resting = before, False

    def module(self, path: str) -> Module | None:
        """A module of the package. For what only runs when it is called, a large one is not run again."""
        if self.linker is None:
            return None
        return self.linker.kept(path) if self.resting and not self.linker.deep else self.linker.load(path)

    def example(self, cls: Value) -> Value:
        """The one object on which all methods that nobody called are run, made as the class says."""
        held = self.examples.get(id(cls))
        if held is None:
            held = self.examples[id(cls)] = instance(cls)
            for name in ("__init__", "constructor"):
                made = held.fields.get(name) if held.fields else None
                if made is not None and made.func is not None and not made.func.active:
                    self.enter(made.func, [], {}, held)
        return held

    def installs(self, closure: Closure) -> bool:
        """Whether an installer calls this function of a build script by itself."""
        return self.language.installs(closure.func.name, closure.owner.bases if closure.owner else ())


_EXPRESSIONS: dict[type, Callable[[Any, Any], Value]] = {
    ir.Const: Interpreter.constant,
    ir.Name: Interpreter.name,
    ir.Attr: Interpreter.attr,
    ir.Index: Interpreter.item,
    ir.Slice: Interpreter.nothing,
    ir.Star: Interpreter.star,
    ir.Call: Interpreter.calling,
    ir.Bin: Interpreter.binary,
    ir.Join: Interpreter.join,
    ir.Seq: Interpreter.seq,
    ir.Map: Interpreter.map,
    ir.Either: Interpreter.either,
    ir.Blend: Interpreter.blend,
    ir.Pair: Interpreter.pair,
    ir.Within: Interpreter.within,
    ir.Comp: Interpreter.comprehension,
    ir.Bind: Interpreter.bind,
    ir.Lambda: Interpreter.lambda_,
    ir.ClassValue: Interpreter.class_value,
    ir.Linked: Interpreter.linked,
}
_STATEMENTS: dict[type, Callable[[Any, Any], object]] = {
    ir.Assign: Interpreter.assignment,
    ir.Do: Interpreter.do,
    ir.Return: Interpreter.give,
    ir.If: Interpreter.branch,
    ir.For: Interpreter.loop,
    ir.Block: Interpreter.block,
    ir.Main: Interpreter.main,
    ir.Class: Interpreter.define,
    ir.Import: Interpreter.import_,
    ir.Outer: Interpreter.outer,
}
"""What each node does. Functions in tables: nothing of the reader is used more often."""
