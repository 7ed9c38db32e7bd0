"""What command lines are for, told by their form: shells over the network, persistence, destruction …

The forms are a list (intents.txt), each with the words of its `process.does`. Text in, words out; nothing is
expanded or run.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from biopsy.model.regex import regex

MAX_COMMAND = 20_000

_HOME = (
    r"['\"]?(?:/|~|\$HOME|\$\{HOME\}|%USERPROFILE%|\$env:USERPROFILE|/root|/home|/home/[^/\s'\"]+|C:\\?|/etc|/usr)"
    r"(?:/|\\)?\*?['\"]?(?=$|[\s;&|'\")])"
)


@cache
def _forms() -> tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]:
    lines = Path(__file__).with_name("intents.txt").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(
        (words, tuple(held.split(" ")), regex(form.replace("{HOME}", _HOME))) for words, held, form in rows
    )


def intents(command: str) -> Iterator[str]:
    """The words of what a command line is for: `reverse-shell bash`, `persist cron`, … each once."""
    text = command[:MAX_COMMAND]
    small = text.lower() if text.isascii() else ""  # elsewhere a form may take a letter for another
    for words, held, form in _forms():
        if (not small or any(word in small for word in held)) and form.search(text):
            yield words
