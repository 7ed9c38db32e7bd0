"""The abstract interpreter: follows values through a lowered file and tells its language what is called.

It runs a module from top to bottom (both ways of every branch, loops over known items item by item), enters
local functions where they are called, and afterwards those that nobody called: what is seen then happens
when somebody calls them. It is bounded in steps, depth and repetitions, and so always ends.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from biopsy.model.behaviour import When
from biopsy.static.code import fold, ir
from biopsy.static.code.value import CLEAN, HOLE, MAX_CONSTS, Value, const, merge, unknown

MAX_DEPTH = 10  # functions inside functions
MAX_NESTING = 180  # expressions and statements inside each other
MAX_RUNS = 12  # of one function with different arguments
MAX_ENTERED = 3000  # calls of local functions of one file, past which each is entered once
MAX_LOOP = 20_000  # iterations of one loop
MAX_LOOPS = 60_000  # iterations of all loops of a file


class Exhausted(Exception):  # noqa: N818 - it is a state, caught by the reader
    """The budget of steps is used up."""


class Scope:
    """Variables of a module or function; `parent` is where it was written."""

    __slots__ = ("names", "outer", "parent")

    def __init__(self, parent: "Scope | None" = None) -> None:
        """Start empty."""
        self.names: dict[str, Value | Thunk] = {}
        self.parent = parent
        self.outer: set[str] = set()


@dataclass(slots=True, eq=False)
class Thunk:
    """A value that nobody has asked for yet."""

    expr: ir.Expr


@dataclass(slots=True, eq=False)
class Closure:
    """A function with the scope it was written in, and what it gave when it was run."""

    func: ir.Func
    scope: Scope
    owner: Value | None = None  # the class it belongs to
    runs: int = 0
    active: bool = False
    known: dict[object, Value] = field(default_factory=dict)
    body: "list[ir.Stmt] | None" = None


@dataclass(slots=True, eq=False)
class Invocation:
    """One call of something that is not a local function."""

    ref: str
    name: str  # the last word: the method
    args: list[Value]
    kwargs: dict[str, Value]
    line: int
    receiver: Value | None = None
    new: bool = False
    target: Value | None = None  # what is called

    def arg(self, at: int, name: str = "") -> Value:
        """An argument by position or name; an unknown value where it is not given."""
        if name and name in self.kwargs:
            return self.kwargs[name]
        return self.args[at] if at < len(self.args) else Value()

    def all(self) -> list[Value]:
        """All arguments."""
        return [*self.args, *self.kwargs.values()]


class Language(Protocol):
    """What is particular to a language: builtins, attributes of libraries, what its functions do."""

    def builtin(self, name: str) -> Value | None:
        """The value of a name that nothing binds."""

    def attribute(self, run: "Interpreter", obj: Value, name: str, line: int) -> Value | None:
        """An attribute of a library object; None where nothing special is known."""

    def invoke(self, run: "Interpreter", call: Invocation) -> Value | None:
        """Do what calling a library function does; None where nothing is known of it."""

    def patched(self, run: "Interpreter", obj: Value, name: str, value: Value, line: int) -> None:
        """An attribute of a library object is assigned."""

    def installs(self, name: str, bases: tuple[str, ...]) -> bool:
        """Whether an installer calls a function of that name, in a class with these bases, by itself."""


class Interpreter:
    """Runs one file. `told` hears of every behaviour: kind, value, line, moment, detail."""

    def __init__(self, language: Language, when: When, steps: int) -> None:
        """Prepare for code that runs at `when`, in at most `steps` steps."""
        self.language, self.when, self.steps = language, when, steps
        self.main_when = when if when in {When.INSTALL, When.START, When.TEST, When.DOCS} else When.CALL
        self.call_when = when if when in {When.TEST, When.DOCS, When.UNKNOWN} else When.CALL
        self.scope = Scope()
        self.closures: list[Closure] = []
        self.depth = self.nesting = self.loops = self.entered = 0
        self.returns: list[Value] = []
        self.memory: dict[str, Value] = {}  # what a language keeps during a file: written paths, …
        self._expressions: dict[type, Callable[..., Value]] = {
            ir.Const: lambda n: const(n.value),
            ir.Name: self._name,
            ir.Attr: lambda n: self.attribute(self.evaluate(n.obj), n.name, n.line),
            ir.Index: self._index,
            ir.Slice: lambda _: Value(),
            ir.Star: lambda n: self.evaluate(n.value),
            ir.Call: self._call,
            ir.Bin: lambda n: fold.binary(n.op, self.evaluate(n.left), self.evaluate(n.right)),
            ir.Join: lambda n: fold.join([self.evaluate(p) for p in n.parts]),
            ir.Seq: lambda n: Value(items=self.sequence(n.items)),
            ir.Map: self._map,
            ir.Either: lambda n: merge([self.evaluate(o) for o in n.options]),
            ir.Blend: self._blend,
            ir.Comp: self._comp,
            ir.Bind: self._bind,
            ir.Lambda: lambda n: self.function(n.func),
            ir.ClassValue: lambda n: self.define(n.cls),
        }
        self._statements: dict[type, Callable[..., None]] = {
            ir.Assign: self._assign,
            ir.Do: lambda n: void(self.evaluate(n.value)),
            ir.Return: lambda n: self.returns.append(self.evaluate(n.value)),
            ir.If: self._if,
            ir.For: self._for,
            ir.Block: lambda n: self.execute(n.body),
            ir.Main: self._main,
            ir.Class: lambda n: void(self.define(n)),
            ir.Import: self._import,
            ir.Outer: lambda n: self.scope.outer.update(n.names),
        }

    def run(self, body: "list[ir.Stmt]") -> None:
        """Run a module, then every function of it that nobody called; raises Exhausted."""
        self.execute(body)
        self.pending()

    def pending(self) -> None:
        """Run what was written and not called: it happens when somebody calls it."""
        before, at = self.when, 0
        while at < len(self.closures):
            closure = self.closures[at]
            at += 1
            if closure.runs == 0 and closure.func.hot:
                early = before is When.INSTALL and self.installs(closure)
                self.when = before if early else self.call_when
                self.enter(closure, [], {}, closure.owner and instance(closure.owner))
        self.when = before

    def installs(self, closure: Closure) -> bool:
        """Whether an installer calls this function of a build script by itself."""
        return self.language.installs(closure.func.name, closure.owner.bases if closure.owner else ())

    # statements

    def execute(self, body: "list[ir.Stmt]") -> None:
        """Run statements in order."""
        self.nesting += 1
        if self.nesting <= MAX_NESTING:
            for node in body:
                self.tick()
                self._statements[type(node)](node)
        self.nesting -= 1

    def tick(self) -> None:
        """Count a step."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted

    def _assign(self, node: ir.Assign) -> None:
        if node.lazy and isinstance(node.targets[0], ir.Name):
            self.scope.names[node.targets[0].id] = Thunk(node.value)
            return
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _if(self, node: ir.If) -> None:
        self.evaluate(node.test)
        before = dict(self.scope.names)
        self.execute(node.body)
        one, self.scope.names = self.scope.names, before
        self.execute(node.other)
        for name, value in one.items():
            there = self.scope.names.get(name)
            if there is not value:
                self.scope.names[name] = merge([self.force(value), self.force(there)]) if there else value

    def _for(self, node: ir.For) -> None:
        over = self.evaluate(node.iterable)
        if node.target is None:
            self.execute(node.body)
            return
        for element in self.elements(over, keys=node.keys):
            self.assign(node.target, element)
            self.execute(node.body)

    def _main(self, node: ir.Main) -> None:
        before, self.when = self.when, self.main_when
        self.execute(node.body)
        self.when = before

    def define(self, node: ir.Class) -> Value:
        """Make a class: what its body binds are its attributes."""
        bases = [self.evaluate(b) for b in node.bases]
        outer, self.scope = self.scope, Scope(self.scope)
        start = len(self.closures)
        self.execute(node.body)
        inner, self.scope = self.scope, outer
        fields = {n: self.force(v) for n, v in inner.names.items()}
        for base in bases:
            fields = {**(base.fields or {}), **fields}
        refs = tuple(r for b in bases for r in (b.ref, *b.bases) if r)
        value = Value(fields=fields, bases=refs)
        for closure in self.closures[start:]:
            closure.owner = closure.owner or value
        if node.name:
            self.scope.names[node.name] = value
        return value

    def _import(self, node: ir.Import) -> None:
        for name, ref in node.names:
            self.scope.names[name] = self.language.builtin(f"import {ref}") or Value(ref=ref)

    # expressions

    def evaluate(self, node: "ir.Expr") -> Value:
        """What an expression is, as far as can be told."""
        self.tick()
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING:
                return Value()
            return self._expressions[type(node)](node)
        finally:
            self.nesting -= 1

    def sequence(self, items: "list[ir.Expr]") -> list[Value]:
        """Evaluate items, opening those that are spread."""
        values: list[Value] = []
        for item in items:
            value = self.evaluate(item)
            if isinstance(item, ir.Star) and value.items is not None:
                values.extend(value.items)
            else:
                values.append(value)
        return values

    def _name(self, node: ir.Name) -> Value:
        scope: Scope | None = self.scope
        while scope is not None:
            value = scope.names.get(node.id)
            if value is not None:
                if isinstance(value, Thunk):
                    value = scope.names[node.id] = self.evaluate(value.expr)
                return value
            scope = scope.parent
        return self.language.builtin(node.id) or Value()

    def force(self, value: Value | Thunk) -> Value:
        """The value behind a thunk."""
        return self.evaluate(value.expr) if isinstance(value, Thunk) else value

    def attribute(self, obj: Value, name: str, line: int) -> Value:
        """`obj.name`."""
        if obj.fields is not None and name in obj.fields:
            value = obj.fields[name]
            if value.func is not None and obj.made:
                return Value(func=value.func, fields={"": obj}, taint=value.taint)
            return value
        special = self.language.attribute(self, obj, name, line)
        if special is not None:
            return special
        refs = (obj.ref, *obj.bases) if obj.made else (obj.ref,)
        ref = next((f"{r}.{name}" for r in refs if r), "")
        return Value(ref=ref, taint=obj.taint)

    def _index(self, node: ir.Index) -> Value:
        obj = self.evaluate(node.obj)
        if isinstance(node.key, ir.Slice):
            ends = [self.evaluate(e) if e else None for e in (node.key.low, node.key.high, node.key.step)]
            return fold.cut(obj, ends)
        key = self.evaluate(node.key)
        return self.index(obj, key, node.line)

    def index(self, obj: Value, key: Value, line: int) -> Value:
        """`obj[key]`."""
        found = fold.index(obj, key)
        if found is not None:
            return found
        name = key.text() if key.consts else HOLE
        if isinstance(key.whole(), str) or obj.ref:
            return self.attribute(obj, name, line)
        held = [*(obj.items or ()), *(obj.fields or {}).values()]
        return merge([*held, Value(taint=obj.taint)]) if held else unknown(obj)

    def _map(self, node: ir.Map) -> Value:
        fields: dict[str, Value] = {}
        taint = CLEAN
        for key, value in node.pairs:
            if key is None:
                spread = self.evaluate(value)
                fields.update(spread.fields or {})
                taint |= spread.taint
                continue
            name = self.evaluate(key)
            held = self.evaluate(value)
            fields[name.text() if name.consts else f"{HOLE}{len(fields)}"] = held
            taint |= name.taint
        return Value(fields=fields, taint=taint)

    def _blend(self, node: ir.Blend) -> Value:
        for part in node.parts:
            self.evaluate(part)
        return Value()

    def _comp(self, node: ir.Comp) -> Value:
        over = self.evaluate(node.iterable)
        values = []
        for element in self.elements(over):
            self.assign(node.target, element)
            for condition in node.conditions:
                self.evaluate(condition)
            values.append(self.evaluate(node.element))
        return Value(items=values, taint=over.taint & frozenset(t for v in values for t in v.taint))

    def _bind(self, node: ir.Bind) -> Value:
        value = self.evaluate(node.value)
        if node.op:
            value = fold.binary(node.op, self.evaluate(node.target), value)
        if isinstance(node.target, ir.Name) and getattr(self.language, "rebinds", False):
            self._rebind(node.target.id, value)
        else:
            self.assign(node.target, value)
        return value

    def _rebind(self, name: str, value: Value) -> None:
        """Assign where the variable was declared, however far out."""
        scope: Scope | None = self.scope
        while scope is not None and name not in scope.names:
            scope = scope.parent
        (scope or self.scope).names[name] = value

    def elements(self, over: Value, *, keys: bool = False) -> Iterator[Value]:
        """What a loop over a value meets: every item where they are known, else one that stands for all."""
        known = fold.items(over, keys=keys)
        if known is None or not known or len(known) > MAX_LOOP or self.loops + len(known) > MAX_LOOPS:
            yield merge(known[:MAX_CONSTS]) if known else unknown(over)
            return
        self.loops += len(known)
        yield from tuple(known)  # the body may add to the list

    # binding

    def assign(self, target: "ir.Target", value: Value) -> None:
        """Bind a target to a value."""
        match target:
            case ir.Name(id=name):
                self._store(name, value)
            case ir.Attr(obj=inner, name=name, line=line):
                self._put(self.evaluate(inner), name, value, line)
            case ir.Index(obj=inner, key=key, line=line):
                obj = self.evaluate(inner)
                at = self.evaluate(key)
                self._put(obj, at.text() if at.consts else "", value, line)
            case ir.Seq(items=items):
                parts = fold.items(value)
                for at, item in enumerate(items):
                    if isinstance(item, ir.Star):
                        rest = parts[at:] if parts else None
                        self.assign(item.value, Value(items=rest, taint=value.taint))  # type: ignore[arg-type]
                        continue
                    part = parts[at] if parts and at < len(parts) else unknown(value)
                    self.assign(item, part)  # type: ignore[arg-type]
            case ir.Map(pairs=pairs):
                for key_expr, item in pairs:
                    if key_expr is None:
                        self.assign(item, value)  # type: ignore[arg-type]
                        continue
                    name = self.evaluate(key_expr).text()
                    self.assign(item, self.attribute(value, name, target.line))  # type: ignore[arg-type]
            case ir.Bind(target=inner_target, value=default):
                self.assign(inner_target, merge([value, self.evaluate(default)]))
            case ir.Star(value=inner):
                self.assign(inner, value)  # type: ignore[arg-type]

    def _store(self, name: str, value: Value) -> None:
        scope: Scope | None = self.scope
        if name in self.scope.outer:
            scope = self.scope.parent
            while scope and scope.parent and name not in scope.names:
                scope = scope.parent
        (scope or self.scope).names[name] = value

    def _put(self, obj: Value, name: str, value: Value, line: int) -> None:
        if obj.ref and not obj.ref.endswith("()"):
            self.language.patched(self, obj, name, value, line)
        if obj.items is not None and name.isdigit() and int(name) < len(obj.items):
            obj.items[int(name)] = value
            return
        if not name or HOLE in name:
            obj.taint |= value.all_taint()
            return
        if obj.fields is None:
            obj.fields = {}
        if len(obj.fields) < 5000:
            obj.fields[name] = value

    # calling

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
        self, closure: Closure, args: list[Value], kwargs: dict[str, Value], bound: Value | None = None
    ) -> Value:
        """Run a local function with these arguments."""
        if bound is not None and closure.func.params and getattr(self.language, "self_first", False):
            args = [bound, *args]
        signature = (self.when, *(_mark(a) for a in args), *((k, _mark(v)) for k, v in kwargs.items()))
        if signature in closure.known:
            return closure.known[signature]
        most = MAX_RUNS if self.entered < MAX_ENTERED else 1
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

    def _bind_params(self, params: list[ir.Param], args: list[Value], kwargs: dict[str, Value]) -> None:
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


def void(_: Value) -> None:
    """Drop a value."""


def _mark(value: Value) -> object:
    if value.items is None and value.fields is None and value.func is None:
        return (value.consts, value.ref, value.taint)
    return id(value)
