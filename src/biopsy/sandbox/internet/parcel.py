"""Second stages of every form that a consumer may expect, each with the same tagged code inside."""

import base64
import gzip
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from biopsy.sandbox.internet import native, tag
from biopsy.sandbox.raw import Field

_WHEEL = re.compile(r"([A-Za-z0-9._]+)-([A-Za-z0-9._+!]+)(?:-[^-/]+)?-[^-/]+-[^-/]+-[^-/]+\.whl")
_SDIST = re.compile(r"(.+?)-v?(\d[A-Za-z0-9._+!]*)\.(?:tar\.\w+|tgz|zip)")
_EPOCH = (2024, 1, 9, 8, 26, 40)
_FIELDS = (
    *(
        "code",
        "script",
        "payload",
        "content",
        "cookie",
        "model",
        "cmd",
        "command",
        "js",
        "body",
        "text",
        "value",
    ),
    *("message", "result", "run", "source", "data", "config", "token"),
)
"""What loaders have been seen to read their next stage from."""
_PACKED = ("b64", "base64", "encoded", "blob", "enc", "payload_b64", "bytes")
"""The same, where they decode base64."""

Maker = Callable[[str, str], bytes]
"""Makes bytes from a token and the last component of the path that was asked for."""


def named(filename: str) -> tuple[str, str]:
    """The name and version of the package that `filename` seems to be."""
    for pattern in (_WHEEL, _SDIST):
        if found := pattern.fullmatch(filename):
            return found[1], found[2]
    stem = re.sub(r"(\.git|\.tar|\.tgz|\.gz|\.zip|\.whl)+$", "", filename)
    return re.sub(r"[^A-Za-z0-9._-]", "", stem).strip("._-") or "package", "1.0.0"


def code(token: str, _: str) -> bytes:
    """Text that runs as shell, Python or JavaScript."""
    return tag.code(token).encode()


def script(token: str, _: str) -> bytes:
    """The same, executable as a file."""
    return tag.script(token).encode()


def encoded(token: str, _: str) -> bytes:
    """The same in base64."""
    return base64.b64encode(code(token, ""))


def program(token: str, _: str) -> bytes:
    """A program, library or addon of Linux on x86-64."""
    return native.elf(token)


def machine(token: str, _: str) -> bytes:
    """Machine code of x86-64, to be copied into memory and called."""
    return native.machine(token)


def data(token: str, _: str, fields: Iterable[Field] = ()) -> bytes:
    """JSON, with code in every field that a loader has been seen to read, and `fields` as they are said."""
    text = tag.code(token)
    head: dict[str, object] = {"ok": True, "success": True, "status": "success", "version": "1.0.0"}
    inner = {"code": text, "content": text, "data": text}
    packed = dict.fromkeys(_PACKED, encoded(token, "").decode())
    whole = head | dict.fromkeys(_FIELDS, text) | packed | {"record": inner, "items": [text]}
    return json.dumps(_told(whole, fields)).encode()


def _told(answer: Mapping[str, object], fields: Iterable[Field]) -> dict[str, object]:
    """Give an answer that has these fields, too, each in the object it belongs into."""
    whole = dict(answer)
    for path, value in fields:
        held = whole
        for name in path[:-1]:
            inner = held.get(name)
            held[name] = held = dict(inner) if isinstance(inner, dict) else {}
        held[path[-1]] = value
    return whole


def page(token: str, _: str) -> bytes:
    """An HTML page with code where a scraper finds text."""
    text = tag.code(token).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<!doctype html><html><title>Home</title><body><pre>{text}</pre></body></html>\n".encode()


def pickle(token: str, _: str) -> bytes:
    """A pickle whose loading evaluates code."""
    expression = tag.python(token).encode().replace(b"'", b'"')
    return b"\x80\x02cbuiltins\neval\nX" + len(expression).to_bytes(4, "little") + expression + b"\x85R."


def project(token: str, filename: str) -> bytes:
    """A gzipped tar that npm and pip both take for a source package; installing it runs code."""
    held = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=held, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path, content in _files(token, filename).items():
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size, entry.mode, entry.mtime = len(content), 0o755, 1704788800
            archive.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def archive(token: str, filename: str, modules: Iterable[str] = ()) -> bytes:
    """The same as a zip, which runs code as a program of Python, too, and by importing any of `modules`."""
    files = {f"package/{path}": content for path, content in _files(token, filename).items()}
    body = tag.python(token).encode() + b"\n"
    files["__main__.py"] = body
    for name in modules:
        path = name.replace(".", "/")
        for count in range(1, name.count(".") + 1):
            files.setdefault("/".join(name.split(".")[:count]) + "/__init__.py", body)
        files.setdefault(f"{path}/__init__.py", body)
    return _zip(files)


def wheel(token: str, filename: str) -> bytes:
    """A wheel whose one module runs code when it is imported."""
    name, version = named(filename)
    name = re.sub(r"[-.]+", "_", name)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": code(token, ""),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    return _zip(files | {f"{info}/RECORD": record.encode()})


def _files(token: str, filename: str) -> dict[str, bytes]:
    name, version = named(filename)
    body = code(token, "")
    manifest = {
        "name": name.lower(),
        "version": version,
        "main": "index.js",
        "scripts": {"preinstall": "node index.js"},
    }
    setup = f"from setuptools import setup\n{tag.python(token)}\nsetup(name={name!r}, version={version!r})\n"
    return {
        "package.json": json.dumps(manifest).encode(),
        "index.js": body,
        "setup.py": setup.encode(),
        "main.py": body,
        "install.sh": script(token, ""),
        "run": script(token, ""),
    }


def _zip(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o100755 << 16
            packed.writestr(entry, content)
    return held.getvalue()


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (code, script, program, machine, encoded, data, page, pickle, project, archive, wheel)
}
"""Every maker by the name that a reply's `make` calls it."""


def makers(modules: tuple[str, ...], fields: Iterable[Field] = ()) -> Mapping[str, Maker]:
    """All of them, with archives that have `modules`, and JSON that has `fields`."""
    return {
        **MAKERS,
        archive.__name__: partial(archive, modules=modules),
        data.__name__: partial(data, fields=fields),
    }
