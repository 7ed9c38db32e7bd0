"""Calls: local functions are entered with their arguments, all else is the language's to know."""

from collections.abc import Mapping

from biopsy.static.code import ir
from biopsy.static.code.state import (
    MAX_DEPTH,
    MAX_ENTERED,
    MAX_LOOPS,
    MAX_RUNS,
    Closure,
    Invocation,
    Scope,
    State,
)
from biopsy.static.code.value import Value, merge, unknown


class Calling(State):
    """Calls values."""

    def function(self, func: ir.Func) -> Value:
        """Make a value of a function."""
        closure = Closure(func, self.scope)
        self.closures.append(closure)
        return Value(func=closure)

    def _call(self, node: ir.Call) -> Value:
        receiver, name = None, ""
        if isinstance(node.func, ir.Attr):
            receiver, name = self.evaluate(node.func.obj), node.func.name
            callee = self.attribute(receiver, name, node.line)
        elif isinstance(node.func, ir.Index) and not isinstance(node.func.key, ir.Slice):
            receiver, key = self.evaluate(node.func.obj), self.evaluate(node.func.key)
            name = key.text() if key.consts else ""
            callee = self.index(receiver, key, node.line)
        else:
            callee = self.evaluate(node.func)
        args = self.sequence(node.args)
        kwargs = {k: self.evaluate(v) for k, v in node.kwargs}
        return self.call(callee, Invocation(callee.ref, name, args, kwargs, node.line, receiver, node.new))

    def call(self, callee: Value, call: Invocation) -> Value:
        """Call a value: enter it where it is local, ask the language where it is not."""
        call.target = callee
        if callee.func is not None:
            bound = callee.fields.get("") if callee.fields else None
            return self.enter(callee.func, call.args, call.kwargs, bound)
        if callee.fields is not None and not callee.made and callee.fields.keys() - {""} and not callee.ref:
            return self._construct(callee, call)
        if callee.bases and not callee.made:
            return self._construct(callee, call)
        result = self.language.invoke(self, call)
        if result is not None:
            return result
        return Value(ref=f"{call.ref}()" if call.ref and len(call.ref) < 200 else "")

    def _construct(self, cls: Value, call: Invocation) -> Value:
        made = instance(cls)
        fields = cls.fields or {}
        init = fields.get("__init__") or fields.get("constructor")
        if init is not None and init.func is not None:
            self.enter(init.func, call.args, call.kwargs, made)
        return made

    def enter(
        self, closure: Closure, args: list[Value], kwargs: Mapping[str, Value], bound: Value | None = None
    ) -> Value:
        """Run a local function with these arguments."""
        if bound is not None and closure.func.params and getattr(self.language, "self_first", False):
            args = [bound, *args]
        signature = (self.when, *(_mark(a) for a in args), *((k, _mark(v)) for k, v in kwargs.items()))
        if signature in closure.known:
            return closure.known[signature]
        most = MAX_RUNS if self.entered < MAX_ENTERED else 1
        if args and self.loops < MAX_LOOPS and all(len(a.consts) == 1 and not a.taint for a in args):
            self.loops += 1  # a decoder at work, piece by piece
            most = MAX_LOOPS
        if closure.active or closure.runs >= most or self.depth >= MAX_DEPTH:
            return unknown(*args, *kwargs.values())
        closure.runs += 1
        self.entered += 1
        closure.active = True
        outer, returns = self.scope, self.returns
        self.scope, self.returns = Scope(closure.scope), []
        self.depth += 1
        try:
            if bound is not None:
                self.scope.names["this"] = bound
            self._bind_params(closure.func.params, args, kwargs)
            if closure.body is None:
                closure.body = _lowered(closure.func)
            self.execute(closure.body)
            result = merge(self.returns)
        finally:
            self.scope, self.returns = outer, returns
            self.depth -= 1
            closure.active = False
        closure.known[signature] = result
        return result

    def _bind_params(self, params: list[ir.Param], args: list[Value], kwargs: Mapping[str, Value]) -> None:
        left = dict(kwargs)
        for at, param in enumerate(params):
            if param.rest == "*":
                self.assign(param.target, Value(items=args[at:]))
                continue
            if param.rest == "**":
                self.assign(param.target, Value(fields=left))
                continue
            name = param.target.id if isinstance(param.target, ir.Name) else ""
            if at < len(args):
                value = args[at]
            elif name in left:
                value = left.pop(name)
            elif param.default is not None:
                value = self.evaluate(param.default)
            else:
                value = self.language.builtin(f"param {name}") or Value()
            self.assign(param.target, value)


def _lowered(func: ir.Func) -> "list[ir.Stmt]":
    try:
        return func.body()
    except RecursionError:
        return []


def instance(cls: Value) -> Value:
    """An object of a class."""
    return Value(fields=dict(cls.fields or {}), bases=cls.bases, made=True)


def _mark(value: Value) -> object:
    if value.items is None and value.fields is None and value.func is None:
        return (value.consts, value.ref, value.taint)
    return id(value)
