"""Expressions: what each kind of them is, from what its parts are."""

from collections.abc import Sequence

from biopsy.static.code import fold, ir
from biopsy.static.code.state import Exhausted, Scope, State, Thunk, outermost
from biopsy.static.code.value import CLEAN, HOLE, Value, changed, const, merge, unknown

MAX_FIELDS = 5000  # of an object that are set by their names alone
_ELSEWHERE = (ir.Linked, ir.Call, ir.Attr)
"""What is taken from another module is looked up each time: holding on to it would keep that module alive."""


class Expressions(State):
    """Evaluates expressions."""

    # names

    def name(self, node: ir.Name) -> Value:
        """A variable where one is bound, from the inside out, else a builtin."""
        scope: Scope | None = self.scope
        name = node.id
        while scope is not None:
            value = scope.names.get(name)
            if value is not None and type(value) is Value:
                return value
            if value is not None or scope.stars:
                value = self.named(scope, name)
                if value is not None:
                    return value
            scope = scope.parent
        if self.bare_fields and (this := self.this()) and (held := (this.fields or {}).get(name)):
            return held
        return self.language.builtin(name) or Value()

    def this(self) -> Value | None:
        """The object whose method runs."""
        scope: Scope | None = self.scope
        while scope is not None:
            held = scope.names.get("this")
            if isinstance(held, Value):
                return held
            scope = scope.parent
        return None

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
        if value is not None or not scope.stars or name.startswith("_"):
            return value
        return None if (name, self.resting) in scope.absent else self._taken_over(scope, name)

    def _taken_over(self, scope: Scope, name: str) -> Value | None:
        """What the modules have whose names are all taken over; what none has is not looked for again."""
        settled = self.linker is not None
        known = scope.taken.get(name)
        for path in ((known, *scope.stars) if known else scope.stars) if settled else ():
            module = self.module(path)
            settled = settled and (self.resting if module is None else not module.running)
            if module is not None and module.scope is not scope:
                value = self.language.member(self, module, name, 0)
                if value is not None:
                    scope.taken[name] = path
                    return value
        if settled:
            scope.absent.add((name, self.resting))
        return None

    def linked(self, node: ir.Linked) -> Value:
        """A name of another module."""
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

    # literals

    def constant(self, node: ir.Const) -> Value:
        """A literal."""
        return const(node.value)

    def nothing(self, node: ir.Slice) -> Value:  # noqa: ARG002 - as all of them
        """A slice by itself."""
        return Value()

    def join(self, node: ir.Join) -> Value:
        """A text of parts."""
        return fold.join([self._operand(part) for part in node.parts])

    def seq(self, node: ir.Seq) -> Value:
        """A list."""
        return Value(items=self.sequence(node.items))

    def sequence(self, items: Sequence[ir.Expr]) -> list[Value]:
        """Evaluate items, opening those that are spread."""
        values: list[Value] = []
        for item in items:
            value = self.evaluate(item)
            if type(item) is ir.Star and (spread := fold.items(value)) is not None:
                values.extend(spread)
            else:
                values.append(value)
        return values

    def star(self, node: ir.Star) -> Value:
        """What is spread."""
        return self.evaluate(node.value)

    def map(self, node: ir.Map) -> Value:
        """A dict or object."""
        fields: dict[str, Value] = {}
        taint = CLEAN
        for key, value in node.pairs:
            if key is None:
                spread = self.opened(self.evaluate(value))
                fields.update(spread.fields or {})
                taint |= spread.taint
                continue
            name = self._operand(key)
            held = self.evaluate(value)
            fields[name.text() if name.consts else f"{HOLE}{len(fields)}"] = held
            if name.taint:
                taint |= name.taint
        return Value(fields=fields, taint=taint)

    # operators

    def _operand(self, node: ir.Expr) -> Value:
        """An expression that nothing holds on to: of a literal, one value does for all times."""
        if type(node) is not ir.Const:
            return self.evaluate(node)
        self.steps -= 1
        if node.known is None:
            node.known = const(node.value)
        return node.known

    def binary(self, node: ir.Bin) -> Value:
        """What an operator gives."""
        return fold.binary(node.op, self._operand(node.left), self._operand(node.right))

    def either(self, node: ir.Either) -> Value:
        """One of several."""
        return merge([self.evaluate(option) for option in node.options])

    def blend(self, node: ir.Blend) -> Value:
        """Parts that are looked at, and how two of them compare."""
        parts = [self._operand(part) for part in node.parts]
        self.compared(parts, node.line)
        return fold.compare(node.op, parts[0], parts[1]) if node.op and len(parts) == 2 else Value()

    def pair(self, node: ir.Pair) -> Value:
        """A key and its value that nothing made use of."""
        if node.key is not None:
            self.evaluate(node.key)
        return self.evaluate(node.value)

    def within(self, node: ir.Within) -> Value:
        """What a block gives."""
        self.execute(node.body)
        return self.evaluate(node.last)

    def compared(self, values: list[Value], line: int) -> None:
        """Values are looked at: compared, negated, tested."""

    def bind(self, node: ir.Bind) -> Value:
        """Assign; the value is that of the assignment."""
        value = self.evaluate(node.value)
        if node.op:
            value = fold.binary(node.op, self.evaluate(node.target), value)
        if type(node.target) is ir.Name and self.rebinds:
            self._rebind(node.target.id, value)
        else:
            self.assign(node.target, value)
        return value

    def _rebind(self, name: str, value: Value) -> None:
        """Assign where the variable was declared, however far out."""
        scope: Scope | None = self.scope
        while scope is not None and name not in scope.names:
            scope = scope.parent
        (scope or (outermost(self.scope) if self.unbound_global else self.scope)).names[name] = value
        this = self.this() if scope is None and self.bare_fields else None
        if this is not None and this.fields is not None and len(this.fields) < MAX_FIELDS:
            this.fields[name] = value
            changed()

    # attributes and items

    def attr(self, node: ir.Attr) -> Value:
        """`obj.name`, as it is written."""
        return self.attribute(self.evaluate(node.obj), node.name, node.line)

    def attribute(self, obj: Value, name: str, line: int) -> Value:
        """`obj.name`."""
        if name == "__doc__" and obj.func is not None:
            return const(obj.func.func.doc) if obj.func.func.doc else Value()
        if obj.link and self.linker is not None:
            module = self.module(obj.link)
            held = self.language.member(self, module, name, line) if module else None
            return held if held is not None else Value()
        if obj.fields is not None and (value := obj.fields.get(name)) is not None:
            if value.func is None:
                return self._described(value, obj) if value.made and obj.made else value
            if value.getter:
                return self.enter(value.func, [], {}, obj if obj.made else None)
            if obj.made:
                return Value(func=value.func, fields={"": obj}, taint=value.taint)
            return value
        special = self.language.attribute(self, obj, name, line)
        if special is None and obj.taint:
            special = self.drawn(obj, const(name), line)
        if special is not None:
            return special
        refs = (obj.ref, *obj.bases) if obj.made else (obj.ref,)
        ref = next((f"{r}.{name}" for r in refs if r), "")
        return Value(ref=ref, taint=obj.taint)

    def _described(self, value: Value, obj: Value) -> Value:
        """An attribute that is an object which says itself what it gives (Python's descriptors)."""
        held = (value.fields or {}).get("__get__")
        if held is None or held.func is None or held.func.active:
            return value
        return self.enter(held.func, [obj, Value()], {}, value)

    def item(self, node: ir.Index) -> Value:
        """`obj[key]`, as it is written."""
        obj = self.evaluate(node.obj)
        if isinstance(node.key, ir.Slice):
            ends = [self.evaluate(e) if e else None for e in (node.key.low, node.key.high, node.key.step)]
            return fold.cut(obj, ends)
        return self.index(obj, self._operand(node.key), node.line)

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
        if not key.consts and key.taint and fold.alphabet(obj):
            return Value(taint=obj.taint | key.taint)  # what it stands for is told by its place
        held = [*(obj.items or ()), *(obj.fields or {}).values()]
        return merge([*held, Value(taint=obj.taint)]) if held else unknown(obj)

    def drawn(self, obj: Value, key: Value, line: int) -> Value | None:  # noqa: ARG002
        """What one name draws from a copy of something known as a whole; None where that is not so."""
        return None
