"""The module proxy: `PATH/@v/list`, `@latest`, and of a version `.info`, `.mod` and `.zip`.

What a proxy says has no hash in it. The `h1:` of go.sum is a hash over the names and hashes of the files in
the zip (https://go.dev/ref/mod#go-sum-files); `h1` computes it of a file, to compare it with a lock file.
"""

import base64
import hashlib
import os
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from biopsy.ecosystems import asking, order
from biopsy.ecosystems.choosing import chosen, univers_key
from biopsy.ecosystems.golang.module import directives
from biopsy.ecosystems.protocol import MAX_TEXT, Facts, Listing, Published
from biopsy.errors import RegistryError, UsageError
from biopsy.model.regex import regex
from biopsy.model.release import Endpoint, Release, Remote

if TYPE_CHECKING:
    import httpx

MAX_VERSIONS = 20_000
"""Most versions of one module, the latest, that are looked at."""

MAX_FILE = 512 * 1024**2
"""Largest file of a zip that is hashed, in bytes."""

_VERSION = regex(r"v\d{1,18}\.\d{1,18}\.\d{1,18}(?:-[0-9A-Za-z.-]{1,200})?(?:\+[0-9A-Za-z.-]{1,100})?")
_DEPRECATED = regex(r"(?m)^//[ \t]*Deprecated:[ \t]*(.{0,500})$")
_key = univers_key("GolangVersion")


class _Info(msgspec.Struct):
    version: str = msgspec.field(name="Version")
    time: str = msgspec.field(default="", name="Time")


def endpoint() -> Endpoint:
    """Give the first proxy that is configured; `direct` and `off` are none."""
    given = os.environ.get("GOPROXY") or _written().get("GOPROXY", "")
    wanted = (part.strip() for part in given.replace("|", ",").split(","))
    url = next((part for part in wanted if part.startswith(("https://", "http://"))), "")
    if given and not url:
        raise RegistryError(f"GOPROXY names no proxy ({given!r}); set it to one")
    return Endpoint("golang", asking.address("Go", url or asking.public("golang"), "set GOPROXY"))


def _written() -> dict[str, str]:
    """Read what `go env -w` wrote; GOENV says where."""
    home = Path.home() / ("Library/Application Support" if sys.platform == "darwin" else ".config")
    path = Path(os.environ.get("GOENV") or Path(os.environ.get("XDG_CONFIG_HOME") or home) / "go/env")
    try:
        lines = path.read_text("utf-8", "replace")[:65_536].splitlines()
    except OSError:
        return {}
    return {
        key.strip(): value.strip() for key, sign, value in (line.partition("=") for line in lines) if sign
    }


def escaped(text: str) -> str:
    """Write capitals as `!` and a small letter, as file systems that ignore case need it."""
    return quote("".join(f"!{c.lower()}" if c.isupper() else c for c in text), safe="/!~._-+")


def resolve(client: "httpx.Client", endpoint: Endpoint, release: Release) -> Listing:
    """Find a version; a module without tags has only that of its newest commit."""
    root, about = endpoint.url + escaped(release.name), f"module {release.name}"
    listed = asking.body(client, endpoint, f"{root}/@v/list", "text/plain", about)
    lines = dict.fromkeys(line.split(" ")[0] for line in listed.decode("utf-8", "replace").split("\n"))
    every = sorted((line for line in lines if _VERSION.fullmatch(line)), key=_key)[-MAX_VERSIONS:]
    latest = None
    if not every or not release.version:
        latest = asking.document(client, endpoint, f"{root}/@latest", _Info, about)
        every = sorted({*every, latest.version}, key=_key)
    info = _asked(client, endpoint, root, release, every, latest.version if latest else "")
    version = info.version
    if version not in every:
        every = sorted({*every, version}, key=_key)
    newest = latest.version if latest else _newest(every)
    text = asking.perhaps(client, endpoint, f"{root}/@v/{escaped(newest)}.mod").decode("utf-8", "replace")
    withdrawn = _retracted(text, every)
    times = {version: info.time} | ({latest.version: latest.time} if latest else {})
    published = tuple(Published(v, times.get(v) or None, withdrawn.get(v)) for v in every)
    deprecated = _DEPRECATED.search(text.partition("module ")[0])
    filename = f"{release.name.rpartition('/')[2]}@{version}.zip"
    return Listing(
        Release("golang", release.name, version),
        (Remote(filename, f"{root}/@v/{escaped(version)}.zip", "module", uploaded=info.time or None),),
        published,
        Facts(
            homepage=f"https://{release.name}",
            repository=f"https://{release.name}",
            deprecated=deprecated[1][:MAX_TEXT] if deprecated else None,
            newest=newest,
        ),
        previous=order.previous(published, version, _early),
    )


def _early(version: str) -> bool:
    return "-" in version.partition("+")[0]


def _newest(every: list[str]) -> str:
    return next((version for version in reversed(every) if not _early(version)), every[-1])


def _asked(  # noqa: PLR0917 - what is known of one question
    client: "httpx.Client", endpoint: Endpoint, root: str, release: Release, every: list[str], latest: str
) -> _Info:
    """Ask about one version; a proxy also takes a branch or a commit, and says which version that is."""
    about = f"module {release.name}"
    wanted = latest
    if release.version:
        near = [v for v in (release.version, f"v{release.version}") if v in every or _VERSION.fullmatch(v)]
        wanted = near[0] if near else release.version
    try:
        found: _Info = asking.document(client, endpoint, f"{root}/@v/{escaped(wanted)}.info", _Info, about)
    except UsageError:
        chosen(about, release.version, every, _early)  # says which there are
        raise
    if not _VERSION.fullmatch(found.version):
        raise RegistryError(f"the configured proxy answered {found.version!r} about {about}")
    return found


def _retracted(text: str, every: list[str]) -> dict[str, str]:
    """Give what the newest go.mod withdraws, and why (the comment behind it)."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    for verb, words, number in directives(text):
        if verb != "retract":
            continue
        reason = lines[number - 1].partition("//")[2].strip()[:MAX_TEXT]
        ends = [word.strip("[],") for word in words if word.strip("[],")]
        if len(ends) == 1:
            found[ends[0]] = reason
        elif len(ends) == 2:
            low, high = _key(ends[0]), _key(ends[1])
            found |= {version: reason for version in every if low <= _key(version) <= high}
    return found


def h1(path: Path) -> str:
    """Give the `h1:` of a module's zip; ValueError where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            lines = []
            for entry in sorted(archive.infolist(), key=lambda e: e.filename):
                if entry.file_size > MAX_FILE or "\n" in entry.filename:
                    raise ValueError(f"{path.name}: a file that no module has")
                digest = hashlib.sha256(archive.read(entry)).hexdigest()
                lines.append(f"{digest}  {entry.filename}\n")
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, NotImplementedError) as error:
        raise ValueError(f"{path.name}: {error}") from error
    whole = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(whole).decode()
