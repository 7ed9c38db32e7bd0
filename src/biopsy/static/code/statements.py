"""Statements: branches, classes, imports; both ways of a branch are taken, what they bind is merged."""

from biopsy.model.behaviour import When
from biopsy.static.code import ir
from biopsy.static.code.state import YIELDED, Scope, State, Thunk
from biopsy.static.code.value import Value, const, merge

_MADE = ("__prepare__", "__new__", "__init__")
_MAKERS = frozenset({"__init__", "constructor"})


class Statements(State):
    """Runs statements."""

    def assignment(self, node: ir.Assign) -> None:
        """Bind targets to a value, or to what it will be when somebody asks."""
        if node.lazy and isinstance(node.targets[0], ir.Name):
            self.scope.names[node.targets[0].id] = Thunk(node.value)
            return
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do(self, node: ir.Do) -> None:
        """Evaluate for the effects."""
        self.evaluate(node.value)

    def give(self, node: ir.Return) -> None:
        """Return or yield a value."""
        value = self.evaluate(node.value)
        self.returns.append(Value(ref=YIELDED, items=[value]) if node.each else value)

    def block(self, node: ir.Block) -> None:
        """Run what stands inside."""
        self.execute(node.body)

    def outer(self, node: ir.Outer) -> None:
        """Names are bound outside from here on."""
        self.scope.outer = self.scope.outer.union(node.names)

    def branch(self, node: ir.If) -> None:
        """Run both ways."""
        self.evaluate(node.test)
        scope = self.scope
        before = scope.names.copy()
        self.execute(node.body)
        one, scope.names = scope.names, before
        if node.other:
            self.execute(node.other)
        names = scope.names
        if one == names:  # values are equal to themselves alone
            return
        for name, value in one.items():
            there = names.get(name)
            if there is not value:
                names[name] = merge([self.force(value), self.force(there)]) if there else value

    def main(self, node: ir.Main) -> None:
        """Run what only runs when the file is the program."""
        before = self.when
        loaded = (
            node.when == When.IMPORT and before is not When.CALL
        )  # it is no later than what stands beside it
        self.when = before if loaded else When(node.when) if node.when else self.main_when
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
        inner.names["#class"] = value
        for closure in self.closures[start:]:
            closure.owner = closure.owner or value
        if node.name:
            self.scope.names[node.name] = value
        if node.late:
            outer, self.scope = self.scope, inner
            self.execute(node.late)
            self.scope = outer
        given = [value, const(node.name), Value(), Value(fields=fields)]
        for base in bases:
            self._born(base, ("__init_subclass__",), given, options)
        for meta in options.values():
            self._born(meta, _MADE, given, {})
        return value

    def class_value(self, node: ir.ClassValue) -> Value:
        """A class."""
        return self.define(node.cls)

    def _born(
        self, above: Value, names: tuple[str, ...], given: list[Value], options: dict[str, Value]
    ) -> None:
        """Run what runs when a class is made below another, or by it."""
        for name in names:
            held = (above.fields or {}).get(name)
            if held is not None and held.func is not None:
                self.enter(held.func, given, options)

    def import_(self, node: ir.Import) -> None:
        """Bind names to library paths, or to what other modules of the package will give."""
        for name, ref in node.names:
            linked = self.language.linked(self, ref, node.line) if self.linker else None
            if linked is not None and name == "*":
                self.scope.stars = (*self.scope.stars, linked.path)
                self.scope.absent.clear()
            elif linked is not None:
                self.scope.names[name] = Thunk(linked)
            elif name == "*":
                module = ref.removesuffix("*").rstrip(".")
                for one in self.language.exported(module):
                    self.scope.names.setdefault(one, Value(ref=f"{module}.{one}"))
            else:
                self.scope.names[name] = self.language.builtin(f"import {ref}") or Value(ref=ref)
