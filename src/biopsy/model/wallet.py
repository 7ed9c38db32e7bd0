"""Wallets: addresses of cryptocurrencies in a text, told from other long words by their checksums.

Base58Check for Bitcoin, Litecoin, Dogecoin and Tron, BIP 173 and 350 for segwit, EIP-55 for Ethereum,
CryptoNote's base58 in blocks with Keccak for Monero. An Ethereum address in one case has no checksum and is
taken as it is, but for those that are plainly nobody's. An address of Solana has none at all: it is taken
only where the text around it speaks of Solana.
"""

from collections.abc import Iterator

from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, LETTERS, runs, sort

MAX_TEXT = 1_000_000
"""How much of a text is looked at, in characters."""

MAX_FOUND = 200
"""Most addresses of one text."""

_BASE58 = r"[1-9A-HJ-NP-Za-km-z]"
_WORD = regex(rf"0x[0-9a-fA-F]{{40}}|(?:bc1|ltc1)[02-9ac-hj-np-z]{{11,71}}|{_BASE58}{{26,110}}")
_SHORTEST = 14
_CHARACTERS = sort(LETTERS + DIGITS)
_SOLANA = regex(r"(?i)(?<![a-z])(?:solana|sol|phantom|spl|lamports?)(?![a-z])")
_NEAR = 200
_FIRST = frozenset("13LMDT")  # a letter for each of these versions
_VERSIONS = {0x00: "BTC", 0x05: "BTC", 0x30: "LTC", 0x32: "LTC", 0x1E: "DOGE", 0x41: "TRX"}
_MONERO = {18: "XMR", 19: "XMR", 42: "XMR"}
_BLOCK = {0: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}  # characters of a block: its bytes
_BECH32M = 0x2BC830A3  # BIP 350
_SEGWIT = {"bc": "BTC", "ltc": "LTC"}
_FEW = 5  # different digits up to which an Ethereum address is a placeholder: 0x000…, 0xdead…


def wallets(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield coin, address and position of each address in `text`; never raises."""
    found = 0
    for start, end in runs(text[:MAX_TEXT], _CHARACTERS, _SHORTEST):
        word = text[start:end]
        if not _WORD.fullmatch(word):
            continue
        coin = coin_of(word)
        if not coin and len(word) in {43, 44}:
            near = text[max(start - _NEAR, 0) : end + _NEAR]
            coin = "SOL" if _SOLANA.search(near) and _solana(word) else ""
        if coin:
            yield coin, word, start
            found += 1
            if found >= MAX_FOUND:
                return


def coin_of(word: str) -> str:
    """Return the coin whose address a word is, by its checksum; nothing where it is none."""
    if word.startswith("0x"):
        return _ethereum(word)
    if word.startswith(("bc1", "ltc1")):
        return _segwit(word)
    if 26 <= len(word) <= 35:
        return _check58(word) if word[0] in _FIRST else ""
    return _monero(word) if len(word) in {95, 106} else ""


def _keccak(data: bytes) -> bytes:
    from Crypto.Hash import keccak  # noqa: PLC0415 - few texts hold an address

    return keccak.new(digest_bits=256, data=data).digest()


def _ethereum(word: str) -> str:
    digits = word[2:]
    if len(word) != 42 or len(set(digits.lower())) <= _FEW:
        return ""
    if digits in {digits.lower(), digits.upper()}:
        return "ETH"
    wanted = _keccak(digits.lower().encode()).hex()
    right = all(c.isdigit() or c.isupper() == (int(w, 16) >= 8) for c, w in zip(digits, wanted, strict=False))
    return "ETH" if right else ""


def _segwit(word: str) -> str:
    import bech32  # noqa: PLC0415

    name, _, rest = word.rpartition("1")
    data = [bech32.CHARSET.find(char) for char in rest]
    if len(word) > 90 or min(data, default=-1) < 0:
        return ""
    sum_ = bech32.bech32_polymod(bech32.bech32_hrp_expand(name) + data)
    return _SEGWIT.get(name, "") if sum_ == (_BECH32M if data[0] else 1) else ""


def _check58(word: str) -> str:
    import base58  # noqa: PLC0415

    try:
        data = base58.b58decode_check(word)
    except ValueError:
        return ""
    return _VERSIONS.get(data[0], "") if len(data) == 21 else ""


def _monero(word: str) -> str:
    import base58  # noqa: PLC0415

    data = b""
    for start in range(0, len(word), 11):
        block = word[start : start + 11]
        size = _BLOCK.get(len(block))
        number = base58.b58decode_int(block) if size else -1
        if size is None or not 0 <= number < 1 << (8 * size):
            return ""
        data += number.to_bytes(size, "big")
    return _MONERO.get(data[0], "") if _keccak(data[:-4])[:4] == data[-4:] else ""


def _solana(word: str) -> bool:
    import base58  # noqa: PLC0415

    try:
        return len(base58.b58decode(word)) == 32
    except ValueError:  # a word of another alphabet
        return False
