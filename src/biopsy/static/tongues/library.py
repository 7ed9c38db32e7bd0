"""A language as its table tells it, for the interpreter."""

from biopsy.model.behaviour import When
from biopsy.model.regex import regex
from biopsy.static.code import fed, ir
from biopsy.static.code.link import Module
from biopsy.static.code.methods import method
from biopsy.static.code.state import Invocation, State
from biopsy.static.code.value import HOLE, Value, as_text, const, taints
from biopsy.static.code.witness import Witness
from biopsy.static.tongues import effects, folding, loading
from biopsy.static.tongues.effects import prompts
from biopsy.static.tongues.table import Table

_VARIABLE = regex(r"[A-Z_][A-Z0-9_]*|npm_\w+|(?:https?|no|all)_proxy|HTTP_\w+")
_CALLED = frozenset({"call", "__invoke", "invoke", "apply", "run", "accept", "()", "===", "yield"})
_EACH = frozenset({"forEach", "map", "flatMap", "reduce"})
_MAX_BLOCKS = 4  # functions among the arguments of one call that are run
_TAINT = {"env": frozenset({"env:*"}), "request": frozenset({"request"})}


class Tongue:
    """One language."""

    rebinds = True
    by_object = True

    def __init__(self, table: Table) -> None:
        """Take its table."""
        self.table, self.near, self.bare_fields = table, table.language, table.bare_fields

    def builtin(self, name: str) -> Value | None:
        """What a name is that nothing binds: a part of the library, unless it can only be a variable."""
        if (
            name.startswith(("import ", "param ", "$", "@", "#class", "#matched"))
            and name not in self.table.constants
        ):
            return None
        what = self.table.constants.get(name)
        if what is None:
            return Value(ref=name)
        if what.startswith("="):
            return const(what[1:].replace("?", HOLE))
        if what == "script":
            return const(f"./{HOLE}", frozenset({"data:self"}))
        return Value(ref=name, taint=_TAINT.get(what, frozenset()))

    def linked(self, run: State, ref: str, line: int) -> ir.Linked | None:  # noqa: ARG002
        """Files of the package are taken over by name, where they are loaded."""
        return None

    def exported(self, module: str) -> tuple[str, ...]:  # noqa: ARG002
        """None: only Python's names are taken over so."""
        return ()

    def member(self, run: State, module: Module, name: str, line: int) -> Value | None:  # noqa: ARG002
        """A name of another file."""
        held = module.scope.names.get(name) if name else None
        return run.force(held) if held is not None else None

    def attribute(self, run: State, obj: Value, name: str, line: int) -> Value | None:
        """An attribute of a library object, or an item of one by its name."""
        assert isinstance(run, Witness)
        if (cls := loading.autoloaded(run, obj)) is not None:
            return run.attribute(cls, name, line)
        what = self.table.constants.get(obj.ref, "") if obj.ref else ""
        if what == "env" and name.startswith("HTTP_"):
            return Value(taint=frozenset({"request", fed.HEADER}))
        if what == "env" and _VARIABLE.fullmatch(name):
            return run.env(const(name), line)
        if what == "request":
            return Value(taint=obj.taint)
        if name in _CALLED and (obj.func is not None or (obj.ref and self.table.effect(obj.ref))):
            return obj
        if name in {"length", "Length", "Count"} and (obj.items is not None or obj.whole() is not None):
            return const(len(obj.items) if obj.items is not None else len(obj.whole() or ""))
        if obj.ref and name in self.table.passing:
            return obj
        if name == "new" and obj.fields is not None and not obj.made:
            return obj
        ref = obj.ref or ("[]" if obj.items is not None or obj.consts or obj.taint else "?")
        return Value(ref=f"{ref}.{name}" if len(ref) < 150 else "", taint=obj.taint)

    def invoke(self, run: State, call: Invocation) -> Value | None:
        """Do what a library function does, or a method; then what it was given to run."""
        assert isinstance(run, Witness)
        if (block := call.kwargs.pop("#block", None)) is not None:
            call.args.append(block)
        if not call.ref and call.target is not None:
            self._by_name(run, call)
            if call.target.func is not None:
                return run.call(call.target, call)
        if call.new:
            if call.target is not None and (cls := loading.autoloaded(run, call.target)) is not None:
                return run.call(cls, call)
            call.ref += ".new"
        words = self.table.effect(self.table.spelled(call.ref)).split()
        result = effects.do(run, call, words) if words else None
        if words and words[0] == "later":
            if run.when is When.INSTALL:  # what an installer defines for itself, it also runs
                self._blocks(run, call, None)
            return result
        if result is None and not words and self.table.prompts:
            result = prompts.fallback(run, call)
            prompts.piped(run, call)
        if result is None:
            result = self._method(run, call)
        self._blocks(run, call, result)
        return result

    def _method(self, run: Witness, call: Invocation) -> Value | None:
        call.name = self.table.methods.get(call.name, call.name)
        if call.name == "join" and not call.args:
            call.args = [const(self.table.joins)]
        held = call.receiver
        if call.name == "reduce" and len(call.args) > 1 and call.args[-1].func is not None:
            call.args = [call.args[-1], *call.args[:-1]]
        if call.name in _EACH and held is not None and held.items is None:
            if self.table.whole_texts and held.consts and call.args:
                return run.call(call.args[0], Invocation(call.args[0].ref, "", [held], {}, call.line))
            call.receiver = folding.each_of(held) or held
        result = folding.method(call)
        if result is None:
            result = method(run, call)
        if result is None and call.receiver is not None and (taint := call.receiver.all_taint()):
            return Value(taint=taint)
        return result

    def _by_name(self, run: Witness, call: Invocation) -> None:
        """A function that is called by a text which is its name."""
        whole = call.target.whole() if call.target is not None else None
        if isinstance(whole, str) and len(whole) < 200:
            found = effects.function(run, self.table.spelled(as_text(whole)))
            call.target, call.ref = found, found.ref

    def _blocks(self, run: Witness, call: Invocation, result: Value | None) -> None:
        """Run functions that were given: with what came of the call, or what they may get of its object."""
        given = [a for a in call.all() if a.func is not None and not a.func.runs]
        for held in [a for a in call.all() if a.made and a.fields]:
            run_by = [
                f for n, f in (held.fields or {}).items() if n in _CALLED and f.func and not f.func.runs
            ]
            given += [Value(func=f.func, fields={"": held}) for f in run_by]
        if not given:
            return
        taint = taints([v for v in (call.receiver, *call.args) if v is not None and v.func is None])
        subject = result if result is not None and (result.ref or result.taint) else Value(taint=taint)
        for block in given[:_MAX_BLOCKS]:
            run.call(block, Invocation("", "", [subject, Value(taint=taint)], {}, call.line))

    def patched(self, run: State, obj: Value, name: str, value: Value, line: int) -> None:
        """A field of a library object is set: what it holds is among what the object was given."""
        if obj.ref and not name.startswith("$"):
            assert isinstance(run, Witness)
            effects.field_set(run, obj, name, value, line)

    def installs(self, name: str, bases: tuple[str, ...]) -> bool:
        """Whether an installer calls a method of that name, or of such a class, by itself."""
        of = self.table.runs.installs_of
        return name in self.table.runs.installs or any(b.rpartition(".")[2] in of for b in bases)
