"""What a jar's manifest, its services and its pom have others start.

`pkg.hook` has these values:

    java-agent CLASS                a virtual machine calls it before `main`, where it is named as an agent
    annotation-processor CLASS      the compiler runs it, in whatever project has the jar
    spring-autoconfigure CLASS      Spring makes one when an application starts
    maven-extension PATH            Maven loads it into itself
    maven:PHASE PLUGIN COMMAND      a build that has this pom as its parent runs it

`pkg.entry` is `main-class CLASS`, `maven-plugin GOAL=CLASS` and `service INTERFACE=CLASS`; `pkg.dependency`
is `GROUP:ARTIFACT@VERSION`; `pkg.config` tells `maven repository URL`, `maven plugin-repository URL`, and of
poms that are nobody's parent `maven build PHASE PLUGIN COMMAND`.
"""

from collections.abc import Iterator

from biopsy.ecosystems.claims import MAX_EACH, Manifest
from biopsy.ecosystems.maven import pom
from biopsy.ecosystems.maven.identity import coordinates, poms
from biopsy.ecosystems.reading import read, under
from biopsy.model.behaviour import Behaviour, InFile, Kind, When
from biopsy.model.elements import Element, parse
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_FACTS = 2000
"""Most facts that one artifact gives."""

MAX_SERVICES = 200
"""Most classes of all services that are told."""

MANIFEST = "META-INF/MANIFEST.MF"
PROCESSOR = "javax.annotation.processing.Processor"
_SERVICE = regex(r"META-INF/services/([^/]{1,300})")
_SPRING = regex(r"META-INF/(?:spring\.factories|spring/[\w.]+\.imports)")
_AUTO = regex(
    r"(?m)^[ \t]*(?:[\w.]*EnableAutoConfiguration[ \t]*=[ \t]*\\?)?[ \t]*"
    r"([a-z][\w.]*\.[A-Z]\w*)[ \t]*,?\\?[ \t]*$"
)
_AGENT = ("Premain-Class", "Agent-Class", "Launcher-Agent-Class")


def headers(tree: Tree) -> dict[str, str]:
    """Read the main section of the manifest; lines that go on begin with a blank."""
    text = (read(tree, MANIFEST) or "").replace("\r\n", "\n").replace("\n ", "")
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, sign, value in lines if sign}


def services(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Yield interface, class and path of each service that is provided."""
    count = 0
    for path in under(tree, _SERVICE):
        for line in (read(tree, path) or "").splitlines():
            name = line.partition("#")[0].strip()
            if name and count < MAX_SERVICES:
                count += 1
                yield path.rpartition("/")[2], name[:300], path


def own_pom(tree: Tree) -> tuple[str, Element | str]:
    """Give the path of the artifact's own pom and what stands in it; empty where there is none."""
    path = next(iter(poms(tree)), "")
    return path, parse((read(tree, path) or "").encode("utf-8", "replace")) if path else ""


def manifest(tree: Tree) -> Manifest | None:
    """Read the pom; None where there is none that can be read."""
    path, held = own_pom(tree)
    if isinstance(held, str) or held.name != "project":
        return None
    group, artifact, version = coordinates(held)
    needed = {name: wanted for name, wanted, _ in pom.dependencies(held)}
    links = (held.say("url"), held.say("scm", "url"))
    return Manifest(
        f"{group}/{artifact}" if group and artifact else "",
        version if "${" not in version else "",
        path,
        held.say("description")[:2000],
        None,
        tuple(link[:500] for link in links if link and "${" not in link),
        tuple(one.say("email") for one in held.all("developers", "developer") if one.say("email"))[:20],
        None,
        None,
        dict(list(needed.items())[:MAX_EACH]),
        None,
    )


def hooks(tree: Tree) -> Iterator[Behaviour]:
    """Yield each fact once. Never raises."""
    seen: set[Behaviour] = set()
    for part in (_manifest, _services, _spring, _pom, _extensions):
        for fact in part(tree):
            if fact not in seen and len(seen) < MAX_FACTS:
                seen.add(fact)
                yield fact


def _manifest(tree: Tree) -> Iterator[Behaviour]:
    said = headers(tree)
    for key in _AGENT:
        if name := said.get(key):
            yield Behaviour(Kind.PKG_HOOK, f"java-agent {name}", InFile(MANIFEST, 0, When.START))
    if name := said.get("Main-Class"):
        yield Behaviour(Kind.PKG_ENTRY, f"main-class {name}", InFile(MANIFEST))


def _services(tree: Tree) -> Iterator[Behaviour]:
    for interface, name, path in services(tree):
        if interface == PROCESSOR:
            yield Behaviour(Kind.PKG_HOOK, f"annotation-processor {name}", InFile(path, 0, When.INSTALL))
        else:
            yield Behaviour(Kind.PKG_ENTRY, f"service {interface}={name}", InFile(path))


def _spring(tree: Tree) -> Iterator[Behaviour]:
    for path in under(tree, _SPRING):
        for match in list(_AUTO.finditer(read(tree, path) or ""))[:MAX_SERVICES]:
            yield Behaviour(Kind.PKG_HOOK, f"spring-autoconfigure {match[1]}", InFile(path, 0, When.START))


def _extensions(tree: Tree) -> Iterator[Behaviour]:
    for file in tree.files:
        if file.path == "META-INF/maven/extension.xml":
            yield Behaviour(Kind.PKG_HOOK, f"maven-extension {file.path}", InFile(file.path, 0, When.INSTALL))
        elif file.path == "META-INF/maven/plugin.xml":
            held = parse((read(tree, file.path) or "").encode("utf-8", "replace"))
            for one in held.all("mojos", "mojo") if isinstance(held, Element) else ():
                goal = f"maven-plugin {one.say('goal')}={one.say('implementation')}"
                yield Behaviour(Kind.PKG_ENTRY, goal[:500], InFile(file.path, one.line))


def _pom(tree: Tree) -> Iterator[Behaviour]:
    path, held = own_pom(tree)
    if isinstance(held, str):
        if path:
            yield Behaviour(Kind.PKG_MALFORMED, f"{path} {held}", InFile(path))
        return
    for name, wanted, line in pom.dependencies(held):
        dependency = f"{name.replace('/', ':')}@{wanted}".rstrip("@")
        yield Behaviour(Kind.PKG_DEPENDENCY, dependency, InFile(path, line))
    for word, url, line in pom.repositories(held):
        yield Behaviour(Kind.PKG_CONFIG, f"maven {word} {url}", InFile(path, line))
    parent = held.say("packaging") == "pom"
    for one in pom.executions(held):
        said = f"{one.phase} {one.plugin} {one.command}".strip()
        if parent:
            yield Behaviour(Kind.PKG_HOOK, f"maven:{said}", InFile(path, one.line, When.INSTALL))
        else:
            yield Behaviour(Kind.PKG_CONFIG, f"maven build {said}", InFile(path, one.line))
    for plugin, line in pom.extensions(held):
        yield Behaviour(Kind.PKG_CONFIG, f"maven extension {plugin}", InFile(path, line))
