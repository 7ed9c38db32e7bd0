"""The lock file that a command is about to follow, checked before it begins.

Clients keep what they fetched: what became known to be bad since then is installed from there, and no
registry is asked for it. So the lock file itself is looked through.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from biopsy.errors import BiopsyError
from biopsy.formats.views.visible import visible

if TYPE_CHECKING:
    from biopsy.model.check import Entry
    from biopsy.web.guard.app import Guard

MAX_LISTED = 100  # releases that are told of

_NPM = ("package-lock.json", "npm-shrinkwrap.json")
_BUN = ("bun.lock", "bun.lockb")
_BINARY = "bun.lockb"
_PATIENCE = 20.0  # seconds that bun may take to write its binary lock file as text
FOLLOWED = {
    ("npm", "ci"): _NPM, ("npm", "clean-install"): _NPM, ("npm", "install-clean"): _NPM, ("npm", "ic"): _NPM,
    ("npm", "install"): _NPM, ("npm", "i"): _NPM,
    ("pnpm", "install"): ("pnpm-lock.yaml",), ("pnpm", "i"): ("pnpm-lock.yaml",),
    ("yarn", "install"): ("yarn.lock",), ("yarn", ""): ("yarn.lock",),
    ("bun", "install"): _BUN, ("bun", "i"): _BUN, ("bun", "ci"): _BUN,
    ("uv", "sync"): ("uv.lock",), ("uv", "run"): ("uv.lock",),
    ("poetry", "install"): ("poetry.lock",), ("poetry", "sync"): ("poetry.lock",),
    ("pdm", "install"): ("pdm.lock",), ("pdm", "sync"): ("pdm.lock",),
    ("pipenv", "install"): ("Pipfile.lock",), ("pipenv", "sync"): ("Pipfile.lock",),
}  # fmt: skip
"""Which files a client's command follows."""

TAKES = {
    ("npm", "install"), ("npm", "i"), ("pnpm", "install"), ("pnpm", "i"), ("bun", "install"), ("bun", "i"),
    ("pipenv", "install"),
}  # fmt: skip
"""Those of them that make the lock file anew where they are given packages. All others take none."""


def followed(name: str, words: Sequence[str], folder: Path) -> Iterator[Path]:
    """The lock files in a folder that a command follows."""
    plain = [word for word in words if not word.startswith("-")]
    key = (name, plain[0] if plain else "")
    if len(plain) > 1 and key in TAKES:
        return
    for file in FOLLOWED.get(key, ()):
        if (folder / file).is_file() and not (file == _BINARY and (folder / "bun.lock").is_file()):
            yield folder / file


def _entries(path: Path, client: str) -> "tuple[Entry, ...]":
    """What a lock file names; nothing of one that cannot be read. bun reads its binary one."""
    from biopsy import guard as locks  # noqa: PLC0415

    reader = next(iter(locks.named("yarn.lock" if path.name == _BINARY else path.name)), None)
    try:
        data = _as_text(path, client) if path.name == _BINARY else path.read_bytes()
        return locks.read(reader, locks.Given(path.name, data)) if reader else ()
    except (BiopsyError, OSError, subprocess.SubprocessError):
        return ()


def _as_text(path: Path, client: str) -> bytes:
    """What `bun bun.lockb` prints: a yarn.lock. In another folder: settings of the project could run code."""
    with tempfile.TemporaryDirectory(prefix="biopsy-bun-") as folder:
        shutil.copyfile(path, Path(folder) / _BINARY)
        said = subprocess.run(
            [client, _BINARY], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True,
            timeout=_PATIENCE,
        )  # fmt: skip
        return said.stdout


def bad(guard: "Guard", files: Sequence[Path], client: str) -> Iterator[str]:
    """What the policy blocks of what lock files name, a line each; what cannot be read is the client's."""
    from biopsy.guard.ruling import Known, Offered  # noqa: PLC0415
    from biopsy.model.check import Verdict  # noqa: PLC0415
    from biopsy.reports.verdict import judged  # noqa: PLC0415
    from biopsy.web.guard.known import MAX_LINK, MAX_WORDS, TYPES  # noqa: PLC0415

    kinds = {"PyPI": "pypi", "npm": "npm"}
    for path in files:
        for entry in _entries(path, client):
            kind = kinds.get(entry.ecosystem)
            if kind is None or not entry.version:
                continue
            checked = guard.knowledge.ask(partial(judged, entry))
            if checked is None or checked.verdict is not Verdict.MALICIOUS:
                continue
            cited = checked.reports[0]
            said = visible(checked.reason, limit=MAX_WORDS)
            known = Known("malicious", said, cited.id, cited.link[:MAX_LINK])
            ruling = guard.gate.rule(Offered(kind, TYPES[kind](entry.name), entry.version, 0.0), known)
            if ruling.blocks:
                line = f":{entry.line}" if entry.line and path.name != _BINARY else ""
                what = f"{entry.name} {entry.version} is blocked: {ruling.reason} (see {ruling.link} )"
                yield f"{path.name}{line}: {what}"
