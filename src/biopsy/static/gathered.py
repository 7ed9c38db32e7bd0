"""Shell scripts that pack files of secrets in one command and upload the result in another."""

from collections.abc import Iterator

from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.secrets import is_secret_path

MAX_LINES = 3000
MAX_WORDS = 200  # of one command, and of one loop
MAX_PATHS = 50

_LOOP = regex(r"\bfor\s+(\w+)\s+in\s+([^;\n]{1,2000})")
_PACKS = regex(r"(?:^|[\s(|;&/])(?:tar|bsdtar|zip|7z|cpio|rsync|cp|cat)\s")
_HOME = regex(r"^(?:~|\$\{?HOME\}?|/root|/(?:home|Users)/[^/]{1,60})(?:/|$)")
_AT_HOME = regex(r"(?:-C|--directory[= ]|\bcd|\bpushd)\s*[\"']?(?:~|\$\{?HOME\}?)[\"']?(?:\s|;|&|$)")
_UPLOADS = regex(
    r"\bcurl\b.{0,400}?(?:\s-(?:d|F|T)\s*|--(?:data(?:-binary|-raw)?|form|upload-file)[= ])[\"']?(?:\w+=)?@?"
    r"[\"']?([^\s\"';)]+)|\bwget\b.{0,400}?--(?:post|body)-file[= ][\"']?([^\s\"';)]+)"
    r"|\b(?:nc|ncat|netcat)\b.{0,200}?<\s*[\"']?([^\s\"';)]+)"
)
_VARIABLE = regex(r"\$\{?(\w+)\}?")


def uploads(script: str) -> Iterator[tuple[int, str]]:
    """Yield each upload of what was packed, by its line, with each file or folder of secrets that is in it.

    What is uploaded has to be told by a variable or the standard input, or by a name that the packing has.
    """
    lines = [one for one, _ in zip(commands.lines(script), range(MAX_LINES), strict=False)]
    loops = {m[1]: m[2].split()[:MAX_WORDS] for m in _LOOP.finditer(script)}
    packing = [text for _, text in lines if _PACKS.search(text)]
    at_home = _AT_HOME.search(script) is not None
    paths = list(dict.fromkeys(p for text in packing for p in _secrets(text, loops, at_home=at_home)))
    if not paths:
        return
    for line, text in lines:
        for match in _UPLOADS.finditer(text):
            what = match[1] or match[2] or match[3]
            if what.startswith(("$", "@$", "-", "@-")) or any(what.lstrip("@") in one for one in packing):
                yield from ((line, path) for path in paths[:MAX_PATHS])
                break


def _secrets(text: str, loops: dict[str, list[str]], *, at_home: bool) -> Iterator[str]:
    """Files and folders of secrets below the user's own folder that a command names, itself or by a loop."""
    for word in text.split()[:MAX_WORDS]:
        plain = word.strip("\"'();&")
        named = _VARIABLE.sub(lambda m: "\0" if m[1] in loops else m[0], plain)
        names = next((loops[m[1]] for m in _VARIABLE.finditer(plain) if m[1] in loops), [""])
        for name in names:
            path = named.replace("\0", name.strip("\"'"))
            if not _HOME.match(path) and not at_home:
                continue
            path = "~/" + _HOME.sub("", path).rstrip("/")
            if not path.endswith(".pub") and is_secret_path(path):
                yield path
