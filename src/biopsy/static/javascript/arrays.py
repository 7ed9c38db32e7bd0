"""Arrays of strings as an obfuscator leaves them: turned, and each string encoded or encrypted."""

from msgspec import Struct, field

from biopsy.static.decode import decode

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
Known = float | str | None
"""What an expression gives; None where that is not known."""


class Array(Struct, eq=False):
    """Strings, and by how many places they are turned."""

    strings: list[str]
    turned: int = 0


class Fetcher(Struct, eq=False):
    """A function that fetches: what it takes from the number, and how it decodes."""

    array: Array
    less: float
    alphabet: str = ""
    keyed: bool = False
    known: dict[tuple[int, str], str | None] = field(default_factory=dict)

    def get(self, number: Known, key: Known) -> str | None:
        """The string of a number."""
        if isinstance(number, str):
            number = number_of(number)
        if number is None or not float(number).is_integer():
            return None
        at, strings = int(number - self.less), self.array.strings
        if not 0 <= at < len(strings):
            return None
        at = (at + self.array.turned) % len(strings)
        text = strings[at]
        if not self.alphabet:
            return text
        word = key if self.keyed and isinstance(key, str) else ""
        if (at, word) not in self.known:
            self.known[at, word] = _decoded(text, self.alphabet, word if self.keyed else None)
        return self.known[at, word]


def _decoded(text: str, alphabet: str, key: str | None) -> str | None:
    data = decode("base64", text.translate(str.maketrans(alphabet, ALPHABET)).rstrip("="))
    if data is None:
        return None
    try:
        plain = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return plain if key is None else _rc4(plain, key) if key else None


def _rc4(text: str, key: str) -> str:
    box, at = list(range(256)), 0
    for i in range(256):
        at = (at + box[i] + ord(key[i % len(key)])) % 256
        box[i], box[at] = box[at], box[i]
    out, i, at = [], 0, 0
    for letter in text:
        i = (i + 1) % 256
        at = (at + box[i]) % 256
        box[i], box[at] = box[at], box[i]
        out.append(chr(ord(letter) ^ box[(box[i] + box[at]) % 256]))
    return "".join(out)


def number_of(text: str) -> float | None:
    """A number as JavaScript spells it."""
    try:
        return float(int(text, 0))
    except ValueError:
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return None
