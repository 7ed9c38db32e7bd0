"""What a package looks for before it acts, as far as its code spells it out: variables, files, the names of
the machine and of its user, a folder, arguments (`compared`).

Where the same file holds something that could do harm, the package is started and imported once more on a
machine that has what is looked for. The author's own words say what that is, so there is no list of targets
here; what everybody's tools look for (`usual.txt`) is left out.
"""

import json
import re
from collections.abc import Iterable, Iterator
from importlib.resources import files as resources
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from biopsy.model.run import Disk, Phase
from biopsy.pipeline import again, compared
from biopsy.pipeline.harm import harmful
from biopsy.pipeline.languages import also
from biopsy.sandbox import toolchain

LABEL: Final = "suited"
"""What a go on such a machine is called in `differs.again`."""

MAX_WANTED: Final = 40
"""Most variables, and most files, that are provided."""

MAX_NAME: Final = 120
"""Longest name of either, and longest value, in characters."""

MAX_WORDS: Final = 3
"""Most arguments that are a condition; what compares more of them is a command with options."""

MAX_LOOKED: Final = 400
"""Most places of a file's text that are looked at, so that hostile text costs no more than honest one."""

MAX_ARGUMENT: Final = 400
"""Longest expression that is followed, in characters."""

_VARIABLE = re.compile(
    r"""process\.env(?:\.([A-Za-z_]\w*)|\[\s*['"]([^'"\]]+)['"]\s*\])"""
    r"""|\b(?:environ\.get|getenv|environ\.pop)\(\s*['"]([^'"]+)['"](?:\s*,\s*[^()]{0,40})?\)"""
    r"""|\benviron\[\s*['"]([^'"]+)['"]\s*\]|['"]([A-Za-z_]\w*)['"]\s+(?:not\s+)?in\s+(?:os\.)?environ\b"""
    + also("variables")
)
_EQUALS = re.compile(
    r"""\s*\)?\s*(?:\|\|\s*['"]{2}\s*\))?\s*"""
    rf"""(?:[!=]==?\s*|\.(?:includes|startsWith|endsWith|startswith|endswith{also("contains")})\(\s*)"""
    r"""['"]([^'"\n]*)['"]"""
)
_TESTED = re.compile(rf"{compared.REGEX}\.test\(\s*(?:String\()?$")
_LOOKS = re.compile(
    r"\b(?:existsSync|accessSync|access|statSync|lstatSync|stat|readdirSync|isfile|isdir|exists|lexists|is_file|is_dir)\("
    + also("looks")
)
_NAMED = re.compile(r"(?:^|[;{\n])\s*(?:const|let|var)?\s*([A-Za-z_$][\w$]*)\s*=\s*([^=;\n][^;\n]{0,199})")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_TEXT = re.compile(r"""(['"`])((?:(?!\1)[^\\\n$])*)\1""")
_HOLE = re.compile(r"\$\{[^{}]*\}")
_HOME = re.compile(r"homedir|expanduser|Path\.home|\bHOME\b|USERPROFILE|~/" + also("home"))
_OWN = re.compile(
    r"__dirname|__filename|__file__|import\.meta|require\.resolve|tmpdir|gettempdir|process\.execPath|sys\."
    + also("own")
)
_MODULE = re.compile(r"\b(?:require|import|__import__|import_module)\(")
_PART = re.compile(r"[\w.@+ -]+")
_NAME = re.compile(r"[A-Za-z_]\w*")


def _usual() -> tuple[frozenset[str], ...]:
    text = (resources("biopsy.pipeline") / "usual.txt").read_text("utf-8").partition("\n")[2]
    return tuple(frozenset(part.split()) for part in text.split("\n\n"))


_USUAL_VARIABLES, _USUAL_FILES, _USUAL_WORDS = _usual()


class Suit(Struct, frozen=True):
    """What a package looks for: variables with the values they are compared with, files, names, arguments.

    A file begins with `~/`, or lies in the project; one that ends in `/` is a folder. `folder` is what the
    name of the one it is in has, `words` are arguments.
    """

    env: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    host: str = ""
    user: str = ""
    folder: str = ""
    words: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Suit()


def read(texts: Iterable[str]) -> Suit:
    """Say what these texts of code look for."""
    env: dict[str, str] = {}
    files: dict[str, None] = {}
    named: dict[str, dict[str, None]] = {"host": {}, "user": {}, "folder": {}, "words": {}}
    for text in texts:
        if harmful(text):
            here = dict(_variables(text))
            if any(name not in _USUAL_VARIABLES for name in here):
                for name, value in here.items():
                    if value or name not in env:
                        env[name] = value
            files.update(dict.fromkeys(_files(text)))
            for kind, found in compared.values(text).items():
                if kind != "words" or _magic(text, found):
                    named[kind].update(dict.fromkeys(found))
    return Suit(
        tuple((name, value or "1") for name, value in list(env.items())[:MAX_WANTED]),
        tuple(files)[:MAX_WANTED],
        **{kind: next(iter(named[kind]), "") for kind in ("host", "user", "folder")},
        words=tuple(named["words"])[:MAX_WORDS],
    )


def _magic(text: str, words: tuple[str, ...]) -> bool:
    """Whether arguments are a condition, and no command's options: those are many, or everybody's."""
    return not text.startswith("#!") and len(words) <= MAX_WORDS and not _USUAL_WORDS.issuperset(words)


def more(
    suit: Suit,
    plan: tuple[Phase, ...],
    disk: Disk = Disk.INSTALLED,
    names: frozenset[str] = again.LIGHT,
    ahead: float = 0.0,
) -> tuple[Phase, ...]:
    """Give the phases to do once more on such a machine: those named, or the install; `ahead` in seconds."""
    if not suit:
        return ()
    said: dict[str, object] = {"env": dict(suit.env), "files": suit.files}
    said |= {"host": suit.host, "user": suit.user, "folder": suit.folder}
    words = tuple(f"--word={word}" for word in suit.words)
    return tuple(
        replace(
            phase,
            driver="suited.py",
            args=(_worn(said, phase), phase.driver, *phase.args, *_spoken(phase, words)),
        )
        for phase in again.repeated(plan, LABEL, ahead, names, disk)
    )


def _worn(said: dict[str, object], phase: Phase) -> str:
    every = {**said, "start": toolchain.interpreter(phase.driver)}
    return json.dumps({key: value for key, value in every.items() if value})


def _spoken(phase: Phase, words: tuple[str, ...]) -> tuple[str, ...]:
    return words if phase.name in {"import", "scripts"} else ()


def _variables(text: str) -> Iterator[tuple[str, str]]:
    for number, match in enumerate(_VARIABLE.finditer(text)):
        if number >= MAX_LOOKED:
            return
        name = next(filter(None, match.groups()))
        if len(name) > MAX_NAME or not _NAME.fullmatch(name):
            continue
        value = _wanted(text, match)
        if value or name not in _USUAL_VARIABLES:
            yield name, value if len(value) <= MAX_NAME and value.isprintable() else ""


def _wanted(text: str, match: re.Match[str]) -> str:
    """What a variable is compared with: a text, or what the first branch of a pattern matches."""
    if equal := _EQUALS.match(text, match.end()):
        return equal[1]
    tested = _TESTED.search(text[max(0, match.start() - 240) : match.start()])
    return next(iter(compared.each(tested[1])), "") if tested else ""


def _files(text: str) -> Iterator[str]:
    known = {name: what for name, what in _NAMED.findall(text)[-MAX_LOOKED:] if not _MODULE.search(what)}
    for number, match in enumerate(_LOOKS.finditer(text)):
        if number >= MAX_LOOKED:
            return
        place = _place(_spelled(_argument(text, match), known))
        if place:
            yield place


def _argument(text: str, match: re.Match[str]) -> str:
    """Give what a look is at: its first argument, or, where that is empty, what the method is called on."""
    depth, at = 1, match.end()
    end = min(len(text), at + 200)
    while at < end and depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 1 and text[at] == "," and text[match.end() : at].strip():
            break
        at += 1
    inner = text[match.end() : at - (not depth)].strip()
    if inner:
        return inner
    line = text[max(0, match.start() - 160) : match.start()].rpartition("\n")[2]
    return re.split(r"\b(?:if|and|or|not|return|while)\b|[;{=]", line.removesuffix("."))[-1]


def _spelled(argument: str, known: dict[str, str]) -> str:
    """Put what names stand for in their places, twice over."""
    for _ in range(2):
        bare = _TEXT.sub("", argument)
        for word in dict.fromkeys(_WORD.findall(bare)):
            if word in known and len(argument) < MAX_ARGUMENT:
                whole = rf"(?<![\w$.'\"]){re.escape(word)}(?![\w$'\"(])"
                argument = re.sub(whole, known[word].replace("\\", r"\\"), argument)
    return argument


def _place(argument: str) -> str:
    """Give the place that an expression names, if it is one that may be provided."""
    if _OWN.search(argument):
        return ""
    home = _HOME.search(argument) is not None
    texts = [text for _, text in _TEXT.findall(_HOLE.sub("", argument))]
    first = texts[0] if texts and "${" not in argument else ""
    parts = [part for text in texts for part in text.split("/") if part not in {"", "."}]
    parts = [part for part in parts if part not in {"~", "HOME", "USERPROFILE", "utf8", "utf-8"}]
    if not parts or ".." in parts or (first.startswith("/") and not home):
        return ""
    if parts[-1] in _USUAL_FILES or not all(_PART.fullmatch(part) for part in parts):
        return ""
    path = "/".join(parts)
    if len(path) > MAX_NAME or not re.search(r"\w", path):
        return ""
    return ("~/" if home else "") + path + ("" if "." in parts[-1] else "/")
