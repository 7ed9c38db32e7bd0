"""What an extension's package.json says to the editor.

`pkg.hook` has these values:

    vscode:* ./main.js               code that runs when the editor starts (`onStartupFinished`: a bit later)
    vscode:onLanguage:python ./main.js   …when something happens (the first MAX_EVENTS)
    vscode:uninstall COMMAND         runs when it was removed, in Node, without the editor

`pkg.entry` is `main PATH`, `browser PATH`, `debugger PATH`, `server PATH`; `pkg.dependency` is
`PUBLISHER.NAME` of an extension that is installed with it; `pkg.config` tells `vscode proposed-api NAME` and
`vscode untrusted-workspaces` (it runs in folders that the user does not trust).
"""

import json
from collections.abc import Iterator
from typing import Any

from biopsy.ecosystems.claims import Manifest
from biopsy.ecosystems.npm import claim
from biopsy.ecosystems.npm.package import PATH
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.regex import regex
from biopsy.model.release import Release, Tree

MAX_EVENTS = 50
"""Most events, dependencies and parts of each sort that are told."""

AT_START = ("*", "onStartupFinished")
"""Events that come whatever the user does."""

_PART = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}", 0)
_VERSION = regex(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}")
_NPM = (".tgz", ".whl", ".gem", ".crate")


def load(tree: Tree) -> dict[str, Any] | None:
    """Read package.json where it is that of an extension; None where it is none. Never raises."""
    text = read(tree, PATH)
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("engines"), dict):
        return None
    return found if isinstance(found["engines"].get("vscode"), str) else None


def identify(tree: Tree, filename: str) -> Release | None:
    """Give publisher, name and version; of a `.vsix` whose package.json cannot be read, `unknown`."""
    package = load(tree)
    if package is None:
        return Release("vscode-extension", "unknown/unknown") if filename.endswith(".vsix") else None
    if filename.lower().endswith(_NPM):
        return None
    publisher, name, version = (_text(package.get(key)) for key in ("publisher", "name", "version"))
    if not publisher and not filename.endswith((".vsix", "/")):
        return None
    whole = f"{publisher or 'unknown'}/{name}".lower()
    named = _PART.fullmatch(name) and (not publisher or _PART.fullmatch(publisher))
    return Release(
        "vscode-extension",
        whole if named else "unknown/unknown",
        version if _VERSION.fullmatch(version) else "",
    )


def manifest(tree: Tree) -> Manifest | None:
    """Read what it says of itself; its dependencies are other extensions."""
    package, said = load(tree), claim.of_tree(tree)
    if package is None or said is None:
        return None
    uninstall = _texts(package.get("scripts")).get("vscode:uninstall")
    return Manifest(
        f"{_text(package.get('publisher'))}/{said.name}".lower().lstrip("/"),
        said.version,
        said.path,
        said.summary,
        said.readme,
        said.links,
        said.mails,
        {"vscode:uninstall": uninstall} if uninstall else {},
        {key: path for key in ("main", "browser") if (path := _text(package.get(key)))},
        dict.fromkeys(_extensions(package), "*"),
        None,
    )


def events(package: dict[str, Any]) -> list[str]:
    """Give what activates the extension, as it says."""
    listed = package.get("activationEvents")
    return [event for event in listed if isinstance(event, str)] if isinstance(listed, list) else []


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    package = load(tree)
    if package is None:
        yield Behaviour(Kind.PKG_MALFORMED, f"{PATH} no extension's", InFile(PATH))
        return
    text = read(tree, PATH) or ""
    main = _text(package.get("main")) or _text(package.get("browser"))
    line = _line(text, "activationEvents")
    for event in dict.fromkeys(events(package)[:MAX_EVENTS]):
        if main:
            when = When.START if event in AT_START else When.IMPORT
            yield Behaviour(Kind.PKG_HOOK, f"vscode:{event} {main}", InFile(PATH, line, when))
    if command := _texts(package.get("scripts")).get("vscode:uninstall"):
        where = InFile(PATH, _line(text, "vscode:uninstall"), When.START)
        yield Behaviour(Kind.PKG_HOOK, f"vscode:uninstall {command}", where)
    for kind, path in dict.fromkeys(entries(package)):
        yield Behaviour(Kind.PKG_ENTRY, f"{kind} {path}", InFile(PATH))
    for name in dict.fromkeys(_extensions(package)):
        yield Behaviour(Kind.PKG_DEPENDENCY, name, InFile(PATH))
    yield from _powers(package, text)


def _powers(package: dict[str, Any], text: str) -> Iterator[Behaviour]:
    proposed = package.get("enabledApiProposals")
    for name in proposed[:MAX_EVENTS] if isinstance(proposed, list) else []:
        if isinstance(name, str):
            where = InFile(PATH, _line(text, "enabledApiProposals"))
            yield Behaviour(Kind.PKG_CONFIG, f"vscode proposed-api {name}", where)
    capabilities = package.get("capabilities")
    trust = capabilities.get("untrustedWorkspaces") if isinstance(capabilities, dict) else None
    if isinstance(trust, dict) and trust.get("supported") is True:
        where = InFile(PATH, _line(text, "untrustedWorkspaces"))
        yield Behaviour(Kind.PKG_CONFIG, "vscode untrusted-workspaces", where)


def entries(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the programs that the editor may start, and what for."""
    for key in ("main", "browser"):
        if path := _text(package.get(key)):
            yield key, path
    contributes = package.get("contributes")
    debuggers = contributes.get("debuggers") if isinstance(contributes, dict) else None
    for one in debuggers[:MAX_EVENTS] if isinstance(debuggers, list) else []:
        for held in (
            (one, *(one.get(k) for k in ("linux", "windows", "osx"))) if isinstance(one, dict) else ()
        ):
            if isinstance(held, dict) and (path := _text(held.get("program"))):
                yield "debugger", path


def _extensions(package: dict[str, Any]) -> Iterator[str]:
    for key in ("extensionDependencies", "extensionPack"):
        listed = package.get(key)
        for name in listed[: 10 * MAX_EVENTS] if isinstance(listed, list) else []:
            if isinstance(name, str):
                yield name[:300].lower()


def _line(text: str, key: str) -> int:
    return text.count("\n", 0, max(text.find(f'"{key}"'), 0)) + 1


def _text(value: object) -> str:
    return value[:1000] if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
