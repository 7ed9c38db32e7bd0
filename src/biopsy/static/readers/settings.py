"""Settings for package tools that a package brings: other sources, overrides; token farms and link farms."""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from biopsy.model.behaviour import Kind, When
from biopsy.model.hosts import host_class
from biopsy.model.regex import regex
from biopsy.static.sight import Sight, Source

NAME = "settings"
MAX_TEXT = 1024**2
MIN_LINKS = 60  # to one host, in one document

_FILES = regex(
    r"(?:^|/)(?:\.npmrc|\.yarnrc(?:\.yml)?|pip\.(?:conf|ini)|\.pypirc|setup\.cfg|\.pydistutils\.cfg|uv\.toml|bunfig\.toml)$"
)
_SOURCES = regex(
    r"(?im)^\s*(?P<key>(?:@[\w.-]+:)?registry|npmRegistryServer|index[-_]url|extra[-_]index[-_]url|find[-_]links|trusted[-_]host|repository"
    r"|index_url|ignore-scripts|script-shell|node-options|onload-script|git|shell|init-module|globalconfig)\s*[=:]\s*(?P<value>[^\n#;]{1,300})"
)
_TOKEN = regex(r"(?im)^\s*(?://[^\s=]+:)?_(?:authToken|auth|password)\s*=\s*(?!\$\{)(\S{8,})")
_LINK = regex(r"https?://[^\s\"'<>()\]]{4,200}")
_FORM = regex(r"(?is)<form\b[^>]{0,400}\baction\s*=\s*[\"'](https?://[^\"']{4,300})[\"']")
_PASSWORD = regex(r"(?is)<input\b[^>]{0,300}type\s*=\s*[\"']?password")
_QUIET = frozenset({"code-host", "standards", "cdn", "telemetry", "cloud-storage"})


class _Manifest(msgspec.Struct):
    overrides: object = None
    resolutions: object = None
    publishConfig: object = None  # noqa: N815 - as npm calls it
    activationEvents: object = None  # noqa: N815 - as VS Code calls it
    main: object = None
    contributes: object = None


def wants(source: Source) -> bool:
    """By name: settings, the manifest at the top, documents."""
    if source.depth or source.nested or source.binary or len(source.data) > MAX_TEXT:
        return False
    path = source.path
    lower = path.lower()
    return (
        bool(_FILES.search(path))
        or path in {"package.json", "tea.yaml", "tea.yml"}
        or lower.endswith((".html", ".htm", ".php"))
        or lower.rpartition("/")[2].startswith("readme")
    )


def read(source: Source) -> Iterator[Sight]:
    """Yield the settings that change where code comes from, and what the documents are for."""
    if source.path == "package.json":
        yield from _manifest(source)
    elif source.path.startswith("tea.y"):
        yield source.see(Kind.PKG_CONTENT, f"token-farm {source.path}")
    elif _FILES.search(source.path):
        yield from _settings(source)
    else:
        yield from _document(source)


def _settings(source: Source) -> Iterator[Sight]:
    name = source.path.rpartition("/")[2].lstrip(".").removesuffix(".conf")
    for match in _SOURCES.finditer(source.text):
        key, value = match["key"].lower(), match["value"].strip()
        if name == "setup.cfg" and key not in {"index_url", "index-url", "find_links", "find-links"}:
            continue
        yield source.see(Kind.PKG_CONFIG, f"{name} {key}={value}", source.line_at(match.start()))
    if token := _TOKEN.search(source.text):
        yield source.see(Kind.PKG_CONFIG, f"{name} token", source.line_at(token.start()))


def _manifest(source: Source) -> Iterator[Sight]:
    try:
        manifest = msgspec.json.decode(source.data, type=_Manifest)
    except (msgspec.DecodeError, RecursionError):
        return
    for key, value in (("overrides", manifest.overrides), ("resolutions", manifest.resolutions)):
        if isinstance(value, dict):
            for name, to in list(value.items())[:50]:
                if isinstance(to, str) and re.match(r"(?:https?|git|file|npm):", to):
                    yield source.see(Kind.PKG_CONFIG, f"{key} {name}={to}")
    if isinstance(manifest.publishConfig, dict) and isinstance(manifest.publishConfig.get("registry"), str):
        yield source.see(Kind.PKG_CONFIG, f"publish registry={manifest.publishConfig['registry']}")
    if isinstance(manifest.contributes, dict) and isinstance(manifest.activationEvents, list):
        for event in manifest.activationEvents[:20]:
            if event in {"*", "onStartupFinished"}:
                line = source.line_at(max(source.text.find("activationEvents"), 0))
                yield source.see(Kind.PKG_HOOK, f"vscode:{event} {manifest.main or ''}", line, When.START)


def _document(source: Source) -> Iterator[Sight]:
    text = source.text
    if _PASSWORD.search(text) and (match := _FORM.search(text)):
        yield source.see(Kind.PKG_CONTENT, f"login-form {match[1]}", source.line_at(match.start()))
    if not source.path.lower().startswith("readme"):
        return
    hosts: Counter[str] = Counter()
    for link in _LINK.findall(text)[:5000]:
        try:
            hosts[urlsplit(link).hostname or ""] += 1
        except ValueError:
            continue
    for host, count in hosts.most_common(3):
        if count >= MIN_LINKS and host and host_class(host) not in _QUIET:
            yield source.see(Kind.PKG_CONTENT, f"links {count} to {host}")
