"""What a pom asks for: dependencies, repositories, and builds that run commands."""

from collections.abc import Iterator

from msgspec import Struct

from biopsy.model.elements import Element
from biopsy.model.regex import regex

MAX_PARTS = 1000
"""Most dependencies, repositories or executions of one pom."""

RUNNING = regex(
    r"exec-maven-plugin|maven-antrun-plugin|gmaven(?:plus)?-plugin|groovy-maven-plugin|download-maven-plugin"
    r"|frontend-maven-plugin|wagon-maven-plugin|beanshell-maven-plugin|jbang-maven-plugin|scriptus-maven-plugin"
)
"""Plugins that run what the pom tells them to."""


class Execution(Struct, frozen=True):
    """A plugin that runs in a phase; `command` is what it is told, in one line."""

    plugin: str
    phase: str
    command: str
    line: int


def dependencies(pom: Element) -> Iterator[tuple[str, str, int]]:
    """Yield `group/artifact`, version and line of what users get: tests' and provided are left out."""
    for count, one in enumerate(pom.all("dependencies", "dependency")):
        if count < MAX_PARTS and one.say("scope") not in ("test", "provided", "system"):
            yield f"{one.say('groupId')}/{one.say('artifactId')}", one.say("version")[:200], one.line


def repositories(pom: Element) -> Iterator[tuple[str, str, int]]:
    """Yield kind, address and line of each repository, those of profiles too."""
    for base in (pom, *pom.all("profiles", "profile")):
        for word, path in (
            ("repository", ("repositories", "repository")),
            ("plugin-repository", ("pluginRepositories", "pluginRepository")),
        ):
            for one in list(base.all(*path))[:MAX_PARTS]:
                if url := one.say("url"):
                    yield word, url[:500], one.line


def extensions(pom: Element) -> Iterator[tuple[str, int]]:
    """Yield what a build loads into Maven itself, with its line."""
    for one in list(pom.all("build", "extensions", "extension"))[:MAX_PARTS]:
        yield f"{one.say('groupId')}:{one.say('artifactId')}", one.line
    for one in _plugins(pom):
        if one.say("extensions") == "true":
            yield f"{one.say('groupId')}:{one.say('artifactId')}", one.line


def executions(pom: Element) -> Iterator[Execution]:
    """Yield what plugins that run commands are told to."""
    for plugin in _plugins(pom):
        name = plugin.say("artifactId")
        if not RUNNING.fullmatch(name):
            continue
        shared = _told(plugin.first("configuration"))
        given = list(plugin.all("executions", "execution"))[:MAX_PARTS]
        if not given and shared:
            yield Execution(name, "any", shared, plugin.line)
        for one in given:
            goals = ",".join(goal.text for goal in one.all("goals", "goal"))
            command = _told(one.first("configuration")) or shared
            yield Execution(name, one.say("phase") or goals or "any", command, one.line)


def _plugins(pom: Element) -> Iterator[Element]:
    count = 0
    for base in (pom, *pom.all("profiles", "profile")):
        for path in (("build", "plugins", "plugin"), ("build", "pluginManagement", "plugins", "plugin")):
            for one in base.all(*path):
                count += 1
                if count <= MAX_PARTS:
                    yield one


def _told(configuration: Element) -> str:
    """Put what is configured into one line: texts, and the attributes of Ant's elements."""
    words: list[str] = []
    for one in configuration.walk():
        words += [one.text] if one.text else []
        words += [value for key, value in one.attributes.items() if key in _SAYING]
    return " ".join(" ".join(words).split())[:2000]


_SAYING = frozenset(
    {"executable", "value", "line", "src", "dest", "command", "url", "script", "path", "file"}
)
