"""Which systems a package's code tells apart before it acts: `windows`, `macos`.

Comparing the system is what everybody's tools do; it counts where the same text holds something that could do
harm, as for all that is looked for (`suiting`).
"""

import re
from collections.abc import Iterable
from typing import Final

from biopsy.pipeline.harm import harmful

_ASKS: Final = re.compile(
    r"process\.platform\b|\bplatform\(\)|\bos\.type\(\)|\bsys\.platform\b|\bos\.name\b|\bplatform\.system\(\)"
    r"|\{\s*platform\b"
)
_NAMES: Final = {
    "windows": re.compile(r"""['"](?:win32|win|nt|windows|windows_nt)['"]""", re.IGNORECASE),
    "macos": re.compile(r"""['"](?:darwin|macos)['"]""", re.IGNORECASE),
}


def asked(texts: Iterable[str]) -> tuple[str, ...]:
    """Name the profiles of the systems that these texts of code ask for."""
    telling = [text for text in texts if _ASKS.search(text) and harmful(text)]
    return tuple(name for name, words in _NAMES.items() if any(words.search(text) for text in telling))
