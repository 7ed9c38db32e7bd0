"""MSBuild projects, targets and properties: what a build runs, fetches and compiles on the spot."""

import re
from collections.abc import Iterator
from itertools import islice

from biopsy.model.behaviour import Kind
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.secrets import is_secret_name, is_secret_path
from biopsy.static.sight import Layer, Sight, Source

NAME = "msbuild"
MAX_FILE = 2 * 1024**2
MAX_TASKS = 2000  # of one file
MAX_ROUNDS = 4  # of properties inside properties
MAX_VALUE = 8192  # characters of one that is filled in

_SUFFIXES = frozenset({".targets", ".props", ".csproj", ".vbproj", ".fsproj", ".proj", ".tasks", ".pubxml"})
_PROPERTY = regex(r"\$\(([\w.-]{1,100})\)")
_FUNCTION = regex(
    r"\$\(\[([\w.:]{1,100})\]::(\w{1,60})(\((?:[^()]|\([^()]*\)){0,2000}\))?((?:\.\w+\([^()]*\))*)\)"
)
_ASKED = regex(r"\$\(\[System\.Environment\]::GetEnvironmentVariable\(['\"]?(\w{1,100})['\"]?\)\)")
_ENVIRONMENT = regex(r"[A-Z][A-Z0-9_]{2,}")
_TEMPORARY = "/tmp/?"  # noqa: S108 - a name, not a file
_KNOWN = {
    "MSBuildThisFileDirectory": "./", "MSBuildProjectDirectory": ".", "SolutionDir": "./", "OutDir": "bin/",
    "HOME": "~", "USERPROFILE": "~", "APPDATA": "~/AppData/Roaming", "LOCALAPPDATA": "~/AppData/Local",
    "TEMP": _TEMPORARY, "TMP": _TEMPORARY, "MSBuildStartupDirectory": ".", "OS": "?",
    "MSBuildProjectName": "?",
}  # fmt: skip
_QUOTED = regex(r"'((?:[^'\\]|\\.)*)'")


def wants(source: Source) -> bool:
    """Files of MSBuild, by their names."""
    return source.suffix in _SUFFIXES and not source.depth and len(source.data) <= MAX_FILE


def read(source: Source) -> Iterator[Sight]:
    """Yield what its tasks do."""
    root = parse(source.data)
    if isinstance(root, str):
        yield source.see(Kind.PKG_MALFORMED, f"{source.path} {root}")
        return
    file = _File(source, root)
    for element in islice(root.walk(), MAX_TASKS * 20):
        yield from file.task(element)


class _File:
    """One file: what its properties are, and what it fetched."""

    def __init__(self, source: Source, root: Element) -> None:
        self._source = source
        groups = [g for g in root.walk() if g.name == "PropertyGroup"]
        self._properties = {p.name: p.text for g in groups for p in g.children if p.text}
        self._fetched: set[str] = set()
        self._values = frozenset(id(p) for g in groups for p in g.children)

    def filled(self, text: str) -> str:
        """A value with its properties filled in; one that nothing says is the environment's: `${NAME}`."""
        for _ in range(MAX_ROUNDS):
            if "$(" not in text or len(text) > MAX_VALUE:
                break
            text = _ASKED.sub(r"${\1}", _PROPERTY.sub(self._one, text)[: MAX_VALUE * 2])
        return text.replace("\\", "/") if "://" not in text and "/" not in text else text

    def _one(self, match: "re.Match[str]") -> str:
        name = match[1]
        if name in self._properties:
            return self._properties[name]
        return _KNOWN.get(name) or (f"${{{name}}}" if _ENVIRONMENT.fullmatch(name) else "?")

    def task(self, element: Element) -> Iterator[Sight]:
        """What one element does when it is built."""
        given = {name: self.filled(value) for name, value in element.attributes.items()}
        raw = [*element.attributes.values(), *([element.text] if id(element) in self._values else [])]
        for value in raw:
            yield from self._value(value, element.line)
        match element.name:
            case "Exec":
                yield from self._command(given.get("Command", ""), element.line)
            case "DownloadFile":
                yield from self._download(given, element.line)
            case "UsingTask":
                yield from self._using(element, given)
            case "Import" if given.get("Project", "").startswith(("http://", "https://")):
                yield self._see(Kind.NET_HTTP, f"GET {given['Project']}", element.line)
            case _:
                yield from self._files(element, given)

    def _see(self, kind: Kind, value: str, line: int) -> Sight:
        return self._source.see(kind, value, line)

    def _value(self, text: str, line: int) -> Iterator[Sight]:
        """Variables of the environment, and functions, inside a value."""
        for name in dict.fromkeys(m[1] for m in _PROPERTY.finditer(text)):
            if name not in self._properties and (is_secret_name(name) or name in {"HOME", "USERPROFILE"}):
                yield self._see(Kind.ENV_READ, name, line)
        for match in islice(_FUNCTION.finditer(text), 50):
            inside = _QUOTED.sub(lambda m: '"' + m[1].replace('"', '\\"') + '"', self.filled(match[3] or ""))
            yield Layer(
                f"var x = {match[1]}.{match[2]}{inside}{match[4] or ''};", "csharp", line, self._source.when
            )

    def _command(self, text: str, line: int) -> Iterator[Sight]:
        if not text.strip():
            return
        yield self._see(Kind.PROCESS_EXEC, text[: commands.MAX_COMMAND], line)
        for kind, value in commands.read(text):
            yield self._see(kind, value, line)
        for language, code in commands.inline(text):
            yield Layer(code, language, line, self._source.when)
        if any(name in text for name in self._fetched):
            yield self._see(Kind.CODE_FLOW, "network > execution", line)
        for word in text.replace('"', " ").replace("'", " ").split():
            if is_secret_path(word.lstrip("@")) and commands.talks(text):
                yield self._see(Kind.CODE_FLOW, f"file:{word.lstrip('@')} > network", line)

    def _download(self, given: dict[str, str], line: int) -> Iterator[Sight]:
        url = given.get("SourceUrl", "?")
        name = given.get("DestinationFileName") or url.rstrip("/").rpartition("/")[2]
        yield self._see(Kind.NET_HTTP, f"GET {url}", line)
        yield self._see(Kind.FILE_WRITE, f"{given.get('DestinationFolder', '.').rstrip('/')}/{name}", line)
        if len(name) > 2:
            self._fetched.add(name)

    def _using(self, element: Element, given: dict[str, str]) -> Iterator[Sight]:
        """A task that is made of code in the file, or of a library in the package."""
        if (factory := given.get("TaskFactory", "")) and factory.endswith("TaskFactory"):
            for code in [c for c in element.walk() if c.name == "Code"]:
                text = code.text
                if not text and (path := code.attributes.get("Source")):
                    text = self._source.beside(self.filled(path).removeprefix("./")).decode(
                        "utf-8", "replace"
                    )
                yield self._see(Kind.CODE_EVAL, factory, code.line)
                language = code.attributes.get("Language", "cs").lower()
                if text and language in {"cs", "c#", "csharp"}:
                    yield Layer(text, "csharp", code.line, self._source.when)
        elif assembly := given.get("AssemblyFile"):
            yield self._see(Kind.CODE_NATIVE, f"task {assembly}", element.line)

    def _files(self, element: Element, given: dict[str, str]) -> Iterator[Sight]:
        """Tasks that work on files."""
        place = {
            "WriteLinesToFile": ("File", Kind.FILE_WRITE), "Delete": ("Files", Kind.FILE_DELETE),
            "RemoveDir": ("Directories", Kind.FILE_DELETE), "ReadLinesFromFile": ("File", Kind.FILE_READ),
            "Touch": ("Files", Kind.FILE_WRITE), "Unzip": ("SourceFiles", Kind.FILE_READ),
        }.get(element.name)  # fmt: skip
        if place is not None:
            for path in [
                p
                for p in given.get(place[0], "").split(";")[:50]
                if p.strip("?/. ") and not p.startswith("@(")
            ]:
                yield self._see(place[1], path, element.line)
        elif element.name in {"Copy", "Move"}:
            for path in given.get("SourceFiles", "").split(";")[:50]:
                if path.strip("?/. ") and not path.startswith("@("):
                    yield self._see(Kind.FILE_READ, path, element.line)
            for path in (given.get("DestinationFiles") or given.get("DestinationFolder", "")).split(";")[:50]:
                if path.strip("?/. ") and not path.startswith("@("):
                    yield self._see(Kind.FILE_WRITE, path, element.line)
