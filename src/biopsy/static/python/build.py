"""What an installer runs of a build script by itself: the commands of setuptools, the hooks of a back end."""

from biopsy.model.regex import regex
from biopsy.static.code.interpret import Interpreter
from biopsy.static.code.state import Closure, Invocation
from biopsy.static.code.value import Value
from biopsy.static.code.witness import Witness
from biopsy.static.python.effects import effect

_HOOK = regex(
    r"build_(?:wheel|sdist|editable)|get_requires_for_\w+|prepare_metadata_for_\w+|build|pdm_build_\w+"
)
_BASES = ("setuptools.", "distutils.", "hatchling.", "wheel.", "numpy.distutils.", "Cython.", "pybind11.",
          "torch.utils.cpp_extension.", "skbuild.", "poetry.core.", "flit_core.", "pdm.backend.")  # fmt: skip
_METHODS = ("__init__", "initialize_options", "finalize_options", "run", "build_extensions",
            "build_extension")  # fmt: skip
_ASKED = frozenset({"test", "upload", "register", "clean", "upload_docs", "publish", "release"})
"""Commands that only somebody who works on the package calls."""


def installs(name: str, bases: tuple[str, ...]) -> bool:
    """Whether a function of that name, in a class with these bases, is called by an installer."""
    if any(base.startswith(_BASES) for base in bases):
        return True
    return not bases and bool(_HOOK.fullmatch(name))


def early(run: Interpreter) -> None:
    """Run what an installer calls, whether it looks telling or not: it may call what is."""
    for closure in list(run.closures):
        if run.installs(closure) and run.when not in closure.moments:
            run.enter(closure, [], {}, closure.owner and run.example(closure.owner))


@effect("setuptools.setup", "distutils.core.setup", "distutils.setup", "skbuild.setup",
        "numpy.distutils.core.setup")  # fmt: skip
def _setup(run: Witness, call: Invocation) -> Value:
    """The classes that stand for commands are made, and run."""
    given = dict(call.kwargs.get("**", Value()).fields or {}) | call.kwargs
    commands = given.get("cmdclass", Value()).fields or {}
    for name, cls in list(commands.items())[:50]:
        if name in _ASKED or cls.fields is None or cls.made:
            continue
        made = run.example(cls)
        for method in _METHODS[1:]:
            held = cls.fields.get(method)
            if held is not None and held.func is not None and not _ran(run, held.func):
                run.enter(held.func, [], {}, made)
    return Value()


def _ran(run: Witness, closure: Closure) -> bool:
    return run.when in closure.moments
