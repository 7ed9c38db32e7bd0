"""Code that could do harm, told by what stands in it."""

import re
from typing import Final

from biopsy.model.regex import stands
from biopsy.pipeline.languages import also, begins

_HARM: Final = re.compile(
    r"child_process|\bexec(?:Sync|File\w*)?\(|\bspawn(?:Sync)?\(|\bfetch\(|\bhttps?['\"]?\)?\.|\b(?:net|dgram|tls|dns)['\"]\)"
    r"|\beval\(|\bFunction\(|runIn\w{0,40}Context|\bunlink|\brm(?:Sync|tree|dir)\b|\baxios\b|\bgot\(|WebSocket"
    r"|\bsubprocess\b|os\.(?:system|popen|exec|spawn|remove)|\burlopen\b|\brequests\.|\bhttpx\.|\bsocket\.|\bexec\(|\bcompile\("
    + also("harm")
)
_WORDS: Final = (
    "child_process", "exec", "spawn", "fetch(", "http", "net", "dgram", "tls", "dns", "eval", "Function(",
    "runIn", "unlink", "rm", "axios", "got(", "WebSocket", "subprocess", "os.", "urlopen", "requests.",
    "socket.", "compile(", *begins("harm"),
)  # fmt: skip
"""What each match of the pattern begins with: trying it everywhere takes ten times as long."""


def harmful(text: str) -> bool:
    """Whether a text of code could do harm; one that could not has nothing to hide behind a condition."""
    return stands(_HARM, _WORDS, text)
