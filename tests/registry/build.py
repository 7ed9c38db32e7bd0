"""Artifacts made of texts, the same bytes each time."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping

from biopsy.ecosystems.gem.empty import pack

Texts = Mapping[str, str | bytes]


def wheel(
    name: str, version: str, files: Texts | None = None, requires: tuple[str, ...] = ()
) -> tuple[str, bytes]:
    """Build a wheel for any Python; `files` by their paths below site-packages."""
    stem = name.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Requires-Dist: {r}" for r in requires),
    ]
    every = {
        **(files or {f"{stem}/__init__.py": f"VERSION = {version!r}\n"}),
        f"{info}/METADATA": "\n".join(lines) + "\n\nA package of a test.\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: stand-in\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={_urlsafe(_bytes(data))},{len(_bytes(data))}\n" for path, data in every.items()
    )
    every[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in every.items():
            entry = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, _bytes(data), zipfile.ZIP_DEFLATED)
    return f"{stem}-{version}-py3-none-any.whl", target.getvalue()


def sdist(name: str, version: str, files: Texts | None = None) -> tuple[str, bytes]:
    """Build an sdist that setuptools could build; `files` by their paths, which may replace setup.py."""
    stem = name.replace("-", "_")
    every = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "setup.py": f"from setuptools import setup\n\nsetup(name={name!r}, version={version!r}, packages=[{stem!r}])\n",
        f"{stem}/__init__.py": "",
        **(files or {}),
    }
    return f"{stem}-{version}.tar.gz", _tar(f"{stem}-{version}", every)


def gem(
    name: str, version: str, files: Texts | None = None, requires: tuple[str, ...] = (), **about: object
) -> tuple[str, bytes]:
    """Build a gem; `about` goes into its gemspec, `requires` are written `name ~> 1.0`."""
    every = files or {f"lib/{name}.rb": f"# {name}\n"}
    plain = {path: _bytes(data) for path, data in every.items()}
    return f"{name}-{version}.gem", pack(name, version, plain, dependencies=requires, **about)


def tgz(name: str, version: str, files: Texts | None = None, **manifest: object) -> tuple[str, bytes]:
    """Build an npm tarball; `manifest` is added to its package.json."""
    package = {"name": name, "version": version, "main": "index.js", "license": "MIT", **manifest}
    every = {
        "index.js": "module.exports = {};\n",
        **(files or {}),
        "package.json": json.dumps(package, indent=2) + "\n",
    }
    return f"{name.rpartition('/')[2]}-{version}.tgz", _tar("package", every)


def _tar(top: str, files: Texts) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(f"{top}/{path}")
            entry.size, entry.mtime, entry.mode = len(_bytes(data)), 1_767_225_600, 0o644
            archive.addfile(entry, io.BytesIO(_bytes(data)))
    return gzip.compress(plain.getvalue(), mtime=0)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
