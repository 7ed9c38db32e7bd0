"""A gem's own specification: the YAML inside a `.gem`, or the Ruby of a `NAME.gemspec` in a folder.

The YAML is of Ruby objects; none is made here: each becomes a plain mapping, whatever class it names.
RubyGems itself takes a few classes only (`Gem::SafeYAML`); any other is an attempt at something and is told.
https://guides.rubygems.org/specification-reference/
"""

from typing import Any

from msgspec import Struct, field

from biopsy.ecosystems.nesting import too_deep
from biopsy.ecosystems.reading import read
from biopsy.model.regex import regex
from biopsy.model.release import Tree

PATH = ".gem/metadata.yml"
"""Where unpacking puts the gemspec of a `.gem`."""

MAX_YAML = 1024**2
"""Longest gemspec that is parsed, in characters; the longest known have a tenth of it."""

MAX_LIST = 20_000
"""Most files of one gemspec that are kept."""

_CLASSES = frozenset(
    {
        "Gem::Dependency",
        "Gem::Platform",
        "Gem::Requirement",
        "Gem::Specification",
        "Gem::Version",
        "Gem::Version::Requirement",
        "YAML::Syck::DefaultKey",
    }
)
_GEMSPEC = regex(r"[^/]+\.gemspec")
_ASSIGN = r"\.{}\s*=\s*(?:%q|%Q)?\s*[\"'({{\[]([^\"'){{}}\]\n]{{1,200}})[\"')}}\]]"
_NAME = regex(_ASSIGN.format("name"))
_VERSION = regex(_ASSIGN.format("version"))
_SUMMARY = regex(_ASSIGN.format("summary"))
_HOMEPAGE = regex(_ASSIGN.format("homepage"))
_EXTENSIONS = regex(r"\.extensions\s*(?:=|<<)\s*([^\n]{1,500})")
_CONSTANT = regex(r"\bVERSION\s*=\s*[\"']([0-9A-Za-z.-]{1,100})[\"']")
_QUOTED = regex(r"[\"']([\w./-]{1,200})[\"']")
_WORDS = regex(r"%w[\[({]([^\])}]{1,500})[\])}]")


class Specification(Struct, frozen=True):
    """What a gemspec says; whatever has the wrong type counts as absent."""

    name: str = ""
    version: str = ""
    path: str = PATH
    platform: str = "ruby"
    summary: str = ""
    description: str = ""
    homepage: str = ""
    message: str = ""  # printed after an install
    mails: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    bindir: str = "bin"
    executables: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    require_paths: tuple[str, ...] = ("lib",)
    files: tuple[str, ...] = ()
    dependencies: dict[str, str] = field(default_factory=dict)  # at run time
    strange: tuple[str, ...] = ()  # classes that no gemspec has


class Malformed(Struct, frozen=True):
    """Why there is no specification that can be read; `absent` where there is none."""

    reason: str
    path: str = PATH


def load(tree: Tree) -> Specification | Malformed:
    """Read the specification of a gem, or of a folder with a gemspec at its root. Never raises."""
    text = read(tree, PATH)
    if text is not None:
        return parse(text)
    paths = sorted(file.path for file in tree.files if _GEMSPEC.fullmatch(file.path))
    if not paths:
        return Malformed("absent")
    return _ruby(tree, paths[0])


def parse(text: str) -> Specification | Malformed:
    """Read the YAML of a gemspec. Never raises."""
    import yaml  # noqa: PLC0415 - other ecosystems need none

    if len(text) > MAX_YAML:
        return Malformed("too long")
    strange: list[str] = []
    try:
        if too_deep(text):
            return Malformed("too deep")
        document = yaml.load(text, Loader=_loader(strange))  # noqa: S506 - makes mappings and texts only
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError) as err:
        return Malformed(type(err).__name__)
    if not isinstance(document, dict):
        return Malformed("no specification")
    return _made(document, tuple(dict.fromkeys(strange))[:20])


def _loader(strange: list[str]) -> Any:
    """Make a loader that gives every Ruby object as the mapping, list or text that it is written as."""
    import yaml  # noqa: PLC0415

    class Plain(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
        """Gives texts, lists and mappings, and remembers what classes were asked for."""

    def ruby(loader: Any, suffix: str, node: Any) -> Any:
        kind, _, name = suffix.partition(":")
        if suffix and (
            kind not in ("object", "sym", "symbol") or (kind == "object" and name not in _CLASSES)
        ):
            strange.append(suffix[:200])
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Plain.add_multi_constructor("!ruby/", ruby)
    Plain.add_multi_constructor("!", lambda loader, _, node: ruby(loader, "", node))
    return Plain


def _made(document: dict[Any, Any], strange: tuple[str, ...]) -> Specification:
    mails = document.get("email")
    about = document.get("metadata")
    links = [_text(document.get("homepage"))]
    links += (
        [v for k, v in about.items() if isinstance(v, str) and "://" in v] if isinstance(about, dict) else []
    )
    return Specification(
        _text(document.get("name"))[:300],
        _version(document.get("version")),
        PATH,
        _platform(document.get("platform")),
        _text(document.get("summary"))[:2000],
        _text(document.get("description"))[:20_000],
        _text(document.get("homepage"))[:500],
        _text(document.get("post_install_message"))[:20_000],
        _texts([mails] if isinstance(mails, str) else mails)[:20],
        tuple(dict.fromkeys(link[:500] for link in links if link))[:20],
        _text(document.get("bindir")) or "bin",
        _texts(document.get("executables"))[:200],
        _texts(document.get("extensions"))[:200],
        _texts(document.get("require_paths"))[:50] or ("lib",),
        _texts(document.get("files"))[:MAX_LIST],
        dict(_dependencies(document.get("dependencies"))),
        strange,
    )


def _dependencies(value: object) -> "list[tuple[str, str]]":
    found = []
    for one in value[:1000] if isinstance(value, list) else ():
        if not isinstance(one, dict) or _text(one.get("type")).lstrip(":") == "development":
            continue
        found.append((_text(one.get("name"))[:300], _requirement(one.get("requirement"))))
    return [(name, spec) for name, spec in found if name]


def _requirement(value: object) -> str:
    """Write a requirement as a Gemfile would: `>= 1, < 3`; empty where anything will do."""
    listed = value.get("requirements") if isinstance(value, dict) else None
    pairs = listed[:20] if isinstance(listed, list) else []
    parts = [
        f"{_text(one[0])} {_version(one[1])}".strip()
        for one in pairs
        if isinstance(one, list) and len(one) == 2
    ]
    return "" if parts == [">= 0"] else ", ".join(parts)


def _version(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("version")
    return _text(value)[:200]


def _platform(value: object) -> str:
    """`ruby`, or how RubyGems writes `Gem::Platform`: its processor, system and version with hyphens."""
    if isinstance(value, dict):
        parts = [_text(value.get(key)) for key in ("cpu", "os", "version")]
        return "-".join(part for part in parts if part and part != "~") or "ruby"
    return _text(value)[:100] or "ruby"


def _text(value: object) -> str:
    return value if isinstance(value, str) and value != "~" else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one[:1000] for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _ruby(tree: Tree, path: str) -> Specification:
    """Read what a gemspec written in Ruby says plainly; it is code, so the rest is known when it has run."""
    text = read(tree, path) or ""
    name, version = _NAME.search(text), _VERSION.search(text)
    number = version[1] if version and version[1][:1].isdigit() else _constant(tree)
    extensions = _EXTENSIONS.search(text)
    summary, homepage = _SUMMARY.search(text), _HOMEPAGE.search(text)
    folder = "exe/" if any(file.path.startswith("exe/") for file in tree.files) else "bin/"
    commands = (
        [file.path for file in tree.files if file.path.startswith(folder)] if "executables" in text else []
    )
    return Specification(
        name[1] if name else path.removesuffix(".gemspec"),
        number,
        path,
        summary=summary[1] if summary else "",
        homepage=homepage[1] if homepage else "",
        links=(homepage[1],) if homepage else (),
        bindir=folder.rstrip("/"),
        executables=tuple(one[len(folder) :] for one in commands)[:200],
        extensions=tuple(_listed(tree, extensions[1])) if extensions else (),
    )


def _constant(tree: Tree) -> str:
    """Find the version where gems keep it: a constant in `lib/**/version.rb`."""
    for file in tree.files:
        if not (file.path.startswith("lib/") and file.path.endswith("version.rb")):
            continue
        if found := _CONSTANT.search(read(tree, file.path) or ""):
            return found[1]
    return ""


def _listed(tree: Tree, text: str) -> list[str]:
    paths = {file.path for file in tree.files}
    found = [*_QUOTED.findall(text), *(word for words in _WORDS.findall(text) for word in words.split())]
    return [path for path in found if path in paths] or sorted(
        path for path in paths if path.startswith("ext/") and path.endswith("extconf.rb")
    )
