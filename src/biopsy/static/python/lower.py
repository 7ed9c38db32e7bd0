"""From Python's syntax tree to `ir`."""

import ast
from bisect import bisect_left
from collections.abc import Callable

from biopsy.static.code import ir
from biopsy.static.python.late import Body, Late

LAZY = 40  # lines from which a literal at the top of a module is only worked out when used

_OPS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


class Lowering:
    """Lowers one module. `hot` are the lines, sorted, that hold a word somebody acts on."""

    def __init__(self, hot: list[int], late: Late | None = None) -> None:
        """Take the hot lines, and the lines of the tree where functions may be parsed anew from them."""
        self._names: dict[str, ir.Name] = {}
        self._hot, self.late = hot, late
        self._expr: dict[type, Callable[..., ir.Expr]] = {
            ast.Constant: lambda n: ir.Const(n.value if n.value is not ... else None, n.lineno),
            ast.Name: self._name,
            ast.Attribute: lambda n: ir.Attr(self.expr(n.value), n.attr, n.end_lineno or n.lineno),
            ast.Subscript: lambda n: ir.Index(self.expr(n.value), self.expr(n.slice), n.lineno),
            ast.Slice: self._slice,
            ast.Starred: lambda n: ir.Star(self.expr(n.value), n.lineno),
            ast.Call: self._call,
            ast.BinOp: self._binop,
            ast.BoolOp: lambda n: ir.Either(self.exprs(n.values), n.lineno),
            ast.UnaryOp: self._unary,
            ast.Compare: lambda n: ir.Blend(self.exprs([n.left, *n.comparators]), n.lineno),
            ast.IfExp: self._ifexp,
            ast.JoinedStr: lambda n: ir.Join(self.exprs(n.values), n.lineno),
            ast.FormattedValue: lambda n: self.expr(n.value),
            ast.List: lambda n: ir.Seq(self.exprs(n.elts), n.lineno),
            ast.Tuple: lambda n: ir.Seq(self.exprs(n.elts), n.lineno),
            ast.Set: lambda n: ir.Seq(self.exprs(n.elts), n.lineno),
            ast.Dict: self._dict,
            ast.ListComp: lambda n: self._comp(n.generators, n.elt, n.lineno),
            ast.SetComp: lambda n: self._comp(n.generators, n.elt, n.lineno),
            ast.GeneratorExp: lambda n: self._comp(n.generators, n.elt, n.lineno),
            ast.DictComp: self._dictcomp,
            ast.Lambda: self._lambda,
            ast.NamedExpr: lambda n: ir.Bind(self.target(n.target), self.expr(n.value), n.lineno),
            ast.Await: lambda n: self.expr(n.value),
            ast.Yield: lambda n: self.expr(n.value) if n.value else ir.Const(None),
            ast.YieldFrom: lambda n: self.expr(n.value),
        }

    def is_hot(self, node: ast.AST) -> bool:
        """Whether a hot line lies inside a node."""
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        at = bisect_left(self._hot, first)
        return at < len(self._hot) and self._hot[at] <= last

    # expressions

    def _name(self, node: ast.Name) -> ir.Expr:
        held = self._names.get(node.id)  # one for all places: they are most of all nodes
        if held is None:
            held = self._names[node.id] = ir.Name(node.id, node.lineno)
        return held

    def expr(self, node: ast.AST) -> ir.Expr:
        """Lower an expression."""
        make = self._expr.get(type(node))
        return make(node) if make else ir.Blend([])

    def exprs(self, nodes: list[ast.expr]) -> list[ir.Expr]:
        """Lower expressions."""
        return [self.expr(n) for n in nodes]

    def target(self, node: ast.AST) -> ir.Target:
        """Lower what is assigned to."""
        lowered = self.expr(node)
        return lowered if isinstance(lowered, ir.Name | ir.Attr | ir.Index | ir.Seq | ir.Star) else ir.Seq([])

    def _binop(self, node: ast.BinOp) -> ir.Expr:
        if not isinstance(node.op, ast.Add):
            return ir.Bin(
                _OPS.get(type(node.op), ""), self.expr(node.left), self.expr(node.right), node.lineno
            )
        operands, at = [], node
        while isinstance(at, ast.BinOp) and isinstance(at.op, ast.Add):
            operands.append(self.expr(at.right))
            at = at.left  # type: ignore[assignment]
        operands.append(self.expr(at))
        return ir.balanced(operands[::-1], node.lineno)

    def _slice(self, node: ast.Slice) -> ir.Expr:
        parts = [self.expr(p) if p else None for p in (node.lower, node.upper, node.step)]
        return ir.Slice(parts[0], parts[1], parts[2])

    def _call(self, node: ast.Call) -> ir.Expr:
        kwargs = [(k.arg or "**", self.expr(k.value)) for k in node.keywords]
        return ir.Call(self.expr(node.func), self.exprs(node.args), kwargs, node.lineno)

    def _unary(self, node: ast.UnaryOp) -> ir.Expr:
        inner = self.expr(node.operand)
        if isinstance(node.op, ast.USub):
            return ir.Bin("-", ir.Const(0), inner, node.lineno)
        return ir.Blend([inner], node.lineno)

    def _ifexp(self, node: ast.IfExp) -> ir.Expr:
        options = self.exprs([node.body, node.orelse])
        test = self.expr(node.test)
        if isinstance(test, ir.Name | ir.Const):
            return ir.Either(options, node.lineno)
        return ir.Index(ir.Seq([ir.Either(options), ir.Blend([test])]), ir.Const(0), node.lineno)

    def _dict(self, node: ast.Dict) -> ir.Expr:
        pairs = [
            (self.expr(k) if k else None, self.expr(v)) for k, v in zip(node.keys, node.values, strict=True)
        ]
        return ir.Map(pairs, node.lineno)

    def _comp(self, generators: list[ast.comprehension], element: ast.expr, line: int) -> ir.Expr:
        inner: ir.Expr = self.expr(element)
        for depth, gen in enumerate(reversed(generators)):
            inner = ir.Comp(self.target(gen.target), self.expr(gen.iter), inner, self.exprs(gen.ifs), line)
            if depth:
                inner = ir.Call(ir.Name("#flat", line), [inner], [], line)
        return inner

    def _dictcomp(self, node: ast.DictComp) -> ir.Expr:
        pair = ast.Tuple([node.key, node.value], ast.Load(), lineno=node.lineno)
        comp = self._comp(node.generators, pair, node.lineno)
        return ir.Call(ir.Name("dict", node.lineno), [comp], [], node.lineno)

    def _lambda(self, node: ast.Lambda) -> ir.Expr:
        line, inside = node.lineno, node.body
        body = ir.Once(lambda: [ir.Return(self.expr(inside), line)])
        func = ir.Func("", self._params(node.args), body, line, self.is_hot(node))
        return ir.Lambda(func, node.lineno)

    def _params(self, args: ast.arguments) -> list[ir.Param]:
        plain = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
        params = [
            ir.Param(ir.Name(a.arg, a.lineno), self.expr(d) if d else None)
            for a, d in zip(plain, defaults, strict=True)
        ]
        if args.vararg:
            params.append(ir.Param(ir.Name(args.vararg.arg), rest="*"))
        params += [
            ir.Param(ir.Name(a.arg, a.lineno), self.expr(d) if d else None)
            for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)
        ]
        if args.kwarg:
            params.append(ir.Param(ir.Name(args.kwarg.arg), rest="**"))
        return params

    # statements

    def module(self, node: ast.Module) -> list[ir.Stmt]:
        """Lower a module; large literals at its top are left until they are used."""
        body = self.block(node.body)
        for statement, source in zip(body, node.body, strict=False):
            if (
                isinstance(statement, ir.Assign)
                and isinstance(source, ast.Assign)
                and isinstance(source.value, ast.Dict | ast.List | ast.Tuple | ast.Set)
                and (source.end_lineno or 0) - source.lineno > LAZY
                and not self.is_hot(source)
            ):
                statement.lazy = True
        return body

    def block(self, nodes: list[ast.stmt]) -> list[ir.Stmt]:
        """Lower statements; one comes out for each."""
        lowered: list[ir.Stmt] = []
        for node in nodes:
            try:
                lowered.append(self._statement(node))
            except RecursionError:
                lowered.append(ir.Block([]))
        return lowered

    def _statement(self, node: ast.stmt) -> ir.Stmt:
        line = node.lineno
        match node:
            case ast.Expr(value=value):
                if isinstance(value, ast.Yield | ast.YieldFrom) and value.value:
                    return ir.Return(self.expr(value.value), line, each=isinstance(value, ast.Yield))
                return ir.Do(ir.Const(None) if isinstance(value, ast.Constant) else self.expr(value), line)
            case ast.Assign(targets=targets, value=value):
                return ir.Assign([self.target(t) for t in targets], self.expr(value), line)
            case ast.AnnAssign(target=target, value=value):
                return ir.Assign([self.target(target)], self.expr(value), line) if value else ir.Block([])
            case ast.AugAssign(target=target, op=op, value=value):
                bound = ir.Bind(self.target(target), self.expr(value), line, _OPS.get(type(op), "+"))
                return ir.Do(bound, line)
            case ast.Return(value=value):
                return ir.Return(self.expr(value) if value else ir.Const(None), line)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self._function(node)
            case ast.ClassDef(name=name, bases=bases, body=body, keywords=keywords):
                made = ir.Class(name, self.exprs(bases), self.block(body), line)
                made.options = [(k.arg or "**", self.expr(k.value)) for k in keywords]
                made.doc = ast.get_docstring(node, clean=False) or ""
                if not node.decorator_list:
                    return made
                decorated = self._decorated(ir.ClassValue(made, line), node)
                return ir.Assign([ir.Name(name, line)], decorated, line)
            case ast.Import(names=names):
                return ir.Import([self._imported(a) for a in names], line)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = "." * level + (f"{module}." if module else "")
                return ir.Import([(a.asname or a.name, start + a.name) for a in names], line)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                return ir.Outer(list(names), line)
            case _:
                return self._compound(node)

    def _compound(self, node: ast.stmt) -> ir.Stmt:
        line = node.lineno
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                if _is_main(test):
                    return ir.Main(self.block(body), line)
                return ir.If(self.expr(test), self.block(body), self.block(orelse), line)
            case ast.For() | ast.AsyncFor():
                loop = ir.For(self.target(node.target), self.expr(node.iter), self.block(node.body), line)
                return ir.Block([loop, *self.block(node.orelse)], line)
            case ast.While(test=test, body=body, orelse=orelse):
                return ir.For(None, self.expr(test), self.block([*body, *orelse]), line)
            case ast.Try() | ast.TryStar():
                handlers = [s for h in node.handlers for s in h.body]
                return ir.Block(self.block([*node.body, *handlers, *node.orelse, *node.finalbody]), line)
            case ast.With() | ast.AsyncWith():
                return ir.Block([*self._items(node.items), *self.block(node.body)], line)
            case ast.Match(subject=subject, cases=cases):
                return ir.Block(
                    [ir.Do(self.expr(subject), line), *self.block([s for c in cases for s in c.body])], line
                )
            case ast.Raise(exc=inner) if inner:
                return ir.Do(self.expr(inner), line)
            case ast.Assert(test=test):
                return ir.Do(self.expr(test), line)
        return ir.Block([])

    def _items(self, items: list[ast.withitem]) -> list[ir.Stmt]:
        out: list[ir.Stmt] = []
        for item in items:
            line = item.context_expr.lineno
            value: ir.Expr = ir.Call(ir.Name("#enter"), [self.expr(item.context_expr)], [], line)
            out.append(
                ir.Assign([self.target(item.optional_vars)], value, line)
                if item.optional_vars
                else ir.Do(value, line)
            )
        return out

    def _imported(self, alias: ast.alias) -> tuple[str, str]:
        if alias.asname:
            return alias.asname, alias.name
        top = alias.name.partition(".")[0]
        return top, top

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ir.Stmt:
        hot = self.is_hot(node)
        body = Body(self.block, node.body, self.late.cut(node.body) if self.late and not hot else None)
        func = ir.Func(node.name, self._params(node.args), body, node.lineno, hot)
        func.doc = ast.get_docstring(node, clean=False) or ""
        value = self._decorated(ir.Lambda(func, node.lineno), node)
        return ir.Assign([ir.Name(node.name, node.lineno)], value, node.lineno)

    def _decorated(
        self, value: ir.Expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> ir.Expr:
        for decorator in reversed(node.decorator_list):
            value = ir.Call(ir.Name("#decorate"), [self.expr(decorator), value], [], decorator.lineno)
        return value


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
