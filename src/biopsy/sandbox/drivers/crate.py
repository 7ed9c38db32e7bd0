"""A crate on the disk: unpacked where Cargo unpacks those of its registry, read, and made to need less."""

import json
import os
import re
import shutil
import tarfile
import tomllib

MAX_FILES = 20_000
MAX_BYTES = 512 * 1024**2
LOOKED = 512 * 1024  # bytes of a source in which tests are looked for
SOURCES = os.path.expanduser("~/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f")


def unpack(file):
    """Unpack a crate where Cargo would; give the folder, or nothing where it has none."""
    room, top = MAX_BYTES, ""
    with tarfile.open(file, "r:*") as archive:
        for count, member in enumerate(archive):
            parts = member.name.split("/")
            if count >= MAX_FILES or room <= 0:
                break
            if not member.isfile() or ".." in parts or len(parts) < 2 or member.name.startswith("/"):
                continue
            top = top or parts[0]
            if parts[0] != top:
                continue  # Cargo refuses what is not below the crate's own folder
            path = os.path.join(SOURCES, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            data = archive.extractfile(member).read(room + 1)
            room -= len(data)
            with open(path, "wb") as out:
                out.write(data[: room + len(data)])
            os.chmod(path, member.mode & 0o755 | 0o644)
    if not top:
        return ""
    folder = os.path.join(SOURCES, top)
    with open(os.path.join(folder, ".cargo-ok"), "w", encoding="utf-8") as mark:
        mark.write('{"v":1}')
    return folder


def manifest(folder):
    """Read a Cargo.toml; an empty one where it cannot be read."""
    try:
        with open(os.path.join(folder, "Cargo.toml"), "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError):
        return {}


class Crate:
    """A crate that was unpacked."""

    def __init__(self, folder):
        """Read its manifest."""
        self.folder = folder
        document = manifest(folder)
        own, lib = document.get("package") or {}, document.get("lib") or {}
        self.package = str(own.get("name") or "")
        self.edition = str(own.get("edition") or "2015")
        first = lib.get("path") or "src/lib.rs"
        self.first = os.path.join(folder, first)
        self.library = os.path.isfile(self.first)
        self.name = str(lib.get("name") or self.package.replace("-", "_"))
        self.macros = lib.get("proc-macro") is True or lib.get("proc_macro") is True
        bins = [one.get("name") for one in document.get("bin") or () if isinstance(one, dict)]
        if os.path.isfile(os.path.join(folder, "src/main.rs")):
            bins.append(self.package)
        bins += listed(os.path.join(folder, "src/bin"))
        self.bins = list(dict.fromkeys(one for one in bins if isinstance(one, str)))
        examples = [one.get("name") for one in document.get("example") or () if isinstance(one, dict)]
        examples += listed(os.path.join(folder, "examples"))
        self.examples = list(dict.fromkeys(one for one in examples if isinstance(one, str)))
        tested = any(os.path.isdir(os.path.join(folder, one)) for one in ("tests", ".cargo")) or document.get(
            "test"
        )
        self.tests = bool(tested) or self.mentions("#[test]") or self.mentions("#[cfg(test)]")

    def mentions(self, text):
        """Whether one of its first sources holds a text."""
        for path in (self.first, os.path.join(self.folder, "src/main.rs")):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    if text in file.read(LOOKED):
                        return True
            except OSError:
                pass
        return False


def listed(folder):
    """Name the programs that lie in a folder."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    found = [name[:-3] for name in names if name.endswith(".rs")]
    return found + [name for name in names if os.path.isfile(os.path.join(folder, name, "main.rs"))]


def bare(folder):
    """Take a crate's dependencies away, so that at least its build script runs."""
    document = manifest(folder)
    own = document.get("package") or {}
    lines = ["[package]"]
    for key in ("name", "version", "edition", "links", "build"):
        if isinstance(own.get(key), (str, bool)):
            lines.append(f"{key} = {json.dumps(own[key])}")
    lib = document.get("lib") or {}
    if os.path.isfile(os.path.join(folder, str(lib.get("path") or "src/lib.rs"))):
        lines.append("[lib]")
    for key in ("name", "path", "proc-macro"):
        if isinstance(lib.get(key), (str, bool)):
            lines.append(f"{key} = {json.dumps(lib[key])}")
    features = document.get("features")
    if isinstance(features, dict):
        lines.append("[features]")
        lines += [f"{json.dumps(name)} = []" for name in features]
    path = os.path.join(folder, "Cargo.toml")
    shutil.copy2(path, f"{path}.orig")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join((*lines, "[workspace]", "")))


def lean(folder):
    """Take out of a manifest what only tests and features that nobody asked for need."""
    path = os.path.join(folder, "Cargo.toml")
    document = manifest(folder)
    wanted = document.get("dependencies") or {}
    gone = {name for name, one in wanted.items() if isinstance(one, dict) and one.get("optional")}
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"(?m)^(?=\[)", file.read())
    kept = []
    for part in parts:
        head = part.partition("\n")[0]
        optional = re.match(r"\[dependencies\.", head) and re.search(r"(?m)^optional = true", part)
        if (
            "dev-dependencies" not in head
            and not optional
            and not re.match(r"\[(?:features|\[bench\]|target\.)", head)
        ):
            kept.append(part)
    kept.append("\n[features]\n")
    for name, needs in (document.get("features") or {}).items():
        needs = [one for one in needs if "/" not in one and ":" not in one and one not in gone]
        kept.append(f"{json.dumps(name)} = {json.dumps(needs)}\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(kept))
    if os.path.exists(lock := os.path.join(folder, "Cargo.lock")):
        os.unlink(lock)
