"""Our own packages to measure with: pure Python, native Python, JavaScript; harmless and always the same."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

MODULES = 12

_PYTHON = '''\
"""Module {n} of a package to measure with."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

WORDS = re.compile(r"[a-z]+")


@dataclass
class Table{n}:
    """Rows under a name."""

    name: str = "table"
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(self, text: str) -> int:
        """Split a text into words and keep them."""
        self.rows.append({{"text": text, "words": WORDS.findall(text)}})
        return len(self.rows)

    def dump(self) -> str:
        """Write it all as JSON."""
        return json.dumps({{"name": self.name, "rows": self.rows}}, sort_keys=True)


def load(path: str = "missing.json") -> dict[str, object]:
    """Read a file, or give an empty table."""
    file = Path(path)
    return json.loads(file.read_text()) if file.is_file() else {{}}
'''

_C = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *arg) { return PyNumber_Add(arg, arg); }
static PyMethodDef methods[] = {{"twice", twice, METH_O, "Add to itself."}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", NULL, -1, methods};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"""

_SETUP = """\
from setuptools import Extension, setup
setup(name="bench-native", version="1.0", packages=["bench_native"],
      ext_modules=[Extension("bench_native._fast", ["fast.c"])])
"""

_PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""

_JAVASCRIPT = """\
'use strict';
const path = require('path');
const words = /[a-z]+/g;
class Table {
  constructor(name = 'table') { this.name = name; this.rows = []; }
  add(text) { this.rows.push({ text, words: String(text).match(words) || [] }); return this.rows.length; }
  dump() { return JSON.stringify({ name: this.name, rows: this.rows }); }
}
exports.Table = Table;
exports.base = (file) => path.basename(String(file));
"""


def python_module(number: int) -> str:
    """The text of one small module."""
    return _PYTHON.format(n=number)


def pure_wheel(folder: Path) -> Path:
    """A wheel of a dozen small modules."""
    files = {f"bench_pure/m{n}.py": _PYTHON.format(n=n).encode() for n in range(MODULES)}
    files["bench_pure/__init__.py"] = b'"""A package to measure with."""\n'
    info = "bench_pure-1.0.dist-info"
    files[f"{info}/METADATA"] = b"Metadata-Version: 2.1\nName: bench-pure\nVersion: 1.0\n"
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    rows = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (rows + f"{info}/RECORD,,\n").encode()
    path = folder / "bench_pure-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data)
    return path


def native_sdist(folder: Path) -> Path:
    """An sdist with a C extension, built by setuptools in isolation."""
    files = {
        "setup.py": _SETUP,
        "pyproject.toml": _PYPROJECT,
        "fast.c": _C,
        "bench_native/__init__.py": "from bench_native._fast import twice\n",
        "PKG-INFO": "Metadata-Version: 2.1\nName: bench-native\nVersion: 1.0\n",
    }
    return _tarball(folder / "bench_native-1.0.tar.gz", "bench_native-1.0", files)


def npm_tarball(folder: Path) -> Path:
    """A package of a dozen small CommonJS modules."""
    exports = {".": "./index.js", **{f"./m{n}": f"./m{n}.js" for n in range(MODULES)}}
    manifest = {"name": "bench-pure", "version": "1.0.0", "main": "index.js", "exports": exports}
    files = {"package.json": json.dumps(manifest), "index.js": _JAVASCRIPT}
    files |= {f"m{n}.js": _JAVASCRIPT for n in range(MODULES)}
    return _tarball(folder / "bench-pure-1.0.0.tgz", "package", files)


def megabyte(folder: Path) -> Path:
    """A wheel-like zip of about one megabyte of source, half Python, half JavaScript."""
    path = folder / "bench_large-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        size, n = 0, 0
        while size < 1_000_000:
            python = "\n\n".join(_PYTHON.format(n=n * 10 + k) for k in range(10))
            script = "\n".join(_JAVASCRIPT.replace("Table", f"Table{n}x{k}") for k in range(15))
            archive.writestr(f"bench_large/m{n}.py", python)
            archive.writestr(f"bench_large/static/m{n}.js", script)
            size, n = size + len(python) + len(script), n + 1
        archive.writestr(
            "bench_large-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: bench-large\nVersion: 1.0\n"
        )
    return path


def _tarball(path: Path, top: str, files: dict[str, str]) -> Path:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
