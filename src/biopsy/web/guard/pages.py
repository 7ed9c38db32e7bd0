"""What people are told by the guard itself: that it runs, how to use it, and why a release is blocked."""

import html
from typing import TYPE_CHECKING

import msgspec

from biopsy.errors import UsageError
from biopsy.guard.ruling import Offered, Ruling
from biopsy.web.guard.asked import Answer, Asked, RefusedError, problem
from biopsy.web.guard.gate import told
from biopsy.web.guard.known import TYPES

if TYPE_CHECKING:
    from biopsy.web.guard.app import Guard

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}code,pre{font:14px ui-monospace,monospace}pre{padding:.8rem;"
    "background:#f2f2f2;overflow:auto}b.block{color:#a40000}b.warn{color:#7a5200}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}pre{background:#242424}"
    "b.block{color:#ff8a80}b.warn{color:#ffd180}a{color:#8ab4f8}}"
)

ANYHOW = ("/healthz", "/metrics")
"""What is answered under any name: it tells numbers alone."""

_WORDS = {"block": "blocked", "warn": "warned of", "allow": "let through"}


async def answer(guard: "Guard", asked: Asked) -> Answer:
    """Answer what is no registry's; raises RefusedError."""
    if asked.method not in {"GET", "HEAD"}:
        raise RefusedError(405, "nothing can be sent there")
    match asked.path:
        case ("",):
            return Answer(200, _home(guard, asked).encode(), "text/html; charset=utf-8")
        case ("style.css",):
            return Answer(200, STYLE.encode(), "text/css")
        case ("healthz",):
            return _health(guard)
        case ("metrics",):
            return Answer(200, *guard.metrics.written())
        case ("blocked", "npm", *rest) if len(rest) > 2:
            return await _blocked(guard, asked, tuple(rest[:-1]))
        case ("why", kind, *rest) if rest:
            return await _why(guard, asked, kind, tuple(rest))
    raise RefusedError(404, "no such page: /pypi/simple/ is an index, /npm/ a registry")


def _health(guard: "Guard") -> Answer:
    """Whether anything can pass: not where reports cannot be read, or too old ones let nothing through."""
    policy, trouble = guard.gate.policy, guard.knowledge.trouble
    state = guard.knowledge.state(policy)
    ok = not trouble and not (state.stale and policy.stale_then == "block")
    body = {"ok": ok, "stale": state.stale, "trouble": trouble, "decisions": guard.decisions.counts}
    return Answer(200 if ok else 503, msgspec.json.encode(body), "application/json")


async def _blocked(guard: "Guard", asked: Asked, rest: tuple[str, ...]) -> Answer:
    """The tarball of a release that was blocked when it was listed: it is, or is to be asked for anew."""
    name, version = "/".join(rest[:-1]), rest[-1]
    ruling = (await why(guard, "npm", name)).get(version)
    if ruling is None or not ruling.blocks:
        raise RefusedError(404, f"{name} {version} is not blocked any more: ask again")
    offered = Offered("npm", name, version)
    guard.gate.log_file(asked, offered, "", ruling)
    return problem(403, told(ruling, offered, asked.base))


async def _why(guard: "Guard", asked: Asked, kind: str, rest: tuple[str, ...]) -> Answer:
    name, version = ("/".join(rest[:-1]), rest[-1]) if len(rest) > 1 else (rest[0], "")
    if kind not in {"pypi", "npm"}:
        raise RefusedError(404, f"no ecosystem {kind!r} is guarded here: pypi, npm")
    try:
        offers = await why(guard, kind, name)
    except UsageError as error:
        raise RefusedError(404, str(error)) from error
    if version and version not in offers:
        raise RefusedError(404, f"the registry has no {name} {version}")
    shown = {version: offers[version]} if version else offers
    if "json" in asked.headers.get("accept", ""):
        return Answer(200, msgspec.json.encode(shown), "application/json")
    rows = "\n".join(map(_row, *zip(*shown.items(), strict=True))) if shown else "<p>nothing</p>"
    title = html.escape(f"{name} {version}".strip())
    return Answer(200, _page(title, f"<h1>{title}</h1>\n{rows}").encode(), "text/html; charset=utf-8")


async def why(guard: "Guard", kind: str, name: str) -> dict[str, Ruling]:
    """By version, what becomes of a package's releases; raises RefusedError and RegistryError."""
    side = guard.pypi if kind == "pypi" else guard.npm
    return await side.offers(TYPES[kind](name))


def _row(version: str, ruling: Ruling) -> str:
    link = ruling.link if ruling.link.startswith(("https://", "http://")) else ""
    more = f' <a href="{html.escape(link)}">Read more</a>' if link else ""
    said = html.escape(ruling.reason or "nothing speaks against it")
    what = _WORDS[ruling.action.value]
    mark = f'<b class="{ruling.action.value}">{what}</b>'
    return f"<p><code>{html.escape(version)}</code> {mark}: {said}{more}</p>"


def _home(guard: "Guard", asked: Asked) -> str:
    base, counts = html.escape(asked.base), guard.decisions.counts
    state = guard.knowledge.state(guard.gate.policy)
    news = html.escape(state.stale) or "reports of malicious packages are up to date"
    done = ", ".join(f"{count:,} {_WORDS[action]}" for action, count in sorted(counts.items()))
    return _page(
        "biopsy guard",
        f"""<h1>biopsy guard</h1>
<p>A registry between you and yours: what is known to be bad, or too fresh, is not in it.</p>
<pre>pip install --index-url {base}/pypi/simple/ NAME
uv pip install --default-index {base}/pypi/simple/ NAME
npm install --registry {base}/npm/ NAME
biopsy guard run -- pip install NAME</pre>
<p>Now: {news}. Answers since it began: {done or "none"}.</p>
<p>Why is a release blocked? <code>{base}/why/npm/NAME/VERSION</code></p>""",
    )


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="stylesheet" href="/style.css"></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )
