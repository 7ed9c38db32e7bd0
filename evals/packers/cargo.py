"""Crates as Debian ships them: sources, below /usr/share/cargo/registry."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from evals.builders.packing import tarred

PACKAGES = tuple(
    f"librust-{name}-dev"
    for name in (
        "anyhow",
        "autocfg",
        "base64",
        "bitflags",
        "cfg-if",
        "either",
        "fnv",
        "hex",
        "itoa",
        "lazy-static",
        "log",
        "matches",
        "once-cell",
        "paste",
        "percent-encoding",
        "proc-macro2",
        "quote",
        "ryu",
        "scopeguard",
        "semver",
        "smallvec",
        "static-assertions",
        "unicode-ident",
        "version-check",
    )
)


def pack(root: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Pack each source as `cargo package` does, without what Debian added."""
    for folder in sorted((root / "usr/share/cargo/registry").iterdir()):
        own = tomllib.loads((folder / "Cargo.toml").read_text("utf-8"))["package"]
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != ".cargo-checksum.json" and "debian" not in path.parts
        }
        stem = f"{own['name']}-{own['version']}"
        yield own["name"], own["version"], f"{stem}.crate", tarred(files, {}, stem)


def configure(url: str, folder: Path) -> dict[str, str]:
    """Write a CARGO_HOME in which the registry stands for crates.io."""
    source = f'[source.crates-io]\nreplace-with = "own"\n\n[source.own]\nregistry = "sparse+{url}"\n'
    (folder / "config.toml").write_text(source, "utf-8")
    return {"CARGO_HOME": str(folder)}
