"""`.cargo/config.toml`, `rust-toolchain.toml`: settings that hold for whoever works in the package's folder.

They mean nothing to those who only depend on it. What has the tools run a program of the package's choice is
told as `pkg.config cargo KEY=VALUE`. https://doc.rust-lang.org/cargo/reference/config.html
"""

import tomllib
from collections.abc import Iterator
from typing import Any

from biopsy.ecosystems.cargo.package import table, text
from biopsy.ecosystems.reading import read
from biopsy.model.behaviour import Behaviour, InFile, Kind
from biopsy.model.regex import regex
from biopsy.model.release import Tree

MAX_SETTINGS = 500
"""Most settings of one file that are told."""

_FILES = (".cargo/config.toml", ".cargo/config")
_TELLING = regex(
    r"build\.(?:rustc|rustc-wrapper|rustc-workspace-wrapper|rustdoc|rustflags|target-dir)"
    r"|target\..+\.(?:runner|linker|rustflags)|alias\..+|env\..+|source\..+|registries\..+|registry\..+"
    r"|patch\..+|http\..+|net\..+|host\..+|unstable\..+|paths|include|credential-alias\..+"
)


def settings(tree: Tree) -> Iterator[Behaviour]:
    """Yield the settings that a package carries. Never raises."""
    for path in _FILES:
        yield from _of_file(tree, path)
    for path in ("rust-toolchain.toml", "rust-toolchain"):
        chain = table(_document(tree, path), "toolchain")
        if own := text(chain.get("path")):
            yield Behaviour(Kind.PKG_CONFIG, f"cargo toolchain.path={own}", InFile(path))


def _of_file(tree: Tree, path: str) -> Iterator[Behaviour]:
    source = read(tree, path)
    if source is None:
        return
    document = _document(tree, path)
    if document is None:
        yield Behaviour(Kind.PKG_MALFORMED, f"{path} TOMLDecodeError", InFile(path))
        return
    for count, (key, value) in enumerate(_flat(document)):
        if count >= MAX_SETTINGS:
            return
        if _TELLING.fullmatch(key):
            line = _line(source, key.rpartition(".")[2])
            yield Behaviour(Kind.PKG_CONFIG, f"cargo {key}={value}"[:1000], InFile(path, line))


def _document(tree: Tree, path: str) -> dict[str, Any] | None:
    source = read(tree, path)
    if source is None:
        return None
    try:
        return tomllib.loads(source)
    except (ValueError, RecursionError):
        return None


def _flat(document: dict[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and depth < 6:
            yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, list):
            yield name, " ".join(str(one) for one in value[:50])
        else:
            yield name, str(value)


def _line(source: str, key: str) -> int:
    """Find a line for people: the first that begins with a key."""
    for number, line in enumerate(source.splitlines(), 1):
        if line.strip().strip('"').startswith((f"{key} ", f"{key}=", f'{key}"')):
            return number
    return 0
