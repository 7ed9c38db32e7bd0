"""Arguments that are made up, by the names and annotations of parameters and by the texts of the code: used by
pycalls.py.

What they name (the host, the folder, the words) is known outside: what a function does with them is its job, and not
told of the package. Keep HOST and WORDS as observe_calls.py has them.
"""

import inspect
import os
import pathlib
import re
import types
import typing

from pyclient import Session

HOST = "files.partner-intake.example"
WORDS = "sample-words"
MAX_TEXTS = 60  # texts harvested from a module
MAX_LENGTH = 400  # of one of them
MAX_TRIES = 4  # argument lists for one function

ACCOUNT = re.compile(
    r"0x[0-9a-fA-F]{40}|(?:bc1|ltc1|cosmos1|[13LMDTXr])[0-9a-zA-Z]{24,62}|[1-9A-HJ-NP-Za-km-z]{43,44}"
)
"""What accounts look like: those of the package are never handed to it, for what it does with them is asked."""

passed = [MemoryError]  # exceptions that are nobody's to catch here


def got(thing, key):
    """Give an attribute, or None: there are things whose attributes import others, and fail."""
    try:
        return getattr(thing, key, None)
    except tuple(passed):
        raise
    except BaseException:
        return None


class Anything:
    """What answers to everything: some code goes on only where each of its many wishes is met."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        told = next((make for names, make in HANDED if name.lower() in names), None)
        return told(None) if told else Anything()

    def __call__(self, *arguments, **named):
        return Anything()

    def __str__(self):
        return WORDS

    def __fspath__(self):
        return os.path.join(decoys(), "notes.txt")

    def __iter__(self):
        return iter(())

    def __await__(self):
        yield from ()
        return Anything()

    def __enter__(self):
        return Anything()

    def __exit__(self, *_):
        return False

    __repr__ = __str__
    __getitem__ = __call__
    __eq__ = __ge__ = __le__ = __gt__ = __lt__ = __contains__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __len__ = __int__ = __index__ = lambda self: 1
    __hash__ = object.__hash__
    __bytes__ = lambda self: WORDS.encode()


def strange(thing):
    """Yield one argument list that answers to everything."""
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except tuple(passed):
        raise
    except BaseException:
        return
    parameters = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if parameters:
        named = {p.name: Anything() for p in parameters if p.kind is p.KEYWORD_ONLY}
        yield tuple(Anything() for p in parameters if p.kind is not p.KEYWORD_ONLY), named


def argument_lists(thing, here, folder):
    """Yield a few argument lists: by name and annotation; then with the texts of the function's own code."""
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except (ValueError, TypeError):
        parameters = None
    except tuple(passed):
        raise
    except BaseException:
        parameters = None
    if parameters is None:
        yield from (((), {}), ((here[0] if here else "text",), {}), ((1,), {}))
        return
    own = [t for t in constants(got(got(thing, "__func__") or thing, "__code__")) if not ACCOUNT.fullmatch(t)]
    yield fill(parameters, lambda p: value(p, here, folder), required=True)
    # Who takes a key apart or checks it is given one, whatever his parameter is called.
    first = next((p for p in parameters if p.name not in ("self", "cls")), None)
    name = got(thing, "__name__")
    if first is not None and texty(first) and isinstance(name, str) and KEYED.fullmatch(name):
        yield fill(
            parameters, lambda p: secret("wallet") if p is first else value(p, here, folder), required=True
        )
    # What a parameter's name says it is for is never replaced by a text of the package's: what is done to it is ours.
    if not any(texty(p) and not hint(p) for p in parameters):
        return
    count = 1
    for text in dict.fromkeys([*own, *here]):
        if count >= MAX_TRIES:
            return
        count += 1
        yield fill(
            parameters, lambda p: text if texty(p) and not hint(p) else value(p, here, folder), required=False
        )


def fill(parameters, choose, required):
    """Make one argument list."""
    arguments, named = [], {}
    for p in parameters:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or (required and p.default is not p.empty):
            continue
        if p.kind is p.KEYWORD_ONLY:
            if p.default is p.empty:
                named[p.name] = choose(p)
        elif p.default is p.empty or texty(p):
            if p.default is not p.empty or p.kind is not p.POSITIONAL_ONLY and named:
                named[p.name] = choose(p)
            else:
                arguments.append(choose(p))
    return tuple(arguments), named


def texty(p):
    """Whether a parameter may well be a text."""
    note = p.annotation
    return note in (p.empty, str, "str", typing.Any) and (p.default is p.empty or isinstance(p.default, str))


def secret(name):
    """Give a secret that is nobody's, to see what is done with it."""
    import json

    if not SECRETS:
        try:
            with open(os.path.join(os.path.expanduser("~"), "samples", "account.json")) as file:
                SECRETS.update(json.load(file))
        except (OSError, ValueError):
            SECRETS[""] = WORDS
    return SECRETS.get(name, WORDS)


def settings():
    """Give what may be asked of a configuration. No phrase and no private key: who takes such a thing may well pass
    all of it on, and that tells nothing."""
    return {
        "key": "value", "name": WORDS, "url": f"http://{HOST}/", "base_url": f"http://{HOST}/", "host": HOST,
        "token": secret("key"), "api_key": secret("key"), "password": secret("password"),
    }  # fmt: skip


SECRETS = {}
KEYED = re.compile(
    r"decode|(?:b58)?decode(?:_key|_base58|_check)?|from_(?:base58|secret|private|seed|wif)\w*"
    r"|(?:import|load|restore|recover|parse|read|check|validate|verify|is|to)_?\w*(?:key|keypair|wallet|account|secret)",
    re.IGNORECASE,
)
HANDED = (
    (("mnemonic", "phrase", "seed"), lambda _: secret("phrase")),
    (("private_key", "privkey", "privatekey", "wallet"), lambda _: "0x" + secret("private")),
    (("password", "passwd", "pass", "pwd"), lambda _: secret("password")),
    (
        ("key", "token", "secret", "auth", "credential", "credentials", "apikey", "jwt", "bearer"),
        lambda _: secret("key"),
    ),
)
HINTS = (
    (
        ("path", "file", "filename", "fname", "src", "source", "dst"),
        lambda folder: os.path.join(folder, "notes.txt"),
    ),
    (("dir", "folder", "directory", "root", "cwd", "dest"), lambda folder: folder),
    (("url", "uri", "endpoint", "link", "address", "href"), lambda _: f"http://{HOST}/index.html"),
    (("host", "hostname", "domain", "server"), lambda _: HOST),
    (("cmd", "command", "shell"), lambda _: f"echo {WORDS}"),
    (("code", "script", "expr", "expression"), lambda _: "1"),
    (
        (
            "request",
            "req",
            "response",
            "ctx",
            "context",
            "message",
            "update",
            "event",
            "client",
            "bot",
            "app",
        ),
        lambda _: Anything(),
    ),
    (("session", "http_client", "http"), lambda _: Session()),
    (("port",), lambda _: 8080),
    (("callback", "func", "fn", "function", "handler", "hook", "cb"), lambda _: lambda *a, **k: None),
    (
        ("n", "num", "count", "size", "length", "index", "i", "limit", "timeout", "seconds", "number"),
        lambda _: 1,
    ),
    (("data", "payload", "body", "content", "buffer", "buf", "raw", "bytes"), lambda _: b"data"),
    (("items", "values", "args", "lst", "list", "seq", "iterable", "names", "lines"), lambda _: ["a", "b"]),
    (
        ("config", "options", "opts", "settings"),
        lambda _: settings(),
    ),
    (
        ("params", "kwargs", "mapping", "dict", "d", "env", "headers"),
        lambda _: {"key": "value"},
    ),
)
TYPES = {
    "str": "text",
    "int": 1,
    "float": 1.5,
    "bool": True,
    "bytes": b"data",
    "list": ["a"],
    "dict": {"key": "value"},
    "tuple": ("a",),
    "set": {"a"},
    "None": None,
}


def hint(p, hints=HINTS):
    """Give the maker of what a parameter's name asks for."""
    name = p.name.lower().strip("_")
    words = name.split("_")
    return next(
        (
            make
            for names, make in hints
            if words[-1] in names or name in names or "_".join(words[-2:]) in names
        ),
        None,
    )


def value(p, here, folder):
    """Make one argument from the parameter's name, then its annotation; failing both, a text of the module."""
    note = p.annotation
    if note is bytes or note == "bytes":
        return b"data"
    make = hint(p, HANDED) or hint(p)
    if make is not None:
        made = make(folder)
        return pathlib.Path(made) if isinstance(made, str) and "Path" in str(note) else made
    named = note if isinstance(note, str) else getattr(note, "__name__", "") or str(note)
    named = named.removeprefix("typing.").removeprefix("Optional[").split("|")[0].strip(" ]")
    if named.partition("[")[0] in TYPES:
        return TYPES[named.partition("[")[0]]
    if named.endswith("Path"):
        return pathlib.Path(folder, "notes.txt")
    if "Callable" in named:
        return lambda *a, **k: None
    if isinstance(note, type) and note.__module__ not in ("builtins", "inspect", "typing"):
        try:
            return note()
        except tuple(passed):
            raise
        except BaseException:
            return Anything()
    return here[len(p.name) % len(here)] if here else WORDS


def by_name(name):
    """Make what a name alone asks for; None where it says nothing."""
    p = types.SimpleNamespace(name=name)
    make = hint(p, HANDED) or hint(p)
    return make(decoys()) if make else None


def texts(module):
    """Harvest the texts that stand in a module's code and names."""
    found = [v for k, v in list(vars(module).items()) if isinstance(v, str) and not k.startswith("__")]
    for thing in list(vars(module).values()):
        if got(thing, "__module__") != module.__name__:
            continue
        for inner in list(vars(thing).values()) if isinstance(thing, type) else (thing,):
            found += constants(got(got(inner, "__func__") or inner, "__code__"))
    found = [t for t in dict.fromkeys(found) if 0 < len(t) <= MAX_LENGTH and not ACCOUNT.fullmatch(t)]
    return found[:MAX_TEXTS]


def codes(code, depth=0):
    """Give a code object and those inside it."""
    if not isinstance(code, types.CodeType) or depth > 5:
        return []
    return [code, *(inner for one in code.co_consts for inner in codes(one, depth + 1))]


def constants(code, depth=0):
    """Give the texts in a code object and those inside it."""
    if not isinstance(code, types.CodeType) or depth > 5:
        return []
    found = []
    for constant in code.co_consts[1:] if depth == 0 and code.co_consts else code.co_consts:
        if isinstance(constant, str) and 0 < len(constant) <= MAX_LENGTH:
            found.append(constant)
        elif isinstance(constant, (tuple, frozenset)):
            found += [c for c in constant if isinstance(c, str) and 0 < len(c) <= MAX_LENGTH]
        elif isinstance(constant, types.CodeType):
            found += constants(constant, depth + 1)
    return found


def decoys():
    """Give a folder with a few ordinary files, for parameters that are paths: the machine's, or a new one."""
    import tempfile

    folder = os.path.join(os.path.expanduser("~"), "samples")
    if os.path.isfile(os.path.join(folder, "notes.txt")):
        return folder
    try:
        folder = tempfile.mkdtemp()
        for name, text in (
            ("notes.txt", "alpha\nbeta\n"),
            ("data.json", '{"key": "value"}\n'),
            ("table.csv", "a,b\n1,2\n"),
        ):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
    except OSError:
        return "."
    return folder
