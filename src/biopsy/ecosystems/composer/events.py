"""What runs by itself, and when: events, plugins, files of the autoloader, what frameworks look for.

A dependency's scripts are never run by Composer; they are those of the root alone. So they are hooks only of
a `project`, which is installed as the root, and else what its own developers run.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from biopsy.ecosystems.composer.package import PROJECT, Package, strings
from biopsy.model.behaviour import When

UNASKED = (
    "pre-install-cmd",
    "post-install-cmd",
    "pre-update-cmd",
    "post-update-cmd",
    "pre-autoload-dump",
    "post-autoload-dump",
    "post-root-package-install",
    "post-create-project-cmd",
    "pre-package-install",
    "post-package-install",
    "pre-package-update",
    "post-package-update",
    "pre-package-uninstall",
    "post-package-uninstall",
    "pre-dependencies-solving",
    "post-dependencies-solving",
    "pre-pool-create",
    "pre-operations-exec",
    "pre-file-download",
    "post-file-download",
    "pre-command-run",
    "init",
    "command",
)
"""The events on which Composer runs a root's scripts without being asked for one of them by name."""


class Hook(NamedTuple):
    """What runs by itself: its `pkg.hook`, the moment, the class or file or command, the key it is under."""

    value: str
    when: When
    target: str
    key: str


def hooks(package: Package) -> Iterator[Hook]:
    """Yield what runs by itself, the earliest first."""
    for name in package.classes:
        yield Hook(f"composer:plugin {name}", When.INSTALL, name, "class")
    for event, commands in package.scripts.items():
        if event in UNASKED:
            moment = When.INSTALL if package.type == PROJECT else When.UNKNOWN
            for command in commands:
                yield Hook(f"composer:{event} {command}", moment, command, event)
    for path in package.autoload.files:
        moment = When.INSTALL if package.plugin else When.START
        yield Hook(f"composer:files {path.removeprefix('./')}", moment, path, "files")
    for key, name in _elsewhere(package.extra):
        yield Hook(f"composer:{key} {name}", When.START, name, key.rpartition(".")[2])


def _elsewhere(extra: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what frameworks find in `extra` of every installed package, and start with themselves."""
    for where, key in (("laravel", "providers"), ("phpstan", "includes"), ("typo3/cms", "Package")):
        table = extra.get(where)
        if isinstance(table, dict):
            yield from ((f"{where}.{key}", name) for name in strings(table.get(key)))
    yield from (("yii.bootstrap", name) for name in strings(extra.get("bootstrap")))


def unasked(package: Package) -> Iterator[tuple[str, str]]:
    """Yield the scripts and plugin classes that an install runs, by their keys."""
    for hook in hooks(package):
        if hook.when is When.INSTALL and hook.key != "files":
            yield hook.key, hook.target
