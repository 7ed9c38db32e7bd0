"""Actions: what the steps of a composite one run, read as the scripts that they are.

A runner puts expressions into a script before a shell sees it. Those that stand for everything secret are
read as a command that prints the whole environment, those for one secret as a variable of its name.
"""

from collections.abc import Iterator

from biopsy.model.regex import regex
from biopsy.static import decode
from biopsy.static.readers import workflows
from biopsy.static.sight import Layer, Sight, Source

NAME = "actions"
MAX_TEXT = 512 * 1024
MAX_STEPS = 400
NEAR = 2000  # characters around a step's script in which its shell is looked for

_ALL = regex(r"(?i)\$\{\{\s*toJSON\(\s*(?:secrets|env|github)\s*\)\s*\}\}")
_ONE = regex(r"\$\{\{\s*(?:secrets|env)\.(\w{1,100})\s*\}\}")
_ANY = regex(r"\$\{\{[^}]{0,500}\}\}")
_SHELL = regex(r"(?m)^[ \t]*(?:-[ \t]+)?shell:[ \t]*['\"]?(\w+)")
_NEXT = regex(r"(?m)^[ \t]*-[ \t]")
_DECODES = regex(
    r"(?:\beval\b|\b(?:ba|da|z)?sh\b)[^\n]{0,200}\bbase64\s+(?:-d|-D|--decode)|\bbase64\s+(?:-d|-D|--decode)[^\n]{0,200}\|\s*(?:ba|da|z)?sh\b"
)
_ENCODED = regex(r"(?<![\w/+])[A-Za-z0-9+/]{32,20000}={0,2}|={1,2}[A-Za-z0-9+/]{32,20000}")
MAX_ENCODED = 20
_LANGUAGES = {"python": "python", "node": "javascript"}


def wants(source: Source) -> bool:
    """By its name, where it is that of an action which somebody's job runs."""
    readable = not (source.depth or source.binary or len(source.data) > MAX_TEXT)
    return bool(readable and source.when and workflows.ACTION.search(source.path))


def read(source: Source) -> Iterator[Sight]:
    """Yield the script of each step, to be read at the moment of the action."""
    text = source.text
    yield from _far_apart(source, text)
    for count, (at, script) in enumerate(workflows.scripts(text)):
        if count >= MAX_STEPS:
            return
        plain = _ANY.sub("x", _ONE.sub(r"$\1", _ALL.sub("$(env)", script)))
        yield Layer(plain, _language(text, at), source.line_at(at), source.when)


def _far_apart(source: Source, text: str) -> Iterator[Sight]:
    """Yield what stands encoded in one step where another decodes something and runs it."""
    if not _DECODES.search(text):
        return
    for match in list(_ENCODED.finditer(text))[:MAX_ENCODED]:
        for written in (match[0], match[0][::-1]):
            plain = decode.readable(decode.decode("base64", written) or b"")
            for one in (plain, plain[::-1]) if plain else ():
                if decode.telling(one):
                    yield Layer(one, "shell", source.line_at(match.start()), source.when, True)


def _language(text: str, at: int) -> str:
    """Give the language of a step's script by its `shell:`, which may stand before or behind it."""
    starts = [match.start() for match in _NEXT.finditer(text, max(0, at - NEAR), at + 1)]
    far = min(len(text), at + 16 * NEAR)
    end = next((match.start() for match in _NEXT.finditer(text, at + 1, far)), far)
    # a list within the script itself may end the search too early; then it is a shell, as most are
    match = _SHELL.search(text, starts[-1] if starts else max(0, at - NEAR), end)
    return _LANGUAGES.get(match[1], "shell") if match else "shell"
