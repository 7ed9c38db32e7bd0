"""What is installed: the packages of a Python environment or of `node_modules`, read and never run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from biopsy.guard.given import MAX_ENTRIES, LockError, word
from biopsy.guard.origins import elsewhere
from biopsy.model.check import Entry

MAX_METADATA = 256 * 1024  # bytes of a METADATA that are read: its head, without the description
MAX_MANIFEST = 4 * 1024**2  # bytes of a package.json
MAX_DEPTH = 40  # node_modules inside each other


def environments(folder: Path) -> list[Path]:
    """The folders of installed packages that a folder is, or has as a virtual environment; else none."""
    if folder.name in {"site-packages", "dist-packages", "node_modules"}:
        return [folder]
    if (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir():
        places = ("lib/python*/site-packages", "lib64/python*/site-packages", "Lib/site-packages")
        found = {p.resolve(): p for pattern in places for p in sorted(folder.glob(pattern))}
        return list(found.values())
    return [folder] if next(folder.glob("*.dist-info"), None) else []


def read(folder: Path) -> Iterator[Entry]:
    """The packages of a folder of installed ones; raises LockError."""
    for count, entry in enumerate(_node(folder) if folder.name == "node_modules" else _python(folder)):
        if count >= MAX_ENTRIES:
            raise LockError(f"more than {MAX_ENTRIES:,} packages")
        yield entry


def _python(folder: Path) -> Iterator[Entry]:
    from email.parser import HeaderParser  # noqa: PLC0415 - only environments need it

    for place in sorted((*folder.glob("*.dist-info"), *folder.glob("*.egg-info"))):
        about = next((p for p in (place / "METADATA", place / "PKG-INFO", place) if p.is_file()), None)
        if about is None:
            continue
        head = _start(about, MAX_METADATA).decode("utf-8", "replace").partition("\n\n")[0]
        said = HeaderParser().parsestr(head.replace("\r\n", "\n"), headersonly=True)
        name, version = str(said.get("Name") or ""), str(said.get("Version") or "")
        if not name:  # what pip left of an upgrade, or damage: the folder still says it
            name, _, version = place.stem.lstrip("~").partition("-")
        path = about.relative_to(folder).as_posix()
        name, version = word(name), word(version, "version")
        direct = _direct(place, name, version, path)
        yield direct or Entry("PyPI", name, version, path=path)


def _direct(place: Path, name: str, version: str, path: str) -> Entry | None:
    """What was installed from a URL (PEP 610); an archive of a registry is that, too, so its name counts."""
    held = _json(place / "direct_url.json", MAX_METADATA)
    url = held.get("url")
    if not isinstance(url, str) or ("archive_info" in held and url.startswith("http")):
        return None
    vcs = held.get("vcs_info")
    commit = vcs.get("commit_id") if isinstance(vcs, dict) else None
    made = elsewhere(name, version, f"git+{word(url, 'URL')}#{commit or ''}" if vcs else word(url, "URL"))
    return Entry(made.ecosystem, made.name, made.version, origin=made.origin, path=path)


def _node(folder: Path) -> Iterator[Entry]:
    stack = [(folder, 0)]
    while stack:
        modules, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise LockError(f"more than {MAX_DEPTH} node_modules inside each other")
        for place in _modules(modules):
            held = _json(place / "package.json", MAX_MANIFEST)
            stands = place.relative_to(modules).as_posix()
            says, version = word(held.get("name")) or stands, word(held.get("version"), "version")
            path = f"{place.relative_to(folder).as_posix()}/package.json"
            if held:
                yield Entry("npm", says, version, path=path)
            if says != stands and held:  # an alias, or a manifest that lies about its name
                yield Entry("npm", stands, version, path=path)
            if (place / "node_modules").is_dir():
                stack.append((place / "node_modules", depth + 1))


def _modules(folder: Path) -> Iterator[Path]:
    for place in sorted(folder.iterdir()):
        if place.name == ".pnpm" and place.is_dir():
            for inner in sorted(place.glob("*/node_modules")):
                yield from _modules(inner)
        elif place.name.startswith("@") and place.is_dir():
            yield from (p for p in sorted(place.iterdir()) if p.is_dir() and not p.is_symlink())
        elif not place.name.startswith(".") and place.is_dir() and not place.is_symlink():
            yield place


def _json(path: Path, limit: int) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        held = json.loads(_start(path, limit))
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _start(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise LockError(f"{path}: {error.strerror or error}") from error
