"""Python distributions with nothing in them."""

import base64
import hashlib

from biopsy.ecosystems.blanks import NAME, VERSION, packed, zipped

_METADATA = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
_PYTHON = "class Empty:\n    pass\n\n\ndef main(value=None):\n    return 0\n"


def wheel() -> tuple[str, bytes]:
    """A module with a command."""
    info = f"{NAME}-{VERSION}.dist-info"
    files = {
        f"{NAME}.py": _PYTHON,
        f"{info}/METADATA": _METADATA,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: biopsy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{NAME} = {NAME}:main\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    return f"{NAME}-{VERSION}-py3-none-any.whl", zipped(files)


def sdist() -> tuple[str, bytes]:
    """The same, built by setuptools."""
    top = f"{NAME}-{VERSION}"
    setup = (
        f"from setuptools import setup\n\nsetup(name='{NAME}', version='{VERSION}', py_modules=['{NAME}'])\n"
    )
    files = {f"{top}/setup.py": setup, f"{top}/{NAME}.py": _PYTHON, f"{top}/PKG-INFO": _METADATA}
    return f"{top}.tar.gz", packed(files)
