"""The OpenAPI document as a page for people: made here, of HTML and one sheet of style, without scripts."""

import json
from html import escape
from typing import Any

STYLE = """\
:root { color-scheme: light dark; --line: #8884; --dim: #888; --post: #2a7d46; --get: #2766b8; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
code, pre { font: 13px/1.5 ui-monospace, monospace; }
pre { padding: .8rem; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } .what { color: var(--dim); }
.post, .get { display: inline-block; width: 3.2rem; font-weight: 600; } .post { color: var(--post); }
.get { color: var(--get); } table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
tr + tr td { border-top: 1px solid var(--line); }
"""
_START = """\
<h2>Begin</h2>
<pre>pip-audit -s osv --osv-url HERE/v1/query
uv audit --service-url HERE/
npm audit --registry HERE
curl HERE/api/v1/verdict?purl=pkg:npm/left-pad@1.3.0
curl --data-binary @package-lock.json 'HERE/api/v1/check?filename=package-lock.json'</pre>
<p>The same as data: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
"""


def page(document: dict[str, Any]) -> str:
    """The page of a document."""
    about = document["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(about['title'])}: {escape(about.get('summary', ''))}</title>",
        '<link rel="stylesheet" href="/docs/style.css"></head><body>',
        f"<h1>{escape(about['title'])}</h1><p class=what>{escape(about.get('summary', ''))}, ",
        f"version {escape(about['version'])}</p><p>{_words(about.get('description', ''))}</p>{_START}",
    ]
    for tag in document.get("tags", ()):
        parts.append(f"<h2>{escape(tag['name'])}</h2><p class=what>{_words(tag['description'])}</p>")
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation.get("tags", ()):
                    parts.append(_operation(path, method, operation))
    parts.append("<h2>Types</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
        parts.append(
            f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
            f"<pre>{text}</pre></details>"
        )
    return "".join([*parts, "</body></html>\n"])


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<details><summary><span class={method}>{method.upper()}</span> <code>{escape(path)}</code> ",
        f"<span class=what>{_words(operation.get('summary', ''))}</span></summary>",
        f"<p>{_words(operation.get('description', ''))}</p>",
    ]
    if operation.get("security"):
        parts.append("<p>Needs a token: <code>Authorization: Bearer …</code></p>")
    if rows := operation.get("parameters"):
        parts.append("<table><tr><th>Parameter<th>In<th>What</tr>")
        for row in rows:
            must = ", required" if row.get("required") else ""
            parts.append(
                f"<tr><td><code>{escape(row['name'])}</code><td>{escape(row['in'])}{must}"
                f"<td>{_words(row.get('description', ''))}</tr>"
            )
        parts.append("</table>")
    for media, held in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body, <code>{escape(media)}</code>: {_type(held.get('schema', {}))}</p>")
    parts.append("<table><tr><th>Status<th>Means<th>Type</tr>")
    for status, answer in operation["responses"].items():
        schema = answer["content"]["application/json"]["schema"]
        parts.append(
            f"<tr><td>{escape(status)}<td>{_words(answer.get('description', ''))}<td>{_type(schema)}</tr>"
        )
    return "".join([*parts, "</table></details>"])


def _type(schema: dict[str, Any]) -> str:
    if ref := schema.get("$ref"):
        name = escape(str(ref).rpartition("/")[2])
        return f'<a href="#{name}"><code>{name}</code></a>'
    return f"<code>{escape(str(schema.get('type', 'bytes')))}</code>"


def _words(text: str) -> str:
    """Words with `code` in them."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
