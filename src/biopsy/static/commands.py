"""Shell command lines: what they fetch, decode and run. Text in, facts out; nothing is expanded or run."""

import re
import shlex
from collections.abc import Iterator

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static import decode
from biopsy.static.intents import intents
from biopsy.static.secrets import is_secret_path

MAX_COMMAND = 20_000

_FETCH = (
    r"(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod|fetch|aria2c|DownloadString|DownloadFile"
    r"|bitsadmin|certutil)"
)
_SHELL = (
    r"(?:sudo\s+)?(?:/(?:usr/)?bin/)?(?:env\s+)?(?:ba|z|da|k|)sh|(?:sudo\s+)?(?:python[\d.]*|node|perl|ruby|php|bun|iex"
    r"|Invoke-Expression|powershell|cmd)"
)
_FETCH_RUN = regex(
    rf"(?is)\b{_FETCH}\b[^;&\n]{{0,400}}\|[^;&\n]{{0,200}}?(?:^|[|\s])(?:{_SHELL})\b"
    rf"|(?:{_SHELL}|\beval|\bsource|\.)\s*(?:-c\s*)?[\"']?(?:\$\(|`|<\()\s*{_FETCH}\b"
    rf"|\b(?:iex|Invoke-Expression)\b[^\n]{{0,200}}\b(?:{_FETCH}|Net\.WebClient)\b"
)
_DECODE_RUN = regex(
    rf"(?is)\bbase64\s+(?:-d|-D|--decode)[^;&\n]{{0,200}}\|\s*(?:{_SHELL})\b"
    rf"|(?:{_SHELL}|\beval)\s*(?:-c\s*)?[\"']?(?:\$\(|`|<\()[^)`\n]{{0,4000}}\bbase64\s+(?:-d|-D|--decode)"
    r"|\bpowershell(?:\.exe)?\b[^\n]{0,200}\s-e(?:nc|ncodedcommand)?\s+[A-Za-z0-9+/=]{16,}"
)
_SAVED = regex(
    rf"(?is)\b{_FETCH}\b[^;&|\n]{{0,400}}?(?:-[A-Za-z]{{0,8}}[oO](?!utFile|utput)|--output|--output-document|-OutFile|>)\s*=?[\"']?([^\s\"';&|]+)"
    r"|\bDownloadFile\(\s*['\"][^'\"\n]{4,400}['\"]\s*,\s*['\"]([^'\"\n]{2,200})"
    r"|\b(?:certutil|bitsadmin|Start-BitsTransfer)\b[^;&|\n]{0,200}?https?://[^\s\"';&|]+[\"']?\s+(?:-Destination\s+)?[\"']?([^\s\"';&|]+)"
)
_INLINE = regex(r"\b(?:python[\d.]*|node|bun|deno|(?:ba|da|z|k|a)?sh)\b")
_CODE_OPTIONS = frozenset({"-c", "-lc", "-ic", "-e", "-p", "--eval", "-pe"})
_POWERSHELL = regex(
    r"(?i)\b(?:powershell|pwsh)(?:\.exe)?\b[^\n]{0,300}?\s[-/]e(?:n?c?|nco?d?e?d?c?o?m?m?a?n?d?)\s+[\"']?([A-Za-z0-9+/=]{16,})"
)
_ECHOED = regex(
    r"(?:echo|printf|<<<)\s+(?:-\w+\s+)?[\"']?(?P<data>[A-Za-z0-9+/=]{12,})[\"']?\s*(?:\||\)|;)?\s*(?P<how>base64|base32|xxd)\s+-\w*"
    r"(?:[^|\n]{0,40}\|\s*(?:sudo\s+)?(?P<runner>[\w./]+))?"
)
_URL = regex(r"https?://[^\s\"'<>|;)`\\]+")
_SEND = regex(r"(?i)\b(?:curl|wget|nc|ncat|netcat|Invoke-WebRequest|Invoke-RestMethod|iwr|irm)\b|/dev/tcp/")
_SECRET = regex(
    r"\$\{?(\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY)\w*)\}?|(~/\.(?:ssh/id_\w+(?!\w|\.pub)|aws/credentials|npmrc|pypirc|netrc|git-credentials|kube/config|docker/config\.json))"
)
_WHOLE_ENV = regex(r"(?:^|[;&|(`$'\"]\s*)(?:printenv|env|set|export\s+-p)\s*(?:\||>|\)|`)")
_HOST = regex(r"[$`(]\(?\s*(?:hostname|whoami|uname\s+-\w*[an]|id)\b")
_METHOD = regex(r"(?:-X|--request|-Method)\s*=?\s*['\"]?([A-Z]{3,7})\b")


def talks(text: str) -> bool:
    """Whether a command line speaks to the network by itself."""
    return bool(_SEND.search(text[:MAX_COMMAND]))


def read(text: str) -> Iterator[tuple[Kind, str]]:
    """What a command line does beyond being run: requests, and flows between its parts."""
    text = text[:MAX_COMMAND]
    for words in intents(text):
        yield Kind.PROCESS_DOES, words
    if (
        not talks(text)
        and "base64" not in text
        and not re.search(
            r"(?i)powershell|Download(?:String|File)|iex\b|certutil|bitsadmin|BitsTransfer", text
        )
    ):
        return
    if talks(text):
        method = _METHOD.search(text)
        verb = (
            method[1]
            if method
            else "POST"
            if re.search(r"\s(?:-d|--data\S*|-F|--form|--post-\w+)\b", text)
            else "GET"
        )
        for url in _URL.findall(text)[:20]:
            yield Kind.NET_HTTP, f"{verb} {url}"
        yield from _sends(text)
    if _FETCH_RUN.search(text) or _saved_and_run(text):
        yield Kind.CODE_FLOW, "network > execution"
    if _DECODE_RUN.search(text):
        yield Kind.CODE_DECODE, "base64"
        yield Kind.CODE_FLOW, "decoded > execution"


def _saved_and_run(text: str) -> bool:
    for match in _SAVED.finditer(text):
        saved = match[1] or match[2] or match[3]
        name, rest = re.escape(saved), text[match.end() :]
        if len(saved) > 1 and re.search(
            rf"(?i:[;&\n]|\b(?:{_SHELL}|chmod\s+\S+|start|source|Start-Process|saps|Invoke-Item|ii)(?:\s+/b)?(?:\s+-FilePath)?|\s\.)\s*[\"']?(?:\./)?{name}",
            rest,
        ):
            return True
    return False


def _sends(text: str) -> Iterator[tuple[Kind, str]]:
    if _WHOLE_ENV.search(text):
        yield Kind.CODE_FLOW, "env:* > network"
    for match in _SECRET.finditer(text):
        yield Kind.CODE_FLOW, f"env:{match[1]} > network" if match[1] else f"file:{match[2]} > network"
    if _HOST.search(text):
        yield Kind.CODE_FLOW, "host > network"


def inline(text: str) -> Iterator[tuple[str, str]]:
    """Code that stands inside a command line: `python -c …`, `node -e …`, `sh -c …`, and what is encoded."""
    text = text[:MAX_COMMAND]
    yield from _encoded(text)
    if not any(f" {option}" in text for option in _CODE_OPTIONS) or not _INLINE.search(text):
        return
    try:
        words = shlex.split(text, posix=True)
    except ValueError:
        return
    for at, word in enumerate(words[:-1]):
        if word not in _CODE_OPTIONS:
            continue
        before = " ".join(words[max(0, at - 4) : at])
        if re.search(r"\bpython[\d.]*\b", before):
            yield "python", words[at + 1]
        elif re.search(r"\b(?:node|bun|deno)\b", before):
            yield "javascript", words[at + 1]
        elif at and re.search(r"(?:^|/)(?:ba|da|z|k|a)?sh$", words[at - 1]) and word.startswith("-"):
            yield "shell", words[at + 1]


_INTERPRETERS = (
    ("python", regex(r"python[\d.]*w?(?:\.exe)?")),
    ("javascript", regex(r"(?:node|nodejs|bun|deno)(?:\.exe)?")),
    ("shell", regex(r"(?:ba|da|z|k|a)?sh")),
)
_HANDING = {"python": ("-c",), "javascript": ("-e", "-p", "-pe", "--eval", "--print", "eval"),
            "shell": ("-c", "-lc", "-ic")}  # fmt: skip


def handed(words: "list[str]") -> Iterator[tuple[str, str]]:
    """Code that is handed to an interpreter as one word of a command that is given word by word."""
    name = words[0].replace("\\", "/").rpartition("/")[2] if words else ""
    language = next((held for held, pattern in _INTERPRETERS if pattern.fullmatch(name)), "")
    for at, word in enumerate(words[1:-1], 1):
        if word in _HANDING.get(language, ()):
            yield language, words[at + 1]
            return
        if not word.startswith("-"):
            return


def interpreter(text: str) -> str:
    """The language of the interpreter that a command line begins with; empty where it is none."""
    name = text.split(" ", 1)[0].replace("\\", "/").rpartition("/")[2]
    return next((held for held, pattern in _INTERPRETERS if pattern.fullmatch(name)), "")


def _encoded(text: str) -> Iterator[tuple[str, str]]:
    """Commands under base64: PowerShell's (of UTF-16), and what is echoed into a decoder and then run."""
    for match in _POWERSHELL.finditer(text):
        plain = decode.readable(decode.decode("base64", match[1]) or b"")
        if (plain and plain.isprintable()) or (plain and "\n" in plain):
            yield "powershell", plain
    for match in _ECHOED.finditer(text):
        plain = decode.readable(decode.decode(match["how"].replace("xxd", "hex"), match["data"]) or b"")
        if plain:
            runner = match["runner"] or "sh"
            language = "python" if "python" in runner else "javascript" if "node" in runner else "shell"
            yield language, plain


_PACKERS = frozenset({"tar", "bsdtar", "zip", "cat", "gzip", "base64", "xxd", "openssl", "cpio"})
_HOME = regex(r"^(?:\$\{?HOME\}?|%USERPROFILE%|/root|/(?:home|Users)/[^/]{1,60})(?=/|$)")


def packed(text: str) -> Iterator[str]:
    """Which files of secrets come out of a command that packs or prints what it is given."""
    words = [w.strip("'\"") for w in text[:MAX_COMMAND].split()[:60]]
    if not words or words[0].rpartition("/")[2] not in _PACKERS:
        return
    folder = ""
    for at, word in enumerate(words[1:], 1):
        if words[at - 1] in {"-C", "--directory"}:
            folder = word.rstrip("/")
            continue
        path = word if word[:1] in {"~", "/", "$", "%"} or not folder else f"{folder}/{word}"
        plain = _HOME.sub("~", path).rstrip("/")
        if plain.startswith("~/") and is_secret_path(plain):
            yield plain


def lines(script: str) -> Iterator[tuple[int, str]]:
    """The command lines of a script, continued ones joined, comments left out."""
    number, held = 0, ""
    for at, line in enumerate(script.split("\n"), 1):
        if not held:
            number = at
        if line.endswith("\\") and len(held) < MAX_COMMAND:
            held += line[:-1] + " "
            continue
        whole = (held + line).strip()
        held = ""
        if whole and not whole.startswith(("#", "::", "REM ", "rem ")):
            yield number, whole
