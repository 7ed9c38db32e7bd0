"""What looks alike: a skeleton that is the same for names which a reader takes for each other.

Registries allow ASCII only, so what is left to deceive with are digits and pairs of letters. Names in files
(a dependency, a manifest's own) may hold anything: those are folded as Unicode TR 39 has it, by compatibility
decomposition and by the letters of other scripts that have a Latin twin.
"""

import unicodedata

_LATIN = {  # a letter, and what of Cyrillic, Greek, Armenian, Cherokee and odd Latin passes for it
    "a": "аɑαᎪ", "b": "Ььβᖯ", "c": "сϲᴄᏟ", "d": "ԁɗժᏧ", "e": "еҽєεᎬ", "f": "ғϝſք", "g": "ɡցԍ",
    "h": "һհᏂʜ", "i": "іıιɩΙІᎥ", "j": "јϳᎫ", "k": "кκᴋᏦ", "l": "ӏⅼӀǀ", "m": "мʍᎷ", "n": "ոпηΝ",
    "o": "оοօσᴏОΟ", "p": "рρᏢР", "q": "ԛգʠ", "r": "гᴦᎡ", "s": "ѕꜱՏ", "t": "тτᴛТ", "u": "υսᴜц",
    "v": "νѵᴠ", "w": "ѡωшԝա", "x": "хχⅹХ", "y": "уγүʏУ", "z": "ᴢʐΖ", "-": "‐‑‒–—−﹣", "_": "＿", ".": "․。",
}  # fmt: skip
_TWINS = str.maketrans({twin: letter for letter, twins in _LATIN.items() for twin in twins})
_DIGITS = str.maketrans("01i|5", "ollls")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def latin(name: str) -> str:
    """Write a name in ASCII letters that look like it, as far as there are such; the rest stays."""
    plain = unicodedata.normalize("NFKD", name.translate(_TWINS)).translate(_TWINS)
    return "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")


def skeleton(name: str) -> str:
    """Give what names that look alike share: `l`, `1` and `i` are one letter; `o`, `0`; `s`, `5`; `rn`, `m`.

    Separators stay: `a-b` and `ab` do not look alike.
    """
    plain = (name if name.isascii() else latin(name)).lower().translate(_DIGITS)
    for pair, letter in _PAIRS:
        if pair in plain:
            plain = plain.replace(pair, letter)
    return plain
