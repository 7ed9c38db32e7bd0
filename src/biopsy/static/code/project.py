"""What a package writes because the project that it is installed in says so.

A manager of git's hooks takes their commands from the project's own settings. Where all that stands in a hook
comes from there, but for lines that only look whether to go on, it is the project's hook.
"""

from biopsy.model.regex import regex
from biopsy.static.code.value import HOLE, Value

TAINT = "project"
"""Of the folder of the project that a package is installed in, and of what is read there."""

HERE = frozenset({TAINT})
"""Of the folder that a script is started in: what of it is the package's own is known, the rest is not."""

VARIABLES = frozenset({"INIT_CWD", "PROJECT_CWD", "npm_config_local_prefix"})
"""Variables that name this folder."""

SAID = " (as the project says)"
"""Stands behind the path of a hook whose commands are the project's. Git starts no file of such a name."""

_HOOK = regex(r"/\.?(?:git/)?hooks/[^/]+\Z|(?:^|/)\.git/hooks/")
_PLAIN = regex(
    r"\s*(?:#.*|set -e?u?|fi|else|then|exit \d+|(?:el)?if \[ [^;`|&<>(]{1,200} \]; ?then"
    r"|echo [\"'][^`|&;<>$]{0,200}[\"']|\. \"\$\w+\""
    r"|(?:npx (?:--no-install )?)?\"?\ufffc\"?(?: \"?\$[@*]\"?)?)?\s*"
)
_OTHER = ("env:", "file:", "host")
_FETCHED = frozenset({"network", "decoded", "verified", "request"})


def said(path: str, content: list[Value]) -> str:
    """What stands behind a path that is written to: `SAID` where it is such a hook."""
    taint = frozenset(t for c in content for t in c.all_taint())
    if TAINT not in taint or not _HOOK.search(path) or taint & _FETCHED:
        return ""
    if any(t.startswith(_OTHER) for t in taint):
        return ""
    texts = [t for c in content for t in (list(c.texts()) or [HOLE])]
    plain = all(HOLE in text and all(map(_PLAIN.fullmatch, text.split("\n"))) for text in texts)
    return SAID if plain else ""
