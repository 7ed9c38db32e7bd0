"""Gems as Debian ships them: a gemspec below rubygems-integration, and the files where Ruby finds them."""

import re
from collections.abc import Iterator
from pathlib import Path

from biopsy.ecosystems.gem.empty import pack as packed

PACKAGES = tuple(
    f"ruby-{name}"
    for name in (
        "addressable",
        "builder",
        "colorize",
        "concurrent",
        "crack",
        "diff-lcs",
        "docile",
        "dotenv",
        "faraday",
        "hashdiff",
        "hashie",
        "highline",
        "i18n",
        "kramdown",
        "liquid",
        "mime-types",
        "mime-types-data",
        "mini-mime",
        "multi-json",
        "multipart-post",
        "mustermann",
        "net-ssh",
        "parallel",
        "pastel",
        "public-suffix",
        "rack",
        "rainbow",
        "rouge",
        "ruby2-keywords",
        "simplecov-html",
        "slop",
        "thor",
        "tilt",
        "tty-color",
        "tzinfo",
        "webmock",
        "zip",
    )
)
_SPECS = "usr/share/rubygems-integration/*/specifications/*.gemspec"
_NEEDS = re.compile(r"add_(?:runtime_)?dependency\(%q<([^>]+)>(?:\.freeze)?, \[([^\]]*)\]")
_WANTED = re.compile(r'"([^"]+)"')
_LIBRARIES = ("usr/lib/ruby/vendor_ruby", "usr/lib/ruby/3.1.0")


def pack(root: Path) -> Iterator[tuple[str, str, str, bytes]]:
    """Pack each as `gem build` would, from its gemspec's own list of files, as far as Debian ships them."""
    for path in sorted(root.glob(_SPECS)):
        text = path.read_text("utf-8", "replace")
        name, version = _one(text, "name"), _one(text, "version")
        whole = path.parent.parent / "gems" / f"{name}-{version}"
        commands = _many(text, "executables")
        files = dict(_files(root, whole, _many(text, "files")))
        for command in commands:
            places = (whole / "exe", whole / "bin", root / "usr/bin")
            if real := next((one for one in places if (one / command).is_file()), None):
                files[f"exe/{command}"] = (real / command).read_bytes()
        needs = _NEEDS.findall(text)
        yield name, version, f"{name}-{version}.gem", packed(
            name, version, {one: data for one, data in files.items() if not one.startswith("bin/")},
            dependencies=[f"{one} {', '.join(_WANTED.findall(wanted))}" for one, wanted in needs],
            executables=[one for one in commands if f"exe/{one}" in files],
            summary=_one(text, "summary"), homepage=_one(text, "homepage"),
        )  # fmt: skip


def _files(root: Path, whole: Path, listed: list[str]) -> Iterator[tuple[str, bytes]]:
    if whole.is_dir():
        for path in sorted(whole.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(whole).as_posix(), path.read_bytes()
        return
    for one in listed:
        below = one.removeprefix("lib/")
        places = [root / folder / below for folder in _LIBRARIES] if one.startswith("lib/") else []
        if found := next((place for place in places if place.is_file()), None):
            yield one, found.read_bytes()


def _one(text: str, key: str) -> str:
    match = re.search(rf'\.{key} = (?:"([^"]*)"|%q<([^>]*)>)', text)
    return (match[1] or match[2] or "") if match else ""


def _many(text: str, key: str) -> list[str]:
    match = re.search(rf"\.{key} = \[([^\]]*)\]", text)
    return re.findall(r'"([^"]+)"', match[1]) if match else []


def configure(url: str, folder: Path) -> dict[str, str]:
    """Write a gemrc in which the registry is the only source."""
    (folder / "gemrc").write_text(f":sources:\n- {url}\n", "utf-8")
    return {"GEMRC": str(folder / "gemrc")}
