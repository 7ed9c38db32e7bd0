"""Any text: URLs and addresses that stand in code and data, and literals that hide something."""

import ipaddress
from collections.abc import Iterator
from itertools import islice

from biopsy.model.behaviour import Kind, When
from biopsy.model.regex import regex
from biopsy.model.runs import DIGITS, runs, sort
from biopsy.model.wallet import wallets
from biopsy.static import decode
from biopsy.static.comments import Comments
from biopsy.static.documents import is_document
from biopsy.static.sight import Layer, Part, Sight, Source, guess
from biopsy.static.unwrap import LANGUAGES, unwrap

NAME = "text"
MAX_TEXT = 8 * 1024**2  # bytes of one file that is searched
MAX_BINARIES = 100  # encoded texts of one file that are tried to be programs
MAX_WALLETS = 1024**2  # characters of one file that are searched for them
MAX_HELD = 20  # wallets, and tokens, of one file
MAX_HITS = 200  # URLs of one file

_BEGINNINGS = frozenset({
    "f0", "TV", "UE", "H4", "Ql", "/T", "gA", "gQ", "Y1", "Y2", "Y3", "4w", "eJ", "eN", "z/", "zv", "AG",
    "7f", "4d", "50", "1f", "80", "63", "78", "e3", "7F", "4D",
})  # fmt: skip
"""How the base64 or hex of what is looked for begins."""
_BOT = regex(r"[\"'`/]((?:bot)?\d{8,10}:AA[\w-]{32,33})(?=[\"'`/])")
_URL = regex(r"://[^\s\"'`<>\\(){}\[\]|^,;]{4,1000}")  # a fixed beginning is found fast
_SCHEME = regex(r"(?:https?|wss?|ftp)$")
_ADDRESS = regex(r"\d{1,3}(?:\.\d{1,3}){3}")
_DOTTED = sort(DIGITS + ".")
_LEFT, _RIGHT = frozenset("\"'`/@"), frozenset("\"'`:/")  # what stands beside an address


def wants(source: Source) -> bool:
    """Text that is not documentation."""
    if source.binary or len(source.data) > MAX_TEXT:
        return False
    return not is_document(source)


def read(source: Source) -> Iterator[Sight]:
    """Yield what stands in the text."""
    text = source.text
    if "://" in text:
        yield from _urls(source, text)
    yield from _addresses(source, text)
    yield from _credentials(source, text)
    if source.path.endswith((".json", ".map")) and source.when in {When.TEST, When.DOCS}:
        return
    for at, method, plain in decode.candidates(text):
        if "sourceMappingURL" in text[max(0, at - 80) : at]:
            continue
        line = source.line_at(at)
        yield source.see(Kind.CODE_DECODE, method, line, detail=plain)
        # Nothing says yet that it is run: the interpreter does where it sees that.
        yield Layer(plain, guess(plain, source.language), line, When.UNKNOWN)
    yield from _binaries(source, text)


def _credentials(source: Source, text: str) -> Iterator[Sight]:
    """Wallets, by their checksums, and the tokens of bots: whose they are tells who wrote this."""
    if len(text) > MAX_WALLETS or source.when in {When.TEST, When.DOCS}:
        return
    for coin, address, at in islice(wallets(text), MAX_HELD):
        yield source.see(Kind.CODE_WALLET, f"{coin} {address}", source.line_at(at))
    for match in islice(_BOT.finditer(text), MAX_HELD) if ":AA" in text else ():
        yield source.see(Kind.CODE_TOKEN, f"telegram {match[1]}", source.line_at(match.start()))


def _binaries(source: Source, text: str) -> Iterator[Sight]:
    """Programs, archives and pickles that stand in code as text."""
    for count, (at, literal) in enumerate(decode.literals(text)):
        if count >= MAX_BINARIES:
            return
        found = unwrap(literal.encode()) if literal[:2] in _BEGINNINGS else None
        if found and found.what not in LANGUAGES:
            line = source.line_at(at)
            yield source.see(Kind.DATA_PAYLOAD, f"{found.what} in {found.how}", line)
            end = ".marshal" if found.what == "bytecode" else ""
            yield Part(f"line-{line}{end}", found.data, When.UNKNOWN)


def _urls(source: Source, text: str) -> Iterator[Sight]:
    comments = Comments(source)
    seen: set[str] = set()
    for match in _URL.finditer(text):
        scheme = _SCHEME.search(text[max(0, match.start() - 5) : match.start()])
        url = f"{scheme[0] if scheme else ''}{match[0]}".rstrip(".:!?*")
        if scheme is None or url in seen or len(seen) >= MAX_HITS:
            continue
        if comments.hold(match.start()):
            continue
        seen.add(url)
        yield source.see(Kind.NET_URL, url, source.line_at(match.start()))


def _addresses(source: Source, text: str) -> Iterator[Sight]:
    seen: set[str] = set()
    comments = None
    for start, end in runs(text, _DOTTED, 7):
        if text[start - 1 : start] not in _LEFT or text[end : end + 1] not in _RIGHT:
            continue
        address = text[start:end]
        if address in seen or not _ADDRESS.fullmatch(address) or not _public(address):
            continue
        comments = comments or Comments(source)
        if comments.hold(start - 1):
            continue
        seen.add(address)
        yield source.see(Kind.NET_ADDRESS, address, source.line_at(start - 1))
        if len(seen) >= MAX_HITS:
            return


def _public(text: str) -> bool:
    """Whether an address is one of the internet's, the metadata service's, or kept for examples."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    if text == "169.254.169.254":
        return True
    if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        return False
    inside = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/8", "240.0.0.0/4", "100.64.0.0/10")
    versions = text.endswith(".0.0") or (
        text.split(".", maxsplit=1)[0] in {"1", "2", "3", "4"} and text.count(".0") > 0
    )
    return not versions and not any(address in ipaddress.ip_network(n) for n in inside)
