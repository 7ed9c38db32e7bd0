"""What Node's listener writes down, tried on scripts of ours in this machine's Node, without a sandbox."""

import subprocess
from pathlib import Path

import pytest

from biopsy.sandbox.image_tools import node_folder
from biopsy.sandbox.inside import journal, prepare

PATCHED = """
const quiet = () => undefined
require('events').prototype.emit = quiet
require('inspector').Session.prototype.post = quiet
require('fs').openSync = require('fs').writeSync = quiet
String.prototype.startsWith = String.prototype.slice = quiet
RegExp.prototype.exec = RegExp.prototype.test = Map.prototype.get = Map.prototype.set = quiet
Set.prototype.has = Set.prototype.add = Date.now = quiet
Function.prototype.call = Function.prototype.apply = quiet
Error.prepareStackTrace = () => { throw new Error('seen') }
eval('globalThis.heard = 1')
"""
FORGED = """
const fs = require('fs')
fs.writeFileSync('decoy.js', 'globalThis.payload = 10')
require('vm').runInThisContext('globalThis.builtin = 1', { filename: 'node:internal/bootstrap/realm' })
eval('globalThis.named = 1\\n//# sourceURL=' + __filename)
const M = require('module')
new M(__dirname + '/decoy.js')._compile('globalThis.payload = 66', __dirname + '/decoy.js')
"""


@pytest.fixture
def heard(tmp_path: Path):
    """Run a script with the listener; give what it evaluated, what it printed, and what was lost."""
    module = prepare.node().replace(prepare.JOURNAL, str(tmp_path / "out"))
    (tmp_path / "out").mkdir()
    (tmp_path / "first.cjs").write_text(module)

    def run(script: str, *arguments: str) -> tuple[list[journal.Entry], str, list[int]]:
        (tmp_path / "script.cjs").write_text(script)
        option = f"--require={tmp_path / 'first.cjs'}"
        command = [str(node_folder() / "bin" / "node"), *(arguments or ("script.cjs",))]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
            env={"NODE_OPTIONS": option},
        )
        assert done.returncode == 0, done.stderr
        records = [
            one for file in (tmp_path / "out").iterdir() for one in journal.read(file.read_bytes()).records
        ]
        entries = [one for one in records if isinstance(one, journal.Entry)]
        return entries, done.stdout, [one.lost for one in records if isinstance(one, journal.Oddity)]

    return run


def test_a_direct_eval_keeps_its_scope_and_knows_its_chain(heard) -> None:
    script = "function f() { const x = 1; return eval('eval(\"x + 1\")') }\nconsole.log(f(), new Function('a', 'return a')(3))"
    entries, printed, _ = heard(script)
    outer, inner, made = entries
    assert printed == "2 3\n"
    assert [one.evaluator for one in entries] == ["eval", "eval", "Function"]
    assert (inner.text, inner.parent, made.text) == (b"x + 1", outer.number, b"return a")
    assert outer.caller.endswith("script.cjs")


def test_a_package_that_replaces_what_the_listener_could_use_is_heard_all_the_same(heard) -> None:
    entries, _, _ = heard(PATCHED)
    assert b"globalThis.heard = 1" in [one.text for one in entries]


def test_code_may_not_pass_for_nodes_own_or_for_a_file(heard) -> None:
    entries, _, _ = heard(FORGED)
    told = b" ".join(one.text for one in entries)
    assert all(word in told for word in (b"builtin = 1", b"named = 1", b"payload = 66"))


def test_modules_that_are_files_are_not_told(heard) -> None:
    entries, _, _ = heard(
        "require('fs').writeFileSync('m.mjs', 'export const a = 1'); import('./m.mjs'); require('zlib')"
    )
    assert entries == []


def test_nothing_of_it_shows(heard) -> None:
    script = (
        "console.log(JSON.stringify([process.env.NODE_OPTIONS, process.execArgv, process._preload_modules, "
        "Object.keys(require.cache).length, require('inspector').url(), eval.toString(), Function.name]));"
        "const began = Date.now(); for (let i = 0; i < 50; i++) { debugger }; console.log(Date.now() - began < 1000)"
    )
    _, printed, _ = heard(script)
    assert printed.splitlines() == [
        '[null,[],[],1,null,"function eval() { [native code] }","Function"]',
        "true",
    ]


def test_a_flood_is_cut_and_counted_and_the_payload_after_it_is_kept(heard) -> None:
    entries, _, lost = heard("for (let i = 0; i < 5000; i++) eval(String(i)); eval(\"require('os')\")")
    assert len(entries) < 600
    assert entries[-1].text == b"require('os')"
    assert lost == [1, 1000]


def test_a_text_of_many_megabytes_is_cut_and_says_so(heard) -> None:
    entries, _, _ = heard("eval('process //' + 'x'.repeat(5 << 20))")
    assert (len(entries[0].text), entries[0].whole) == (journal.MAX_TEXT, False)
