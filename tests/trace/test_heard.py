"""Interpreters in the real sandbox: whatever starts them, what they evaluate is heard; what is done to that, too."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from biopsy.model.behaviour import Kind
from biopsy.model.run import Evaluated, Run

NODE = """
import json
inner = "globalThis.deepest = 'node %s'"
def js(n): return 'new Function(' + json.dumps('eval(' + json.dumps(inner % n) + ')') + ')()'
subprocess.run(['node', '-e', js('eval')])
subprocess.run(['node', '-'], input=js('stdin').encode())
subprocess.run(['env', '-i', '/usr/local/bin/node', '--input-type=module', '-e', js('module')])
open('w.cjs', 'w').write("const {Worker} = require('worker_threads'); new Worker(" + json.dumps(js('worker'))
    + ", {eval: true}); require('vm').runInNewContext('virtual = 1'); const M = require('module');"
    + "new M('/x.js')._compile('compiled = 1', '/x.js')")
subprocess.run(['node', 'w.cjs'])
seen = subprocess.run(['node', '-p', "JSON.stringify([process.env.NODE_OPTIONS, process.execArgv.length, "
    + "Object.keys(require.cache), process._preload_modules])"], capture_output=True).stdout
assert seen.strip() == b'[null,2,[],[]]', seen
"""

PYTHON = """
inner = "deepest = 'python %s'"
for flags in (['-I', '-S'], ['-E', '-s'], ['-X', 'pycache_prefix=/tmp/elsewhere']):
    code = 'exec(' + repr('exec(' + repr(inner % flags[-1]) + ')') + ')'
    subprocess.run([sys.executable, *flags, '-c', code], env={})
import venv
subprocess.run(['/usr/bin/python3', '-c', 'exec(' + repr(inner % 'system') + ')'])
"""

MEDDLES = """
import gc, sys
sys.addaudithook(lambda event, args: None)
exec('after = 1')
for fd in os.listdir('/proc/self/fd'):
    try:
        path = os.readlink('/proc/self/fd/' + fd)
    except OSError:
        continue
    if '/crash/' in path:
        open(path).read()
        os.unlink(path)
"""


@pytest.fixture
def heard(witness: Callable[..., Run]) -> Run:
    return witness(NODE, PYTHON, MEDDLES)


def _text(run: Run, text: str) -> Evaluated:
    return next(one for one in run.evaluated if one.text == text)


@pytest.mark.sandbox
def test_no_way_of_starting_an_interpreter_leaves_it_unheard(heard: Run) -> None:
    texts = {one.text for one in heard.evaluated}
    wanted = {f"globalThis.deepest = 'node {way}'" for way in ("eval", "stdin", "module", "worker")}
    wanted |= {f"deepest = 'python {way}'" for way in ("-S", "-s", "pycache_prefix=/tmp/elsewhere", "system")}
    wanted |= {"virtual = 1", "compiled = 1"}
    assert wanted - texts == set()

    deepest = _text(heard, "deepest = 'python -S'")
    above = next(one for one in heard.evaluated if one.id == deepest.parent)
    assert deepest.id == sha256(deepest.text.encode()).hexdigest()[:16]
    assert above.parent in {one.id for one in heard.evaluated if one.evaluator == "program"}

    names = {one.evaluator for one in heard.evaluated}
    assert {"exec", "program", "eval", "Function", "vm.runInNewContext", "Module._compile"} <= names
    told = [b for b in heard.behaviours if b.kind is Kind.CODE_EVAL]
    assert {one.seq for one in heard.evaluated} <= {getattr(b.where, "seq", 0) for b in told}

    tricks = {b.value for b in heard.behaviours if b.kind is Kind.EVASION_TRACER}
    assert tricks == {"journal read", "journal deleted"}
    own = [b for b in heard.behaviours if "/var/crash" in b.value or "journal.cjs" in b.value]
    assert own == []
    assert heard.watch.complete
