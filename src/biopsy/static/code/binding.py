"""Assignment: names, attributes, items and patterns get values."""

from biopsy.static.code import fold, ir
from biopsy.static.code.state import Scope, State
from biopsy.static.code.value import HOLE, Value, changed, clean, merge, unknown


def _put_byte(whole: bytes, at: int, value: Value) -> tuple[bytes, ...]:
    """Bytes with one of them changed; nothing where that one is not known."""
    number = value.consts[0] if len(value.consts) == 1 else None
    if not isinstance(number, int | float):
        return ()
    return (whole[:at] + bytes((int(number) & 255,)) + whole[at + 1 :],) if at < len(whole) else (whole,)


MAX_FIELDS = 5000  # of one object


_OWN = "globals()"  # what gives the names of the module itself


class Binding(State):
    """Binds targets."""

    def assign(self, target: ir.Expr, value: Value) -> None:
        """Bind a target to a value."""
        match target:
            case ir.Name(id=name):
                self._store(name, value)
            case ir.Attr(obj=inner, name=name, line=line):
                self.put(self.evaluate(inner), name, value, line)
            case ir.Index(obj=inner, key=key, line=line):
                obj = self.evaluate(inner)
                at = self.evaluate(key)
                self.put(obj, at.text() if at.consts else "", value, line)
            case ir.Seq(items=items):
                parts = fold.items(value)
                for place, item in enumerate(items):
                    if isinstance(item, ir.Star):
                        rest = parts[place:] if parts else None
                        self.assign(item.value, Value(items=rest, taint=value.taint))
                        continue
                    part = parts[place] if parts and place < len(parts) else unknown(value)
                    self.assign(item, part)
            case ir.Map(pairs=pairs):
                for key_expr, item in pairs:
                    if key_expr is None:
                        self.assign(item, value)
                        continue
                    name = self.evaluate(key_expr).text()
                    self.assign(item, self.attribute(value, name, target.line))
            case ir.Bind(target=inner_target, value=default):
                self.assign(inner_target, merge([value, self.evaluate(default)]))
            case ir.Star(value=inner):
                self.assign(inner, value)

    def _store(self, name: str, value: Value) -> None:
        scope: Scope | None = self.scope
        if name in self.scope.outer:
            scope = self.scope.parent
            while scope and scope.parent and name not in scope.names:
                scope = scope.parent
        scope = scope or self.scope
        scope.names[name] = value

    def put(self, obj: Value, name: str, value: Value, line: int) -> None:
        """`obj.name = value`, or `obj[name] = value`."""
        if obj.link and self.linker is not None:
            module = self.module(obj.link)
            if module is not None and name.isidentifier():
                module.scope.names[name] = value
            return
        if obj.ref and (not obj.ref.endswith("()") or obj.ref == _OWN):
            self.language.patched(self, obj, name, value, line)
        if obj.items is not None and name.isdigit() and int(name) < len(obj.items):
            obj.items[int(name)] = value
            changed()
            return
        if name.isdigit() and isinstance(whole := obj.whole(), bytes):
            obj.consts = _put_byte(whole, int(name), value)
            obj.take(value.taint)
            return
        if not name or HOLE in name:
            obj.take(value.all_taint())
            return
        if obj.fields is None:
            obj.fields = {}
        if (setter := obj.fields.get(f"set {name}")) is not None and setter.func is not None:
            self.enter(setter.func, [value], {}, obj)
            return
        if len(obj.fields) < MAX_FIELDS:
            if not clean(value) or not clean(obj.fields.get(name)):
                changed()
            obj.fields[name] = value
