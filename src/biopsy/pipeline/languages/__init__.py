"""Languages: what their code says where it asks for the time, for files or for a machine, a file of each.

A file adds its words to those of JavaScript, Python and shells, which stand where they are looked for.
Whoever adds an ecosystem of another language writes one, and edits nothing else. All are regular expressions;
where most texts are never tried with one (`stands`), it stands before what its matches begin with.
"""

from importlib.resources import files as resources
from typing import Final

import msgspec
import yaml

Led = dict[str, tuple[str, ...]]
"""Expressions, each with the fixed texts one of which every match begins with."""


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file: how code of a language asks, and what in it could do harm."""

    suffixes: tuple[str, ...] = ()  # of its files, without the dot
    interpreter: str = ""  # as a shell names it after a pipe
    time: tuple[str, ...] = ()  # asks for the time
    stamps: tuple[str, ...] = ()  # asks for a file's time, or whether it is there
    dates: tuple[str, ...] = ()  # makes a day of year, month and day in brackets, the first month 1
    variables: tuple[str, ...] = ()  # reads a variable; group 1 is its name
    named: Led = {}  # reads the variable `{name}`
    looks: tuple[str, ...] = ()  # looks whether a file is there, up to the opening bracket
    home: tuple[str, ...] = ()  # names the folder of the user
    own: tuple[str, ...] = ()  # names a folder of the package's own, or for what soon goes
    contains: tuple[str, ...] = ()  # methods of a text that compare it with a part
    matches: tuple[str, ...] = ()  # methods of a text that compare it with a pattern
    host: Led = {}  # asks what the machine is called
    user: Led = {}  # … what its user is called
    folder: Led = {}  # … which folder it is in
    words: Led = {}  # … with which arguments it was started
    harm: Led = {}  # could do harm


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _read() -> dict[str, Language]:
    found = {}
    for file in sorted((resources("biopsy.pipeline") / "languages").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yml"):
            said = yaml.load(file.read_text("utf-8"), _LOADER)  # noqa: S506 - safe ones
            found[file.name.removesuffix(".yml")] = msgspec.convert(said, Language)
    return found


LANGUAGES: Final = _read()


def also(field: str) -> str:
    """Give what all languages say to something, to stand behind other words of the same group."""
    return "".join(f"|{one}" for language in LANGUAGES.values() for one in getattr(language, field))


def begins(field: str) -> tuple[str, ...]:
    """Give what the matches of all these expressions begin with."""
    return tuple(
        text
        for language in LANGUAGES.values()
        for texts in getattr(language, field).values()
        for text in texts
    )
