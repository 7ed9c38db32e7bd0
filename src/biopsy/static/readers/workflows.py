"""Workflows and build files: GitHub's, actions, make, CMake, Docker; what they fetch, run and give away."""

import re
from collections.abc import Iterator

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.static import commands
from biopsy.static.sight import Layer, Sight, Source

NAME = "workflows"
MAX_TEXT = 512 * 1024
MAX_COMMANDS = 400

_WORKFLOW = regex(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
ACTION = regex(r"(?:^|/)action\.ya?ml$")
_BUILD = regex(
    r"(?:^|/)(?:GNU)?[Mm]akefile$|(?:^|/)[^/]+\.mk$|(?:^|/)CMakeLists\.txt$|(?:^|/)[^/]+\.cmake$|(?:^"
    r"|/)Dockerfile[^/]*$|(?:^|/)[Jj]ustfile$|(?:^|/)meson\.build$"
)
_RUN = regex(r"(?m)^(?P<indent>[ \t]*)(?:-[ \t]+)?run:[ \t]*(?P<bar>[|>][+-]?)?[ \t]*(?P<rest>[^\n]*)$")
_FACTS = (
    ("workflow pull_request_target", regex(r"(?m)^\s*(?:-\s*)?pull_request_target\b"
        r"|on:[^\n]*pull_request_target")),
    ("workflow all-secrets", regex(r"toJSON\(\s*secrets\s*\)", re.IGNORECASE)),
    ("workflow untrusted-checkout", regex(r"ref:\s*\$\{\{\s*github\.event\.pull_request\.head\.\w")),
    ("workflow untrusted-input", regex(r"run:[^\n]*\$\{\{\s*github\.(?:event\.(?:issue|comment"
        r"|discussion|pull_request|head_commit)\.(?:title|body|message)|head_ref)")),
    ("workflow discussion-runner", regex(r"(?s)on:\s*\n?\s*discussion\b.{0,600}runs-on:\s*self-hosted")),
)  # fmt: skip
_SECRET = regex(
    r"\$\{\{\s*(?:secrets\.\w+|toJSON\(secrets\))|\$\{?(?:GITHUB_TOKEN|NPM_TOKEN|NODE_AUTH_TOKEN)\b"
)
_CMAKE = regex(r"(?is)\bfile\s*\(\s*DOWNLOAD\b|\b(?:FetchContent_Declare|ExternalProject_Add)\s*\(")
_CMAKE_RUN = regex(r"(?is)\bexecute_process\s*\(([^)]{1,2000})\)")
_SHELL_LINE = regex(
    r"(?m)^\t[@-]*(.+)$|^(?:RUN|CMD|ENTRYPOINT)\s+(.+)$|\$\(shell\s+([^)\n]+)\)|^\s*run_command\((.+)\)"
)
_STEP = regex(r"(?m)^\s*(pre|main|post):\s*['\"]?([\w./-]+)['\"]?\s*$")


def wants(source: Source) -> bool:
    """By their names alone."""
    if source.depth or source.binary or len(source.data) > MAX_TEXT:
        return False
    path = source.path
    return bool(_WORKFLOW.search(path) or ACTION.search(path) or _BUILD.search(path))


def read(source: Source) -> Iterator[Sight]:
    """Yield what they are set to do. But for builds, they run on no machine of the installer's."""
    text = source.text
    if _WORKFLOW.search(source.path) or ACTION.search(source.path):
        yield from _workflow(source, text)
    else:
        yield from _build(source, text)


def _workflow(source: Source, text: str) -> Iterator[Sight]:
    for words, form in _FACTS:
        if match := form.search(text):
            yield source.see(Kind.PKG_CONFIG, words, source.line_at(match.start()))
    if ACTION.search(source.path):
        for match in _STEP.finditer(text):
            yield source.see(Kind.PKG_HOOK, f"action:{match[1]} {match[2]}", source.line_at(match.start()))
    for count, (at, script) in enumerate(scripts(text)):
        if count >= MAX_COMMANDS:
            return
        line = source.line_at(at)
        if _SECRET.search(script) and commands.talks(script):
            yield source.see(Kind.PKG_CONFIG, "workflow secrets-to-network", line, detail=script)
        for kind, value in commands.read(script):
            if kind is Kind.CODE_FLOW or kind is Kind.PROCESS_DOES:
                yield source.see(Kind.PKG_CONFIG, f"workflow {value}", line, detail=script)


def scripts(text: str) -> Iterator[tuple[int, str]]:
    """What stands behind each `run:`, blocks included."""
    lines = text.split("\n")
    starts, at = [], 0
    for one in lines:
        starts.append(at)
        at += len(one) + 1
    for number, one in enumerate(lines):
        match = _RUN.match(one)
        if not match:
            continue
        if not match["bar"]:
            yield starts[number], match["rest"]
            continue
        depth = len(one) - len(one.lstrip(" \t-"))
        body = []
        for inner in lines[number + 1 : number + 400]:
            if inner.strip() and len(inner) - len(inner.lstrip()) < depth:
                break
            body.append(inner.strip())
        yield starts[number], "\n".join(body)


def _build(source: Source, text: str) -> Iterator[Sight]:
    if source.path.endswith(("CMakeLists.txt", ".cmake")):
        if match := _CMAKE.search(text):
            yield source.see(Kind.PKG_CONFIG, "build fetches", source.line_at(match.start()), detail=match[0])
        found = [(m.start(), m[1]) for m in _CMAKE_RUN.finditer(text)]
    else:
        found = [(m.start(), next(filter(None, m.groups()), "")) for m in _SHELL_LINE.finditer(text)]
    for at, command in found[:MAX_COMMANDS]:
        line = source.line_at(at)
        for kind, value in commands.read(command):
            if kind is Kind.CODE_FLOW or kind is Kind.PROCESS_DOES:
                yield source.see(kind, value, line, When.UNKNOWN, command)
        for language, code in commands.inline(command):
            yield Layer(code, language, line, When.UNKNOWN)
