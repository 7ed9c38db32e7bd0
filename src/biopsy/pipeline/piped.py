"""Programs that stand encoded in a command line and are piped to an interpreter, which tells of none.

`echo ZGVm… | base64 -d | python3 -` is a favourite of droppers. The command line was seen, so its text is
taken out of it, and is read like everything that was evaluated.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.run import Evaluated, Run
from biopsy.pipeline.languages import LANGUAGES

MAX_TEXTS: Final = 20
"""Most programs that are taken out of the command lines of a run."""

EVALUATOR: Final = "base64 -d"
"""What they are said to have been evaluated by."""

_DECODES = re.compile(r"\bbase64\s+(?:-d|-D|--decode)\b")
_WORD = re.compile(r"(?<![\w+/])[A-Za-z0-9+/]{40,}={0,2}(?![\w+/…])")
_STARTS: Final = {
    "python": re.compile(r"\|\s*(?:\S*/)?(?:pypy|python)[\d.]*(?!\S*/)\b"),
    "javascript": re.compile(r"\|\s*(?:\S*/)?(?:node|nodejs|bun)\b"),
    **{
        name: re.compile(rf"\|\s*(?:\S*/)?{language.interpreter}\b")
        for name, language in LANGUAGES.items()
        if language.interpreter
    },
}


def told(run: Run) -> Run:
    """Add to what was evaluated in a run the programs that its package's command lines hold."""
    known = {one.id for one in run.evaluated}
    found: dict[str, Evaluated] = {}
    for one in run.behaviours:
        if one.kind is Kind.PROCESS_EXEC and one.by is By.PACKAGE and len(found) < MAX_TEXTS:
            for text in _programs(one, run.profile):
                if text.id not in known:
                    found.setdefault(text.id, text)
    return replace(run, evaluated=(*run.evaluated, *found.values())) if found else run


def _programs(one: Behaviour, profile: str) -> Iterator[Evaluated]:
    where, command = one.where, one.value
    if not isinstance(where, InTrace) or not _DECODES.search(command):
        return
    language = next((name for name, starts in _STARTS.items() if starts.search(command)), "")
    for word in _WORD.findall(command) if language else ():
        try:
            data = base64.b64decode(word, validate=True)
            text = data.decode()
        except (binascii.Error, ValueError):
            continue
        yield Evaluated(
            hashlib.sha256(data).hexdigest()[:16],
            EVALUATOR,
            text,
            complete=True,
            process=one.process,
            phase=where.phase,
            profile=profile,
            seq=where.seq,
            language=language,
            size=len(data),
        )
