"""The abstract interpreter: follows values through a lowered file and tells its language what is called.

It runs a module from top to bottom (both ways of every branch, loops over known items item by item), enters
local functions where they are called, and afterwards those that nobody called: what is seen then happens
when somebody calls them. It is bounded in steps, depth and repetitions, and so always ends.
"""

from collections.abc import Callable

from biopsy.model.behaviour import When
from biopsy.static.code import fold, ir
from biopsy.static.code.binding import Binding
from biopsy.static.code.calling import Calling, instance
from biopsy.static.code.link import Module
from biopsy.static.code.looping import Looping
from biopsy.static.code.state import (
    MAX_NESTING,
    Closure,
    Exhausted,
    Invocation,
    Language,
    Scope,
    State,
    Thunk,
)
from biopsy.static.code.value import CLEAN, HOLE, Value, const, merge, unknown
from biopsy.static.sight import Source

__all__ = ["Closure", "Exhausted", "Interpreter", "Invocation", "Language", "State"]


class Interpreter(Binding, Calling, Looping):
    """Runs one file. `told` hears of every behaviour: kind, value, line, moment, detail."""

    def __init__(self, language: Language, source: Source, steps: int) -> None:
        """Prepare to run `source`, in at most `steps` steps."""
        super().__init__(language, source, steps)
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
            ir.Linked: self._linked,
        }
        self._statements: dict[type, Callable[..., None]] = {
            ir.Assign: self._assign,
            ir.Do: lambda n: void(self.evaluate(n.value)),
            ir.Return: lambda n: self.returns.append(self.evaluate(n.value)),
            ir.If: self._if,
            ir.For: self.loop,
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

    # statements

    def execute(self, body: "list[ir.Stmt]") -> None:
        """Run statements in order."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.limits.setdefault("too-deep", self.line)
        else:
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
        options = {k: self.evaluate(v) for k, v in node.options}
        above: dict[str, Value] = {}
        for base in (*bases, *options.values()):
            above = {**(base.fields or {}), **above}
        supers = {f"super {n}": v for n, v in above.items() if n in fields and n in _MAKERS}
        if node.doc:
            fields["__doc__"] = const(node.doc)
        refs = tuple(r for b in bases for r in (b.ref, *b.bases) if r)
        value = Value(fields={**above, **supers, **fields}, bases=refs)
        for closure in self.closures[start:]:
            closure.owner = closure.owner or value
        if node.name:
            self.scope.names[node.name] = value
        given = [value, const(node.name), Value(), Value(fields=fields)]
        for base in bases:
            self._born(base, ("__init_subclass__",), given, options)
        for meta in options.values():
            self._born(meta, _MADE, given, {})
        return value

    def _born(
        self, above: Value, names: tuple[str, ...], given: list[Value], options: dict[str, Value]
    ) -> None:
        """Run what runs when a class is made below another, or by it."""
        for name in names:
            held = (above.fields or {}).get(name)
            if held is not None and held.func is not None:
                self.enter(held.func, given, options)

    def _import(self, node: ir.Import) -> None:
        for name, ref in node.names:
            linked = self.language.linked(self, ref, node.line) if self.linker else None
            if linked is not None and name == "*":
                self.scope.stars.append(linked.path)
            elif linked is not None:
                self.scope.names[name] = Thunk(linked)
            else:
                self.scope.names[name] = self.language.builtin(f"import {ref}") or Value(ref=ref)

    def _linked(self, node: ir.Linked) -> Value:
        value = Value(link=node.path)
        for name in node.names:
            value = self.attribute(value, name, node.line)
        return value

    def opened(self, obj: Value) -> Value:
        """What a module of the package gives as a whole; any other value is itself."""
        if not obj.link or self.linker is None:
            return obj
        module = self.module(obj.link)
        return (self.language.member(self, module, "", 0) if module else None) or obj

    def named(self, scope: Scope, name: str) -> Value | None:
        """What a name is bound to in a scope or by what it takes over from other modules."""
        value = scope.names.get(name)
        if isinstance(value, Thunk):
            before, self.scope, thunk = self.scope, scope, value
            try:
                value = self.evaluate(thunk.expr)
            except Exhausted:
                value = Value()
            self.scope = before
            if not isinstance(thunk.expr, _ELSEWHERE):
                scope.names[name] = value
        if value is None and scope.stars and self.linker is not None and not name.startswith("_"):
            for path in scope.stars:
                module = self.module(path)
                if module is not None and module.scope is not scope:
                    value = self.language.member(self, module, name, 0)
                    if value is not None:
                        return value
        return value

    # expressions

    def evaluate(self, node: "ir.Expr") -> Value:
        """What an expression is, as far as can be told."""
        self.tick()
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING:
                self.limits.setdefault("too-deep", getattr(node, "line", 0))
                return Value()
            return self._expressions[type(node)](node)
        finally:
            self.nesting -= 1

    def sequence(self, items: "list[ir.Expr]") -> list[Value]:
        """Evaluate items, opening those that are spread."""
        values: list[Value] = []
        for item in items:
            value = self.evaluate(item)
            if isinstance(item, ir.Star) and (spread := fold.items(value)) is not None:
                values.extend(spread)
            else:
                values.append(value)
        return values

    def _name(self, node: ir.Name) -> Value:
        scope: Scope | None = self.scope
        while scope is not None:
            value = scope.names.get(node.id)
            if value is not None and not isinstance(value, Thunk):
                return value
            if value is not None or scope.stars:
                value = self.named(scope, node.id)
                if value is not None:
                    return value
            scope = scope.parent
        return self.language.builtin(node.id) or Value()

    def force(self, value: Value | Thunk) -> Value:
        """The value behind a thunk."""
        return self.evaluate(value.expr) if isinstance(value, Thunk) else value

    def attribute(self, obj: Value, name: str, line: int) -> Value:
        """`obj.name`."""
        if name == "__doc__" and obj.func is not None:
            return const(obj.func.func.doc) if obj.func.func.doc else Value()
        if obj.link and self.linker is not None:
            module = self.module(obj.link)
            held = self.language.member(self, module, name, line) if module else None
            return held if held is not None else Value()
        if obj.fields is not None and name in obj.fields:
            value = obj.fields[name]
            if value.getter and value.func is not None:
                return self.enter(value.func, [], {}, obj if obj.made else None)
            if value.func is not None and obj.made:
                return Value(func=value.func, fields={"": obj}, taint=value.taint)
            return value
        special = self.language.attribute(self, obj, name, line)
        if special is None:
            special = self.drawn(obj, const(name), line)
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
        if not key.consts and any({t, f"keys {t}"} & key.taint for t in obj.taint):
            return Value(taint=obj.taint)  # by its own keys: each is asked for in turn
        if (drawn := self.drawn(obj, key, line)) is not None:
            return drawn
        if isinstance(key.whole(), str) or obj.ref:
            return self.attribute(obj, name, line)
        if len(key.consts) == 1 and obj.fields is not None and not any(HOLE in k for k in obj.fields):
            return Value(taint=obj.taint)
        held = [*(obj.items or ()), *(obj.fields or {}).values()]
        return merge([*held, Value(taint=obj.taint)]) if held else unknown(obj)

    def drawn(self, obj: Value, key: Value, line: int) -> Value | None:  # noqa: ARG002
        """What one name draws from a copy of something known as a whole; None where that is not so."""
        return None

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
        parts = [self.evaluate(part) for part in node.parts]
        self.compared(parts, node.line)
        return fold.compare(node.op, parts[0], parts[1]) if node.op and len(parts) == 2 else Value()

    def compared(self, values: list[Value], line: int) -> None:
        """Values are looked at: compared, negated, tested."""

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


MAX_ROUNDS = 3  # of callbacks that make others
MAX_LATER = 200  # callbacks that wait
_ELSEWHERE = (ir.Linked, ir.Call, ir.Attr)
"""What is taken from another module is looked up each time: holding on to it would keep that module alive."""
_MADE = ("__prepare__", "__new__", "__init__")
_MAKERS = frozenset({"__init__", "constructor"})
_KNOWN = frozenset({When.INSTALL, When.START, When.IMPORT, When.CALL})
"""Moments that are not later than a call."""


def void(_: Value) -> None:
    """Drop a value."""
