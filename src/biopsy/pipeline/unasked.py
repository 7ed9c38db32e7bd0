"""What a handler of requests does only for the request that its own code asks for: a secret address, a key.

Calls give handlers that very request. Where code compares parts of one with texts and could do harm, calls
are made once more without it; what is then not done was done for whoever knows the words (`differs.once`).
"""

import re
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from biopsy.model.run import Phase
from biopsy.pipeline.again import repeated
from biopsy.pipeline.harm import harmful
from biopsy.sandbox.observe_later import UNASKED

_DRIVERS: Final = frozenset({"npm.mjs"})
"""Those that give handlers what they ask for, and can leave it."""

_COMPARES = re.compile(
    r"\b(?:req|request|ctx|context|event)\w{0,20}\??\.(?:url|path|headers?|get|query|params|body|originalUrl)\b"
    r"[^\n]{0,60}?[!=]==?\s*['\"]"
)


def more(texts: Iterable[str], plan: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """Give the calls to make once more."""
    if not any(_COMPARES.search(text) and harmful(text) for text in texts):
        return ()
    calls = repeated(plan, UNASKED, names=frozenset({"execute"}))
    return tuple(
        replace(phase, args=(*phase.args, "--unasked")) for phase in calls if phase.driver in _DRIVERS
    )
