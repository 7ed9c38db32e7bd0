"""Effects of what makes code of a text: evaluators, and calls of the functions that they give."""

# ruff: noqa: ARG001 - every effect takes the same arguments, needed or not

from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.static.code.state import Invocation
from biopsy.static.code.value import HOLE, Value, const, unknown
from biopsy.static.code.witness import Witness
from biopsy.static.javascript.effects import effect

COMPILED = "compiled"
"""What a text was made into: a function whose text is its field `code`."""

_FUNCTION = regex(r"\s*\(?\s*(?:async\s+)?(?:function\b|\([\w$\s,]{0,300}\)\s*=>|[\w$]+\s*=>)")
_NAME = regex(r"[A-Za-z_$][\w$]*")


def _made(code: Value) -> Value:
    """What evaluating a text gives: a function, where that is what it says."""
    text = code.text() if code.consts else ""
    if text and _FUNCTION.match(text):
        return Value(ref=COMPILED, taint=code.taint, fields={"": const(text.strip().rstrip(";"), code.taint)})
    return unknown(code)


@effect(
    "eval", "vm.runInNewContext", "vm.runInThisContext", "vm.runInContext", "vm.compileFunction",
    "module._compile", "vm.SourceTextModule", "vm2.VM().run", "vm.createScript",
)  # fmt: skip
def _eval(run: Witness, call: Invocation) -> Value:
    run.evaluated(call.ref, call.arg(0), call.line)
    return _made(call.arg(0))


@effect("vm.Script")
def _script(run: Witness, call: Invocation) -> Value:
    run.evaluated(call.ref, call.arg(0), call.line)
    fields = {"": _made(call.arg(0)), "#line": const(call.line)}
    return Value(ref="vm.Script()", taint=call.arg(0).taint, fields=fields, made=True)


@effect("vm.createContext")
def _context(run: Witness, call: Invocation) -> Value:
    """A world of its own for scripts; one with nothing in it, in which no text becomes code, is marked."""
    first, bare = call.arg(0), (call.arg(1).fields or {}).get("codeGeneration", Value()).fields or {}
    if first.fields == {} and not first.ref and bare.get("strings", Value()).consts == (False,):
        first.fields["#apart"] = const(None)
    return first


@effect("vm.Script().runInThisContext", "vm.Script().runInNewContext", "vm.Script().runInContext")
def _script_run(run: Witness, call: Invocation) -> Value:
    fields = (call.receiver.fields or {}) if call.receiver is not None else {}
    alone = (call.arg(0).fields or {}).keys() == {"#apart"}
    if alone and call.name == "runInContext" and run.when is When.CALL and "#line" in fields:
        _apart(run, fields["#line"])
    return fields.get("") or Value()


def _apart(run: Witness, line: Value) -> None:
    """A script turns out to run where it reaches nothing: say so, instead of that it was evaluated.

    Only of what is called: what runs unasked is told as it stands.
    """
    for sight in [s for s in run.sights if isinstance(s, Behaviour) and s.value == "vm.Script"]:
        where = sight.where
        if isinstance(where, InFile) and (where.line, where.when) == (line.consts[0], When.CALL):
            del run.sights[sight]
            run.see(Kind.CODE_EVAL, "apart in vm.Script", where.line)


@effect("Function", "Reflect.construct")
def _function(run: Witness, call: Invocation) -> Value:
    if call.ref == "Reflect.construct":
        if call.arg(0).ref != "Function":
            return Value()
        call.args = list(call.arg(1).items or [])
    code = call.args[-1] if call.args else Value()
    run.evaluated("Function", code, call.line)
    params = [p.strip() for a in call.args[:-1] for p in a.text().split(",")]
    text = code.text() if code.consts else HOLE
    if not all(map(_NAME.fullmatch, params)) or HOLE in text:
        return Value(ref=COMPILED, taint=code.taint)
    whole = const(f"function ({', '.join(params)}) {{{text}\n}}", code.taint) if params else None
    return Value(ref=COMPILED, taint=code.taint, fields={"": whole} if whole is not None else None)


@effect(COMPILED)
def _called(run: Witness, call: Invocation) -> Value:
    """A compiled function is called: what it holds runs now, with what it is given."""
    held = (call.target.fields or {}).get("") if call.target is not None else None
    if held is not None and held.whole() is not None and "data:self" not in held.taint:
        given = ", ".join(a.ref if _NAME.fullmatch(a.ref) else "undefined" for a in call.args[:10])
        run.peel(f"({held.text()})({given})", call.line, "javascript")
    return unknown(*call.args) if call.args else Value()
