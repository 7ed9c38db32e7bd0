"""Variants of a scenario by seed: other names, hosts, ways to write strings, and ways in. The same crime.

What varies, as far as a scenario allows: the package's name and its folders' (names in the text follow), the
reserved hosts and paths, locals and private names, how strings are written, how a part is encoded (with the
decoder beside it), npm's hook, and where the first module of a package keeps its code. Outside of Python and
JavaScript it is less: the names, the hosts, the owner, and the locals of the languages of `rename_locals`.
Where a text has none of these, as a workflow or a script may, there is no variant: `variants` leaves it out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from random import Random

import msgspec

from evals import disguise, rename, rename_locals
from evals.scenario import Scenario
from evals.syntax import JS_SUFFIXES

_ADJECTIVES = ("amber", "brisk", "calm", "dense", "eager", "fine", "grand", "hazel", "keen", "merry", "neat")
_NOUNS = ("anchor", "basket", "cable", "dial", "engine", "funnel", "garden", "hinge", "island", "kettle")
_HOSTS = (
    "collector.example",
    "metrics.sim-cloud.example",
    "a7.edge.test",
    "in.beacon-hub.example",
    "drop.test",
)
_HOOKS = ("preinstall", "install", "postinstall")
_OWNERS = ("orchard", "harbour", "lantern", "meadow")
_STYLES = {
    "pypi": ("", "", "escape", "split"),
    "npm": ("", "", "escape", "split", "dynamic"),
    "vscode-extension": ("", "", "escape", "split"),
    "github": ("", "", "escape", "split"),
    "gem": ("",),
    "golang": ("",),
    "maven": ("",),
    "nuget": ("",),
}

_DECODERS: dict[str, tuple[tuple[str, str], ...]] = {
    "pypi": (
        (r"""bytes\.fromhex\((['"])«(\w+)\|hex»\1\)""", r"""bytes.fromhex(\1«\2|hex»\1)"""),
        (
            r"""base64\.b64decode\(b?(['"])«(\w+)\|base64»\1\)""",
            r"""__import__(\1base64\1).b64decode(\1«\2|base64»\1)""",
        ),
        (r"\0", r"""__import__(\1base64\1).b85decode(\1«\2|base85»\1)"""),
        (r"\0", r"""__import__(\1zlib\1).decompress(bytes.fromhex(\1«\2|zlib|hex»\1))"""),
        (r"\0", r"""bytes(n ^ 90 for n in [«\2|xor|charcodes»])"""),
        (r"\0", r"""bytes.fromhex(\1«\2|reverse|hex»\1)[::-1]"""),
    ),
    "npm": (
        (
            r"""Buffer\.from\((['"])«(\w+)\|hex»\1, *(['"])hex\3\)""",
            r"""Buffer.from(\1«\2|hex»\1, \1hex\1)""",
        ),
        (
            r"""Buffer\.from\((['"])«(\w+)\|base64»\1, *(['"])base64\3\)""",
            r"""Buffer.from(\1«\2|base64»\1, \1base64\1)""",
        ),
        (r"\0", r"""Buffer.from([«\2|xor|charcodes»].map((n) => n ^ 90))"""),
        (r"\0", r"""require(\1zlib\1).inflateSync(Buffer.from(\1«\2|zlib|hex»\1, \1hex\1))"""),
    ),
}
"""Expressions that give the bytes of a part, each as pattern and text: any pattern may become any text."""


def vary(one: Scenario, seed: int) -> Scenario:
    """Return the variant of a seed; 0 is the text as it stands. The same seed gives the same bytes."""
    if not seed:
        return one
    random = Random(f"{one.id} {seed}")
    one = _named(one, random)
    one = _decoders(one, random)
    one = _entered(one, random)
    return _styled(one, random)


def variants(all_of: Iterable[Scenario], seed: int) -> Iterator[Scenario]:
    """Yield the variants of a seed, of those scenarios of whose files it makes another text."""
    for one in all_of:
        variant = vary(one, seed)
        if not seed or written(variant) != one.contents(payload=True):
            yield variant


def written(one: Scenario, *, payload: bool = True) -> dict[str, bytes]:
    """Return the files of a scenario in its style."""
    files = one.contents(payload=payload)
    return styled(files, one.style) if one.style else files


def _texts(one: Scenario, change: Callable[[str], str]) -> Scenario:
    """Apply a change to every text of a scenario: paths, files, parts, requirements, entry points."""

    def deep(value: object) -> object:
        match value:
            case str():
                return change(value)
            case dict():
                return {deep(key): deep(each) for key, each in value.items()}
            case tuple() | list():
                return tuple(deep(each) for each in value)
        return value

    fixed = {
        "id",
        "title",
        "row",
        "technique",
        "ecosystem",
        "artifact",
        "version",
        "profile",
        "python",
        "expect",
        "generation",
    }
    plain = msgspec.to_builtins(one)
    return msgspec.convert(
        {key: each if key in fixed else deep(each) for key, each in plain.items()}, Scenario
    )


def _named(one: Scenario, random: Random) -> Scenario:
    """Give package, folders and hosts other names, everywhere in the text."""
    bare = one.name.removeprefix("@").partition("/")[2] or one.name
    new = f"sim-{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}-{one.id.lower()}"
    names = [(bare, new), (bare.replace("-", "_"), new.replace("-", "_"))]
    short = bare.removeprefix("sim-").replace("-", "_")
    if f"{short}.py" in one.files or f"{short}/__init__.py" in one.files:
        names.append((short, new.removeprefix("sim-").replace("-", "_")))
    if one.ecosystem in _DECODERS:
        host = random.choice(_HOSTS)
    else:  # where the host may be all that a text has to vary, never the one that it has
        host = random.choice(_HOSTS[1:])
        names.append((_camel(bare), _camel(new)))
        if re.search(r"(?:^|[./])simulant/", one.name):
            names.append(("simulant", random.choice(_OWNERS)))

    def change(text: str) -> str:
        for old, fresh in names:
            text = re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", fresh, text)
        return text.replace("collector.example", host)

    return _texts(one, change)


def _camel(name: str) -> str:
    """Write a name as modules and classes of it are: `sim-gem-outline` is `SimGemOutline`."""
    return "".join(word.capitalize() for word in re.split(r"[-_.]", name))


def _decoders(one: Scenario, random: Random) -> Scenario:
    """Encode parts in another way, with the decoder that it takes."""
    group = _DECODERS.get(one.ecosystem, ())
    if not group:
        return one
    new = random.choice([text for _, text in group])

    def change(text: str) -> str:
        for pattern, _ in group:
            if pattern != r"\0":
                text = re.sub(pattern, lambda match: match.expand(new), text)
        return text

    return _texts(one, change)


def _entered(one: Scenario, random: Random) -> Scenario:
    """Come in another way: another hook of npm, or a module that the package imports first."""
    files = dict(one.files)
    manifest = files.get("package.json")
    if isinstance(manifest, str):
        found = re.search(r"(!! .*\"scripts\": \{)\"(preinstall|postinstall)\":", manifest)
        if found and "binding.gyp" not in files:
            hook = random.choice(_HOOKS)
            files["package.json"] = manifest.replace(f'{found[1]}"{found[2]}":', f'{found[1]}"{hook}":')
    inits = [path for path in files if path.count("/") == 1 and path.endswith("/__init__.py")]
    if one.artifact == "wheel" and len(inits) == 1 and random.random() < 0.5 and not one.archive.shadow:
        folder, init = inits[0].split("/")[0], files[inits[0]]
        inner = f"{folder}/_{random.choice(_NOUNS)}.py"
        movable = isinstance(init, str) and "!! " in init and "__all__" not in init and "import *" not in init
        if movable and isinstance(init, str) and f"{folder}." not in init and "from ." not in init:
            stem = inner.rpartition("/")[2].removesuffix(".py")
            files[inits[0]] = f'"""Made of one module."""\n\nfrom {folder}.{stem} import *  # noqa: F403\n'
            files[inner] = init
    return msgspec.structs.replace(one, files=files)


def _styled(one: Scenario, random: Random) -> Scenario:
    """Choose how the sources are written: their names and their strings. Done when the files are made."""
    styles = _STYLES.get(one.ecosystem, ())
    if not styles:
        return one
    return msgspec.structs.replace(one, style=f"{random.choice(styles)}:{random.randrange(2**31)}")


def styled(files: dict[str, bytes], style: str) -> dict[str, bytes]:
    """Write the sources among files in a style; what cannot be written so stays."""
    how, _, number = style.partition(":")
    made = {}
    for path, data in files.items():
        random = Random(f"{number} {path}")
        others = b"\n".join(text for other, text in files.items() if other != path)
        made[path] = _one(path, data, others, how, random)
    return made


def _one(path: str, data: bytes, others: bytes, how: str, random: Random) -> bytes:
    if not data.strip() or data.startswith(b"#!") or path.startswith("tests/"):
        return data
    try:
        if path.endswith(".py"):
            renamed = rename.python(data, others)
            return disguise.python(how, renamed.decode(), random).encode() if how else renamed
        if path.endswith(JS_SUFFIXES):
            renamed = rename.javascript(data)
            return disguise.javascript(how, renamed.decode(), random).encode() if how else renamed
        if path.endswith(rename_locals.SUFFIXES):
            return rename_locals.renamed(path, data, others, random)
    except (SyntaxError, ValueError):
        pass
    return data
