"""What a package's .nuspec and its well-known folders say.

`pkg.hook` has these values:

    nuget:install.ps1 PATH          runs in the package manager's console (init.ps1: with every solution)
    nuget:targets PATH              MSBuild imports it into whatever project has the package (props, too)
    nuget:analyzer PATH             the compiler loads it (analyzers and source generators)
    nuget:task PATH                 an assembly beside targets, which may name it as a task

`pkg.entry` is `tool NAME=PATH` of a .NET tool; `pkg.dependency` is `ID@RANGE`; `pkg.content` counts
`native-libraries N` and `content-files N` that are compiled into the project.
"""

from collections import Counter
from collections.abc import Iterator

from biopsy.ecosystems.claims import MAX_EACH, MAX_README, Manifest
from biopsy.ecosystems.reading import read, under
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

MAX_FACTS = 2000
"""Most facts that one package gives."""

_NUSPEC = regex(r"[^/]+\.nuspec")
_ID = regex(r"\w(?:[\w.-]{0,98}\w)?")
_VERSION = regex(r"[0-9][0-9A-Za-z.+-]{0,127}")
_README = regex(r"(?i)(?:[^/]+/)?readme(?:\.(?:md|txt))?")
SCRIPT = regex(r"(?i)tools/(?:[^/]+/)*(init|install|uninstall)\.ps1")
TARGETS = regex(
    r"(?i)(?:build|buildtransitive|buildmultitargeting|buildcrosstargeting)/(?:.+/)?[^/]+\.(?:targets|props)"
)
ANALYZER = regex(r"(?i)analyzers/.+\.dll")
TASK = regex(r"(?i)(?:build|buildtransitive|tasks|tools)/.+\.dll")
_NATIVE = regex(r"(?i)runtimes/[^/]+/native/.+")
_CONTENT = regex(r"(?i)(?:contentfiles/[^/]+/[^/]+|content)/.+\.(?:cs|vb|fs|pp)")
_SETTINGS = regex(r"(?i)tools/.+/DotnetToolSettings\.xml")


def _root(tree: Tree) -> tuple[str, Element | str]:
    """Give the path and the metadata of the .nuspec; a text says what is wrong, empty: there is none."""
    path = next((file.path for file in tree.files if _NUSPEC.fullmatch(file.path)), "")
    found = parse((read(tree, path) or "").encode("utf-8", "replace")) if path else ""
    return path, found if isinstance(found, str) else found.first("metadata")


def identify(tree: Tree) -> Release | None:
    """Give id and version; None where there is no .nuspec at the root."""
    path, held = _root(tree)
    if not path:
        return None
    name, version = (held.say("id"), held.say("version")) if isinstance(held, Element) else ("", "")
    known = _ID.fullmatch(name) is not None
    return Release(
        "nuget", name.lower() if known else "unknown", version if _VERSION.fullmatch(version) else ""
    )


def manifest(tree: Tree) -> Manifest | None:
    """Read the .nuspec; None where it cannot be read."""
    path, held = _root(tree)
    if isinstance(held, str):
        return None
    readme = next(under(tree, _README), "")
    links = (held.say("projectUrl"), held.first("repository").attributes.get("url", ""))
    return Manifest(
        held.say("id").lower(),
        held.say("version"),
        path,
        held.say("description")[:2000],
        (read(tree, readme) or "")[:MAX_README] if readme else "",
        tuple(link[:500] for link in links if link),
        (),
        {f"{match[1].lower()}.ps1": f.path for f in tree.files if (match := SCRIPT.fullmatch(f.path))},
        dict(_tools(tree)),
        dict(list(_dependencies(held))[:MAX_EACH]),
        None,
    )


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    seen: set[Behaviour] = set()
    for fact in _all(tree):
        if fact not in seen and len(seen) < MAX_FACTS:
            seen.add(fact)
            yield fact


def _all(tree: Tree) -> Iterator[Behaviour]:
    path, held = _root(tree)
    if isinstance(held, str):
        yield Behaviour(
            Kind.PKG_MALFORMED, f"{path or '.nuspec'} {held or 'absent'}", InFile(path or ".nuspec")
        )
    else:
        for name, wanted in _dependencies(held):
            yield Behaviour(Kind.PKG_DEPENDENCY, f"{name}@{wanted}", InFile(path))
    targets = any(TARGETS.fullmatch(file.path) for file in tree.files)
    counted: Counter[str] = Counter()
    for file in tree.files:
        for form, word in ((SCRIPT, ""), (TARGETS, "targets"), (ANALYZER, "analyzer"), (TASK, "task")):
            if (match := form.fullmatch(file.path)) and (word != "task" or targets):
                what = word or f"{match[1].lower()}.ps1"
                yield Behaviour(
                    Kind.PKG_HOOK, f"nuget:{what} {file.path}", InFile(file.path, 0, When.INSTALL)
                )
                break
        counted["native-libraries"] += _NATIVE.fullmatch(file.path) is not None
        counted["content-files"] += _CONTENT.fullmatch(file.path) is not None
    for name, place in _tools(tree):
        yield Behaviour(Kind.PKG_ENTRY, f"tool {name}={place}", InFile(path or ".nuspec"))
    for word, count in counted.items():
        if count:
            yield Behaviour(Kind.PKG_CONTENT, f"{word} {count}", InFile(path or ".nuspec"))


def _dependencies(held: Element) -> Iterator[tuple[str, str]]:
    for one in held.first("dependencies").walk():
        if one.name == "dependency" and (name := one.attributes.get("id", "")):
            yield name[:200].lower(), one.attributes.get("version", "")[:200]


def _tools(tree: Tree) -> Iterator[tuple[str, str]]:
    for path in under(tree, _SETTINGS):
        settings = parse((read(tree, path) or "").encode("utf-8", "replace"))
        if isinstance(settings, Element):
            for one in settings.all("Commands", "Command"):
                entry = path.rpartition("/")[0] + "/" + one.attributes.get("EntryPoint", "")
                yield one.attributes.get("Name", "")[:200], entry[:500]
