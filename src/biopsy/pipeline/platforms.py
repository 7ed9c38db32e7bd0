"""Which systems a package's code tells apart before it acts: `windows`, `macos`.

Comparing the system is what everybody's tools do, and starting another program there, too. It counts where
code near it starts or evaluates something and also fetches or decodes something, as droppers do, and
downloaders.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

NEAR: Final = 4_000
"""Characters before and after a question for the system within which code acts on it."""

_ASKED: Final = 400  # characters around it in which a system is named
_WORDS: Final = ("platform", "os.name", "os.type")
"""What every question for the system has in it: looking for them first takes a tenth of the time."""

_ASKS: Final = re.compile(
    r"process\.platform\b|\bplatform\(\)|\bos\.type\(\)|\bsys\.platform\b|\bos\.name\b|\bplatform\.system\(\)"
    r"|\{\s{0,9}platform\b"
)
_NAMES: Final = {
    "windows": re.compile(r"""['"](?:win32|win|nt|windows|windows_nt)['"]""", re.IGNORECASE),
    "macos": re.compile(r"""['"](?:darwin|macos)['"]""", re.IGNORECASE),
}
_RUNS: Final = re.compile(
    r"child_process|\bexec(?:Sync|File\w*)?\(|\bspawn(?:Sync)?\(|\beval\(|\bFunction\(|runIn\w{0,40}Context"
    r"|\bsubprocess\.[a-zP]|\bPopen\(|os\.(?:system|popen|exec|spawn|startfile)|\bctypes\.|\bsystem\(|\bproc_open\(|\bshell_exec\("
    r"|\bpassthru\(|\bOpen3\b|\bIO\.popen\b|\bCommand::new\("
)
_BRINGS: Final = re.compile(
    r"\bfetch\(|['\"](?:node:)?(?:https?|net|tls|dgram)['\"]|\bhttps?\.(?:get|request)\b|\baxios\b|\bgot\(|WebSocket"
    r"|\burl(?:open|retrieve)\(|\brequests\.(?:get|post|request|Session)\b|\bhttpx\.|\bsocket\.socket\b"
    r"|\bXMLHttpRequest\b|\bcurl\b|Invoke-WebRequest|\bDownload(?:File|String)\b|\bNet::HTTP\b|\bURI\.open\b"
    r"|\bcurl_exec\(|file_get_contents\(['\"]http|\breqwest::|\bureq::"
    r"|\batob\(|['\"]base64['\"]|b64decode|fromCharCode|unhexlify|fromhex|zlib\.decompress|createDecipher"
    r"|marshal\.loads|unpack1?\(['\"]m|base64_decode\(|FromBase64"
)


def asked(texts: Iterable[str]) -> tuple[str, ...]:
    """Name the profiles of the systems that these texts of code ask for."""
    found = {name for text in texts if any(word in text for word in _WORDS) for name in _asked(text)}
    return tuple(name for name in _NAMES if name in found)


def acts(text: str) -> bool:
    """Whether a text of code starts or evaluates something, and fetches or decodes something."""
    return bool(_RUNS.search(text) and _BRINGS.search(text))


def _asked(text: str) -> Iterator[str]:
    seen = 0
    for asks in _ASKS.finditer(text):
        if (at := asks.start()) < seen:
            continue  # a text may ask a million times: what is close was looked at
        close = text[max(0, at - _ASKED) : at + _ASKED]
        named = [name for name, words in _NAMES.items() if words.search(close)]
        if named and acts(text[max(0, at - NEAR) : at + NEAR]):
            yield from named
        seen = at + (NEAR // 4 if named else _ASKED // 2)
