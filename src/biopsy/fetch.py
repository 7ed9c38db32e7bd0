"""Bytes in: an artifact from a registry or a disk, under limits, verified, kept by its hash.

    FOLDER/<sha256[:2]>/<sha256>/<filename>

A file appears there whole or not at all.
"""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from biopsy.errors import BadArtifact, RegistryError, UsageError
from biopsy.model.regex import regex
from biopsy.model.release import Artifact, Endpoint, Remote

if TYPE_CHECKING:
    import ssl

    import httpx

MAX_ARTIFACT = 512 * 1024**2
"""Largest artifact taken in, in bytes."""

DEADLINE = 600.0
"""Longest that one download may take, in seconds."""

TRIES = 3
CHUNK = 256 * 1024

_FILENAME = regex(r"[A-Za-z0-9@~_][A-Za-z0-9@~._+!-]{0,254}", re.ASCII)
_KINDS = {".whl": "wheel", ".tgz": "tgz"}
_AUTHORITIES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def client(agent: str = "biopsy") -> "httpx.Client":
    """Make the client that registries are asked with.

    It trusts the system's authorities (SSL_CERT_FILE and SSL_CERT_DIR included), certifi's, and those that
    pip and npm are told to trust; it follows at most five redirects and uses the environment's proxies.
    """
    import httpx  # noqa: PLC0415 - a fifth of a second that what is on the disk need not wait for

    return httpx.Client(
        verify=trusted(),
        follow_redirects=True,
        max_redirects=5,
        timeout=httpx.Timeout(60.0, connect=20.0),
        headers={"user-agent": agent},
    )


def trusted() -> "ssl.SSLContext":
    """Give the authorities that registries are believed by; `client` says which."""
    import certifi  # noqa: PLC0415 - slow to import, and what is on the disk need not wait for it

    extra = (certifi.where(), *(os.environ.get(name, "") for name in _AUTHORITIES))
    own = (os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    return _trusting(tuple(dict.fromkeys(extra)), *own)


@cache
def _trusting(paths: tuple[str, ...], *_system: str) -> "ssl.SSLContext":
    """Made once: reading certificates takes longer than most requests."""
    import ssl  # noqa: PLC0415

    context = ssl.create_default_context()
    for path in paths:
        try:
            if path:
                context.load_verify_locations(*((None, path) if os.path.isdir(path) else (path,)))  # noqa: PTH112
        except (OSError, ssl.SSLError):
            continue  # as pip and npm: a bundle that cannot be read is as if not named
    return context


def fetch(
    remote: Remote, endpoint: Endpoint, http: "httpx.Client", folder: Path, limit: int | None = None
) -> Artifact:
    """Download what a registry offers; one that is there already is checked against its hash and reused.

    RegistryError where it does not come, is larger than `limit` bytes (MAX_ARTIFACT by default), or differs
    from a digest that the registry gave.
    """
    import httpx  # noqa: PLC0415 - see `client`

    if not _FILENAME.fullmatch(remote.filename):
        raise BadArtifact(
            "bad-name", f"the registry names an artifact {remote.filename!r}, which is no file name"
        )
    if (known := dict(remote.digests).get("sha256")) and (kept := _kept(folder, known, remote)):
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, TRIES + 1):
        part = _part(folder)
        try:
            digests = _download(remote, endpoint, http, part, limit or MAX_ARTIFACT)
            return _verified(remote, digests, part, folder)
        except (httpx.TransportError, TimeoutError) as err:
            if attempt == TRIES:
                raise RegistryError(f"cannot fetch {remote.filename}: {type(err).__name__}: {err}") from err
            time.sleep(0.5 * attempt)
        except (httpx.HTTPError, httpx.InvalidURL) as err:
            raise RegistryError(f"cannot fetch {remote.filename}: {err}") from err
        finally:
            part.unlink(missing_ok=True)
    raise AssertionError


def adopt(path: Path, folder: Path) -> Artifact:
    """Copy a local file into the store. UsageError where it cannot be read or is too large."""
    try:
        if not path.is_file():
            raise UsageError(f"not a regular file: {path}")
        folder.mkdir(parents=True, exist_ok=True)
        part = _part(folder)
        try:
            hashes, size = _Hashes(("sha256",)), 0
            with path.open("rb") as source, part.open("wb") as target:
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    if size > MAX_ARTIFACT:
                        raise UsageError(f"larger than {MAX_ARTIFACT >> 20} MiB: {path}")
                    hashes.update(chunk)
                    target.write(chunk)
            remote = Remote(path.name, "", _KINDS.get(path.suffix.lower(), "sdist"))
            return _store(part, folder, remote, size, hashes.hex("sha256"), verified=False)
        finally:
            part.unlink(missing_ok=True)
    except OSError as err:
        raise UsageError(f"cannot read {path}: {err.strerror or err}") from err


class _Hashes:
    """Several digests of one stream."""

    def __init__(self, algorithms: Iterable[str]) -> None:
        self.all = {name: hashlib.new(name, usedforsecurity=False) for name in {"sha256", *algorithms}}

    def update(self, data: bytes) -> None:
        for one in self.all.values():
            one.update(data)

    def hex(self, name: str) -> str:
        return self.all[name].hexdigest()


def _part(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(prefix=".part-", dir=folder)
    os.close(handle)
    return Path(name)


def _download(remote: Remote, endpoint: Endpoint, http: "httpx.Client", part: Path, limit: int) -> _Hashes:
    hashes = _Hashes(name for name, _ in remote.digests if name in hashlib.algorithms_guaranteed)
    size, end = 0, time.monotonic() + DEADLINE
    # identity: a server that would gzip a tarball once more changes what the digest is of
    headers = {"accept-encoding": "identity", **endpoint.headers(remote.url)}
    with http.stream("GET", remote.url, headers=headers) as response, part.open("wb") as target:
        if response.status_code >= 500:
            raise TimeoutError(f"status {response.status_code}")
        if response.status_code != 200:
            raise RegistryError(f"cannot fetch {remote.filename}: status {response.status_code}")
        for chunk in response.iter_raw(CHUNK):
            size += len(chunk)
            if size > limit:
                raise BadArtifact("too-large", f"{remote.filename} is larger than {limit >> 20} MiB")
            if time.monotonic() > end:
                raise TimeoutError(f"no end after {DEADLINE:.0f} s")
            hashes.update(chunk)
            target.write(chunk)
    return hashes


def _verified(remote: Remote, hashes: _Hashes, part: Path, folder: Path) -> Artifact:
    compared = False
    for algorithm, expected in remote.digests:
        if algorithm not in hashes.all:
            continue
        compared = True
        if hashes.hex(algorithm) != expected.lower():
            raise BadArtifact(
                "digest-differs",
                f"{remote.filename} is not what the registry announced: {algorithm} is"
                f" {hashes.hex(algorithm)}, not {expected}",
            )
    sha256, size = hashes.hex("sha256"), part.stat().st_size
    return _store(part, folder, remote, size, sha256, verified=compared)


def _store(part: Path, folder: Path, remote: Remote, size: int, sha256: str, *, verified: bool) -> Artifact:
    target = folder / sha256[:2] / sha256 / remote.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    part.chmod(0o644)
    part.replace(target)
    return Artifact(remote.filename, remote.kind, target, size, sha256, verified)


def _kept(folder: Path, sha256: str, remote: Remote) -> Artifact | None:
    path = folder / sha256[:2] / sha256 / remote.filename
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
        return Artifact(remote.filename, remote.kind, path, path.stat().st_size, sha256, verified=True)
    except OSError:
        return None
