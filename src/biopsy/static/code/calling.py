"""Calls: local functions are entered with their arguments, all else is the language's to know."""

from collections.abc import Mapping

from biopsy.static.code import ir
from biopsy.static.code.state import (
    MAX_DEPTH,
    MAX_ENTERED,
    MAX_LOOPS,
    MAX_RUNS,
    MAX_SELF,
    MAX_WIDE,
    YIELDED,
    Closure,
    Invocation,
    Scope,
    State,
)
from biopsy.static.code.value import CLEAN, Value, clean, merge, taints, unknown

MAX_YIELDED = 200  # values of one call of a generator
_STANDING = frozenset({"data", "decoded"})
"""Where what is known from the package's own files comes from."""
_FILLS = frozenset({"append", "extend", "add", "update", "insert", "appendleft", "push", "unshift"})
PARTIAL = "#partial"
"""The library path of a function with some of its arguments given: its items are the function and these."""


class Calling(State):
    """Calls values."""

    def function(self, func: ir.Func) -> Value:
        """Make a value of a function."""
        closure = Closure(func, self.scope, home=self.source)
        self.closures.append(closure)
        return Value(func=closure, getter=func.getter)

    def lambda_(self, node: ir.Lambda) -> Value:
        """A function."""
        return self.function(node.func)

    def calling(self, node: ir.Call) -> Value:
        """A call, as it is written."""
        receiver, name, func = None, "", node.func
        if type(func) is ir.Attr:
            receiver, name = self.evaluate(func.obj), func.name
            callee = self.attribute(receiver, name, node.line)
        elif type(func) is ir.Index and type(func.key) is not ir.Slice:
            receiver, key = self.evaluate(func.obj), self.evaluate(func.key)
            name = key.text() if key.consts else ""
            callee = self.index(receiver, key, node.line)
        else:
            callee = self.evaluate(func)
        args = self.sequence(node.args)
        if name in _FILLS and type(func) is ir.Attr and not all(map(clean, args)):
            self._filled(func.obj, args)
        kwargs = {k: self.evaluate(v) for k, v in node.kwargs} if node.kwargs else {}
        return self.call(callee, Invocation(callee.ref, name, args, kwargs, node.line, receiver, node.new))

    def _filled(self, held: ir.Expr, args: list[Value]) -> None:
        """Something is put into a container that is taken from another one: that holds it as well."""
        if type(held) is ir.Call and type(held.func) is ir.Attr and held.func.name in {"setdefault", "get"}:
            whole = held.func.obj
        elif type(held) is ir.Index:
            whole = held.obj
        else:
            return
        if type(whole) is ir.Name or type(whole) is ir.Attr:
            self.evaluate(whole).take(frozenset(t for a in args for t in a.all_taint()))

    def call(self, callee: Value, call: Invocation) -> Value:
        """Call a value: enter it where it is local, ask the language where it is not."""
        if callee.link:
            callee = self.opened(callee)
        call.target, self.line = callee, call.line
        if callee.func is not None and call.new:
            return self._made_by(callee, call)
        if callee.func is not None:
            bound = callee.fields.get("") if callee.fields else None
            if bound is None and call.receiver is not None and call.receiver.fields and not self.self_first:
                bound = call.receiver
            return self.enter(callee.func, call.args, call.kwargs, bound)
        if callee.ref == PARTIAL and callee.items:
            target, *given = callee.items
            call.args, call.ref = [*given, *call.args], target.ref
            call.kwargs = {**(callee.fields or {}), **call.kwargs}
            return self.call(target, call)
        if callee.made and callee.fields and (called := callee.fields.get("__call__")) and called.func:
            return self.enter(called.func, call.args, call.kwargs, callee)
        if callee.fields is not None and not callee.made and callee.fields.keys() - {""} and not callee.ref:
            return self._construct(callee, call)
        if callee.bases and not callee.made:
            return self._construct(callee, call)
        result = self.language.invoke(self, call)
        if result is not None:
            return result
        taint = taints(call.all()) if not call.receiver and call.args else CLEAN
        return Value(ref=f"{call.ref}()" if call.ref and len(call.ref) < 200 else "", taint=taint)

    def _made_by(self, callee: Value, call: Invocation) -> Value:
        """What `new` makes of a plain function: an object of its prototype, unless it gives one itself."""
        assert callee.func is not None
        prototype = (callee.fields or {}).get("prototype")
        made = Value(fields=dict(prototype.fields or {}) if prototype is not None else {}, made=True)
        given = self.enter(callee.func, call.args, call.kwargs, made)
        return (
            given if given.made or given.fields is not None or given.func is not None or given.ref else made
        )

    def _construct(self, cls: Value, call: Invocation) -> Value:
        made = instance(cls)
        fields = cls.fields or {}
        init = fields.get("__init__") or fields.get("constructor")
        if init is not None and init.func is not None:
            self.enter(init.func, call.args, call.kwargs, made)
        elif cls.bases:
            made.taint = taints(call.all()) if call.args else CLEAN
        return made

    def enter(
        self, closure: Closure, args: list[Value], kwargs: Mapping[str, Value], bound: Value | None = None
    ) -> Value:
        """Run a local function with these arguments.

        A function that was run with many different ones is from then on run with what they come from alone,
        so that calls made for show never keep the one that matters from being followed.
        """
        if bound is not None and closure.func.params and self.self_first:
            args = [bound, *args]
        marks = [_mark(a) for a in args]
        if kwargs:
            marks += [(k, _mark(v)) for k, v in kwargs.items()]
        if bound is not None and self.by_object:
            marks.append(_mark(bound))
        signature: tuple[object, ...] = (self.when, *marks)
        if (known := closure.known.get(signature)) is not None:
            return known[0]
        exact = (
            bool(args)
            and self.loops < MAX_LOOPS
            and all(len(a.consts) == 1 and a.taint <= _STANDING for a in args)
        )
        if exact:
            self.loops += 1  # a decoder at work, piece by piece
        elif closure.runs >= (MAX_RUNS if self.entered < MAX_ENTERED else 1):
            args, kwargs = [_wide(a) for a in args], {k: _wide(v) for k, v in kwargs.items()}
            every = [*args, *kwargs.values(), *([bound] if bound is not None and self.by_object else [])]
            near = closure.runs < MAX_RUNS + MAX_WIDE and self.entered < MAX_ENTERED
            signature = (
                "wide",
                self.when,
                *((a.taint, a.ref, id(a.func)) if near else a.taint for a in every),
            )
            if (known := closure.known.get(signature)) is not None:
                return known[0]
            if not near and not any(a.taint for a in every):
                return unknown()
            if closure.runs >= MAX_RUNS + 3 * MAX_WIDE:
                self.limits.setdefault("too-many-calls", self.line)
                return unknown(*every)
        if closure.active > (MAX_SELF if exact else 0) or self.depth >= MAX_DEPTH:
            if not closure.active:
                self.limits.setdefault("too-deep", self.line)
            return unknown(*args, *kwargs.values())
        return self._entered(closure, args, kwargs, bound, signature)

    def _entered(
        self,
        closure: Closure,
        args: list[Value],
        kwargs: Mapping[str, Value],
        bound: Value | None,
        signature: object,
    ) -> Value:
        closure.runs += 1
        closure.moments |= {self.when}
        self.entered += 1
        closure.active += 1
        outer, returns, source, nesting = self.scope, self.returns, self.source, self.nesting
        self.trail.append(f"{source.path}:{self.line}")
        self.scope, self.returns, self.source = Scope(closure.scope), [], closure.home or source
        self.depth += 1
        try:
            if bound is not None:
                self.scope.names["this"] = bound
            if self.rebinds and args:
                self.scope.names["arguments"] = Value(items=args)
            self._bind_params(closure.func.params, args, kwargs)
            self.execute(_lowered(closure.func))
            result = _given(self.returns)
        except RecursionError:
            self.limits.setdefault("too-deep", self.line)
            result = unknown(*args, *kwargs.values())
        finally:
            self.scope, self.returns, self.source = outer, returns, source
            self.nesting = nesting
            self.depth -= 1
            self.trail.pop()
            closure.active -= 1
        closure.known[signature] = (result, (args, kwargs))  # what is marked by its place stays in it
        return result

    def _bind_params(self, params: list[ir.Param], args: list[Value], kwargs: Mapping[str, Value]) -> None:
        left = dict(kwargs) if kwargs else {}
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


def _given(returns: list[Value]) -> Value:
    """What a function gives: one of what it returns, or a list of what it yields and returns."""
    if not any(r.ref == YIELDED for r in returns):
        return merge(returns)
    every = [i for r in returns for i in ((r.items or []) if r.ref == YIELDED else [r])]
    return Value(items=every[:MAX_YIELDED])


def _lowered(func: ir.Func) -> "list[ir.Stmt]":
    try:
        return func.body()
    except RecursionError:
        return []


def instance(cls: Value) -> Value:
    """An object of a class."""
    return Value(fields=dict(cls.fields or {}), bases=cls.bases, made=True)


def _wide(value: Value) -> Value:
    """A value of which only its origin is kept."""
    return Value(ref=value.ref, taint=value.all_taint(), func=value.func, link=value.link)


def _mark(value: Value) -> object:
    if value.items is None and value.fields is None and value.func is None:
        return (value.consts, value.ref, value.taint, value.link)
    return (id(value), value.all_taint())
