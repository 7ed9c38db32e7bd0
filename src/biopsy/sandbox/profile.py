"""Profiles: the machines that the sandbox pretends to be.

A profile is one data file, `profiles/<name>.yml`; a new one is found by being there. In its texts `«word»`
stands for a value: one that `pick` or `set` names; `hex:8`, `digits:6` or `letters:9` for that many random
characters; or `canary:name`. What `pick` offers is chosen by the seed, so that nobody can list our machines.

    include: [name]        another file to begin with; its name has a `_` and it is no profile itself
    pick: {word: [a, b]}   one of these, by the seed
    set: {word: text}      in this order; `user`, `home`, `project` and `hostname` are required
    machine: {cpus, memory, uptime: [low, high], uid, gid, and what `guise` says}
    canaries: {name: form} forms are in `canary_forms`
    env: {NAME: text}
    files: {path: text}    or {text|sqlite|noise: …, mode: 600, own: false}; `~/` is the user's home
    commands: {text: …, at: {folder: [name]}}   one program under many names
    git: {path: …}         folders that get a `.git` with one commit of the files in them
    marks: [CI_JOB_*]      what code names that looks for such a machine: variables, paths, commands; globs
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from string import ascii_letters, ascii_uppercase, digits
from typing import Any

import yaml

from biopsy.errors import SandboxError, UsageError
from biopsy.sandbox import guise
from biopsy.sandbox import profile_forms as forms
from biopsy.sandbox.inside.prepare import GUISE
from biopsy.sandbox.profile_seed import Stream
from biopsy.sandbox.raw import Canary

_FOLDER = resources("biopsy.sandbox") / "profiles"
_WORD = re.compile(r"«([^«»]+)»")
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": digits,
    "base32": ascii_uppercase + "234567",
    "letters": ascii_letters + digits,
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LISTS = ("pick", "set", "machine", "canaries", "env", "files", "git", "commands")


@dataclass(frozen=True, slots=True)
class Placed:
    """A file to place before the run: absolute path as inside; it was last changed `age` seconds ago."""

    path: str
    data: bytes
    mode: int = 0o644
    own: bool = True  # the profile's user's; else root's
    age: int = 0


@dataclass(frozen=True, slots=True)
class Furnished:
    """A profile made concrete by a seed: everything the sandbox needs to look like that machine."""

    files: tuple[Placed, ...]
    env: dict[str, str]
    hostname: str
    user: str
    uid: int
    gid: int
    home: str
    project: str  # where phases start
    cpus: int
    memory: int  # bytes
    uptime: float  # seconds


@dataclass(frozen=True, slots=True)
class Profile:
    """One machine to pretend to be, as its data file says."""

    name: str
    title: str
    canaries: Mapping[str, str]  # name to form
    data: Mapping[str, Any]
    marks: tuple[str, ...] = ()

    def stream(self, seed: bytes) -> Stream:
        """Return the choices that follow from a seed for this profile and no other."""
        return Stream(self.name.encode() + b"\0" + seed)

    def places(self, seed: bytes) -> tuple[dict[str, str], dict[str, str]]:
        """Say where each canary is: its name to a file's path, and its name to a variable."""
        words = self._words(self.stream(seed))
        paths: dict[str, str] = {}
        for path, entry in self.data["files"].items():
            for name in _held(str(entry)):
                paths.setdefault(name, _path(path, words))
        for path, entry in self.data["git"].items():
            for name in _held(entry["config"]):
                paths.setdefault(name, _path(path, words) + "/.git/config")
        variables: dict[str, str] = {}
        for variable, text in self.data["env"].items():
            for name in _held(text):
                variables.setdefault(name, variable)
        return paths, variables

    def furnish(self, seed: bytes, canaries: tuple[Canary, ...]) -> Furnished:
        """Make the machine: `canaries` as `canary.plant` made them from the same seed."""
        stream = self.stream(seed)
        words = self._words(stream)
        words |= {f"canary:{canary.name}": canary.text or canary.secret for canary in canaries}
        machine = self.data["machine"]
        uptime = float(stream.number("uptime", *machine["uptime"]))
        placed = [self._place(stream, words, path, entry) for path, entry in self.data["files"].items()]
        for path, entry in self.data["git"].items():
            placed += _repository(stream, words, _path(path, words), entry, placed)
        placed += self._commands(stream, words)
        for path, text in guise.files(machine, uptime, stream):
            placed.append(Placed(GUISE + path, text.encode(), own=False, age=int(uptime)))
        return Furnished(
            files=tuple(placed),
            env={name: _fill(text, _value(stream, words, name)) for name, text in self.data["env"].items()},
            hostname=words["hostname"],
            user=words["user"],
            uid=machine["uid"],
            gid=machine["gid"],
            home=words["home"],
            project=words["project"],
            cpus=machine["cpus"],
            memory=machine["memory"] * 1024**3,
            uptime=uptime,
        )

    def _commands(self, stream: Stream, words: Mapping[str, str]) -> list[Placed]:
        """Make the programs that this machine has beside the image's."""
        if not self.data["commands"]:
            return []
        entry = {"text": self.data["commands"]["text"], "mode": 755, "own": False}
        return [
            self._place(stream, words, f"{folder}/{name}", entry)
            for folder, names in self.data["commands"]["at"].items()
            for name in names
        ]

    def _words(self, stream: Stream) -> dict[str, str]:
        """Choose what `pick` offers and spell out what `set` says."""
        words = {word: str(stream.choice(word, options)) for word, options in self.data["pick"].items()}
        for word, text in self.data["set"].items():
            words[word] = _fill(str(text), _value(stream, words, word))
        return words

    def _place(self, stream: Stream, words: Mapping[str, str], path: str, entry: Any) -> Placed:
        """Make one file."""
        if isinstance(entry, str):
            entry = {"text": entry}
        path = _path(path, words)
        fill = _value(stream, words, path)
        match entry:
            case {"sqlite": str(script)}:
                data = forms.sqlite(_fill(script, fill))
            case {"noise": [str(kind), int(size)]}:
                data = forms.noise(stream, path, kind, size)
            case {"text": str(text)}:
                data = _fill(text, fill).encode()
            case _:
                raise SandboxError(f"profile {self.name}: no such form of file: {path}: {entry}")
        age = stream.number(f"age {path}", 3600, 300 * 86400)
        return Placed(path, data, int(str(entry.get("mode", 644)), 8), entry.get("own", True), age)


def names() -> tuple[str, ...]:
    """Return the name of every profile there is."""
    found = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(n.removesuffix(".yml") for n in found if n.endswith(".yml") and n[0] != "_"))


@cache
def load(name: str) -> Profile:
    """Return the profile of that name; raise UsageError where there is none."""
    if name not in names():
        raise UsageError(f"no such profile: {name} (there are {', '.join(names())})")
    data = _read(name)
    return Profile(name, data["title"], data["canaries"], data, tuple(data["marks"]))


def _read(name: str) -> dict[str, Any]:
    """Read a data file and what it includes; later entries win."""
    own = yaml.load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - safe ones
    data: dict[str, Any] = {part: {} for part in _LISTS}
    for other in (*(_read(included) for included in own.get("include", ())), own):
        for part in _LISTS:
            data[part] |= other.get(part, {})
    return data | {"title": own.get("title", name), "marks": own.get("marks", [])}


def _fill(text: str, value: Callable[[str], str]) -> str:
    """Put the value of every `«word»` in its place."""
    return _WORD.sub(lambda match: value(match[1]), text)


def _value(stream: Stream, words: Mapping[str, str], where: str) -> Callable[[str], str]:
    """Return what tells the value of a word; each random one differs by its place in `where`."""
    count = 0

    def value(word: str) -> str:
        nonlocal count
        if word in words:
            return words[word]
        alphabet, _, length = word.partition(":")
        if alphabet not in _ALPHABETS or not length.isdecimal():
            raise SandboxError(f"profile: no value for «{word}» in {where}")
        count += 1
        return stream.text(f"{where} {count}", _ALPHABETS[alphabet], int(length))

    return value


def _path(path: str, words: Mapping[str, str]) -> str:
    """Return an absolute path."""
    path = _fill(path, words.__getitem__)
    return words["home"] + path[1:] if path.startswith("~/") else path


def _held(text: str) -> list[str]:
    """Return the names of the canaries in a text."""
    return [word.removeprefix("canary:") for word in _WORD.findall(text) if word.startswith("canary:")]


def _repository(
    stream: Stream, words: Mapping[str, str], folder: str, entry: Any, placed: list[Placed]
) -> list[Placed]:
    """Return the `.git` of a folder, whose one commit holds the files the entry names."""
    names = [f"{folder}/{name}" for name in entry["commit"]]
    inside = {one.path.removeprefix(f"{folder}/"): one.data for one in placed if one.path in names}
    author = _fill(entry["author"], words.__getitem__)
    made = forms.history(author, stream.number(f"git {folder}", *entry["time"]), entry["message"], inside)
    made["config"] = _fill(entry["config"], words.__getitem__).encode()
    return [Placed(f"{folder}/.git/{name}", data, age=86400) for name, data in made.items()]
