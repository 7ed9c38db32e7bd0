"""What code compares the machine's name, its user's, the folder it is in and its arguments with.

The texts are the author's own. Whether he seeks or shuns them nobody has to know: a go on a machine that is
called so shows it, and is compared with the others.
"""

import re
from collections.abc import Iterator
from typing import Final

from biopsy.model.regex import stands
from biopsy.pipeline.languages import also, begins

MAX_PLACES: Final = 200
"""Most comparisons of one kind that are looked at in a text."""

MAX_VALUE: Final = 64
"""Longest text that a machine, a user or an argument is given, in characters."""

_ENV = (
    r"(?:process\.env\.(?:{name})\b"
    r"|environ(?:\.get\(|\[)\s*['\"](?:{name})['\"]\s*[\])]|getenv\(\s*['\"](?:{name})['\"]\s*\)"
    + also("named")
    + ")"
)


def _variable(names: str) -> str:
    return _ENV.replace("{name}", names)


_ASKS: Final = {
    "host": r"(?:\bhostname\(\)|\bgethostname\(\)|\bgetfqdn\(\)|platform\.node\(\)"
    r"|uname\(\)\.nodename|uname\(\)\[1\]|" + _variable("HOSTNAME|COMPUTERNAME") + also("host") + ")",
    "user": r"(?:userInfo\(\)\.username|\bgetuser\(\)|\bgetlogin\(\)|"
    + _variable("USER|USERNAME|LOGNAME")
    + also("user")
    + ")",
    "folder": r"(?:process\.cwd\(\)|\bgetcwd\(\)|Path\.cwd\(\)|"
    + _variable("PWD|INIT_CWD")
    + also("folder")
    + ")",
    "words": rf"(?:process\.argv\b|\bsys\.argv\b{also('words')})",
}
_VARIABLE_WORDS = ("process.env.", "environ", "getenv(", *begins("named"))
_WORDS: Final = {
    "host": (
        "hostname()", "gethost", "getfqdn()", "platform.node()", "uname()", *begins("host"), *_VARIABLE_WORDS,
    ),
    "user": ("userInfo()", "getuser()", "getlogin()", *begins("user"), *_VARIABLE_WORDS),
    "folder": ("process.cwd()", "getcwd()", "Path.cwd()", *begins("folder"), *_VARIABLE_WORDS),
    "words": ("process.argv", "sys.argv", *begins("words")),
}  # fmt: skip
"""What a match of each begins with."""

_AFTER = (
    r"\)*(?:\s*\|\|\s*['\"]{2}\s*\))?"
    r"(?:\??\.\w+\([^()]{0,20}\)|\[[-\d:]*\]|\.at\(-?\d+\)|\s*\|\|\s*['\"]{2}\)?)*"
)
_TEXT = r"['\"`]([^'\"`\n$]{1,64})['\"`]"
_LIST = r"[\[({]\s*((?:['\"][^'\"\n]{1,64}['\"]\s*,?\s*){1,60})[\])}]"
REGEX: Final = r"/((?:[^/\n\\]|\\.){1,200})/[a-z]*"
"""A pattern of JavaScript, as it is written."""
_WITH = (
    r"\s*(?:={2,3}|!={1,2})\s*" + _TEXT,
    r"\??\.(?:includes|indexOf|startsWith|endsWith|startswith|endswith|find|count|search|match|localeCompare"
    + also("contains")
    + also("matches")
    + r")\(\s*(?:"
    + _TEXT
    + "|"
    + REGEX
    + ")",
    r"\s+(?:not\s+)?in\s+" + _LIST,
)
_BEFORE = (
    _TEXT + r"\s*(?:={2,3}|!={1,2}|(?:not\s+)?in)\s*(?:str\()?",
    _LIST + rf"\.(?:includes|indexOf|has{also('contains')})\(\s*",
    REGEX + r"\.test\(\s*(?:String\()?",
    r"\bre\.\w+\(\s*r?" + _TEXT + r"\s*,\s*",
    _LIST + r"\.some\(\s*\(?\w+\)?\s*=>\s*",
)
_NAMED_LIST = re.compile(
    r"(?:^|[;{\n])\s*(?:const|let|var)?\s*([A-Za-z_$][\w$]*)\s*=\s*(?:new Set\(|set\(|frozenset\()?\s*"
    + _LIST
)
_LOOKED_UP = (
    r"(?:\b([A-Za-z_$][\w$]*)\.(?:includes|indexOf|has)\(\s*{0}|{0}{1}\s+(?:not\s+)?in\s+([A-Za-z_][\w]*))"
)
_SOME = r"\b([A-Za-z_$][\w$]*)\.some\(\s*\(?\w+\)?\s*=>\s*{0}"
_PLAIN = re.compile(r"[\w.@:/\\ +-]+")
_KEPT_AS: Final = {
    "user": re.compile(r"\{\s*username(?:\s*:\s*([\w$]+))?[^}]{0,60}\}\s*=\s*[\w.]*userInfo\(\)"),
}


def values(text: str) -> dict[str, tuple[str, ...]]:
    """Give, for `host`, `user`, `folder` and `words`, what a text compares them with, in its order."""
    return {kind: tuple(dict.fromkeys(_of(kind, asks, text))) for kind, asks in _ASKS.items()}


def _of(kind: str, asks: str, text: str) -> Iterator[str]:
    if not stands(re.compile(asks), _WORDS[kind], text) and not (
        kind in _KEPT_AS and _KEPT_AS[kind].search(text)
    ):
        return
    source = _source(kind, asks, text)
    patterns = [re.compile(f"{source}{_AFTER}{after}") for after in _WITH]
    patterns += [re.compile(f"{before}{source}") for before in _BEFORE]
    found: list[tuple[int, str]] = []
    for pattern in patterns:
        for number, match in enumerate(pattern.finditer(text)):
            if number >= MAX_PLACES:
                break
            said = next(filter(None, match.groups()), "")
            found += [(match.start(), one) for one in each(said)]
    lists = dict(_NAMED_LIST.findall(text)[:MAX_PLACES])
    for form in (_LOOKED_UP.format(source, _AFTER), _SOME.format(source)):
        for match in list(re.finditer(form, text))[:MAX_PLACES]:
            name = next(filter(None, match.groups()), "")
            found += [(match.start(), one) for one in each(lists.get(name, ""))]
    yield from (one for _, one in sorted(found, key=lambda pair: pair[0]))


def _source(kind: str, asks: str, text: str) -> str:
    """Give what says it: the question itself, and the names that its answer was given."""
    names = re.findall(
        rf"(?:^|[;{{(,\n]|\bconst|\blet|\bvar)\s*([A-Za-z_$][\w$]*)\s*:?=\s*(?:\(|str\(|String\()*[\w.]{{0,40}}?{asks}",
        text,
    )
    if kind in _KEPT_AS:
        names += [one or "username" for one in _KEPT_AS[kind].findall(text)]
    told = "|".join(rf"(?<![\w$.]){re.escape(name)}(?![\w$(])" for name in dict.fromkeys(names[:20]))
    return f"(?:(?:[A-Za-z_$][\\w$]*\\.){{0,3}}{asks}{'|' + told if told else ''})"


def each(said: str) -> list[str]:
    """Take a list's texts apart; of a pattern, take what its first branch matches."""
    quoted = re.findall(r"['\"]([^'\"\n]+)['\"]", said)
    plain = []
    for one in quoted or [said]:
        branch = re.sub(r"\\[bB]|[\^$]|\(\?:|\(\?[iu]+\)", "", one).lstrip("(").split("|")[0].rstrip(")")
        branch = re.sub(r"\\([-./])", r"\1", branch)
        if _PLAIN.fullmatch(branch) and len(branch) <= MAX_VALUE and re.search(r"\w", branch):
            plain.append(branch.strip())
    return plain
