"""Reading by words: what can be told of code that does not parse or is too large to."""

import re
from collections.abc import Iterator
from itertools import islice

from biopsy.model.behaviour import Kind
from biopsy.model.regex import regex
from biopsy.static.sight import Sight, Source

MAX_HITS = 50  # of each kind

_WORDS: tuple[tuple[Kind, re.Pattern[str], re.Pattern[str]], ...] = (
    (
        Kind.CODE_EVAL,
        regex(r"exec|eval|new\s|vm\."),
        regex(r"(?<![\w.])(exec|eval)\s*\(|\bnew\s+(Function)\s*\(|\bvm\.(run\w+)\s*\("),
    ),
    (
        Kind.ENV_READ,
        regex(r"os\.(?:environ|getenv)|process\.env"),
        regex(r"(?:os\.environ(?:\.get\(|\[)|os\.getenv\(|process\.env(?:\.|\[))\s*[\"']?([A-Z][A-Z0-9_]+)"),
    ),
    (
        Kind.PROCESS_EXEC,
        regex(r"os\.(?:system|popen)|subprocess\.|exec|spawn"),
        regex(
            r"(?:os\.(?:system|popen)|subprocess\.\w+|(?:exec|spawn)(?:Sync)?)\s*\(\s*[\"'`]([^\"'`\n]{2,300})"
        ),
    ),
    (
        Kind.NET_HTTP,
        regex(r"requests\.|axios\.|urllib"),
        regex(r"(?:requests|axios|urllib\w*)\.(get|post|put|urlopen)\s*\(\s*[\"'`](https?://[^\"'`\s]+)"),
    ),
    (
        Kind.CODE_DECODE,
        regex(r"b64decode|atob|Buffer\.from"),
        regex(r"\b(?:b64decode|atob)\b()|Buffer\.from\([^)\n]{0,200},\s*[\"'](base64|hex)"),
    ),
)
"""Each with how it begins, which is found many times faster than the whole."""


def read_words(source: Source) -> Iterator[Sight]:
    """Yield what words alone tell."""
    for kind, begins, pattern in _WORDS:
        found = (pattern.match(source.text, match.start()) for match in begins.finditer(source.text))
        for match in islice(filter(None, found), MAX_HITS):
            words = [g for g in match.groups() if g]
            if kind is Kind.NET_HTTP:
                words[0] = "GET" if words[0] == "urlopen" else words[0].upper()
            yield source.see(kind, " ".join(words) or "base64", source.line_at(match.start()))
