"""Iocs: by what others can recognise, block or report what a release did, each with where it was seen.

Taken from behaviours of the package and its dependencies (never of the tools), from the files that a run left
behind, and the artifact itself. What stands only in tests and documents is left out. Nothing is judged: of
a benign release these are contacts. Values are whole, webhooks and bot tokens too: they are the secrets of
whoever made the package, and what a messenger's abuse desk asks for.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct, field

from biopsy.detect.host import Host, host_of, registrable
from biopsy.model.behaviour import Behaviour, By, InFile, Kind, When, Where, escape
from biopsy.model.dossier import Dossier, Ioc, IocType
from biopsy.model.regex import regex
from biopsy.model.run import Change
from biopsy.model.wallet import wallets

MAX_IOCS = 2_000
"""Most indicators of one dossier."""

MAX_WHERE = 20
"""Most places that an indicator names; the rest is counted."""

_URL = regex(r"(?i)\b(?:https?|wss?|ftp|stratum(?:\+\w{1,5})?)://[^\s'\"<>`\\|)\]}]{3,2000}")
_MAIL = regex(r"(?i)(?:RCPT TO|MAIL FROM):\s*<([^<>@\s]{1,64}@[^<>@\s]{3,253})>")
_TOKENS = tuple(
    (owner, regex(form))
    for owner, form in (
        ("discord-webhook", r"discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/(\d{15,22}/[\w-]{50,90})"),
        ("telegram-bot", r"api\.telegram\.org/bot(\d{6,12}:[\w-]{30,45})"),
        ("slack-webhook", r"hooks\.slack\.com/services/(T\w{6,14}/B\w{6,14}/\w{16,32})"),
        ("teams-webhook", r"webhook\.office\.com/webhookb2/([\w@-]{40,120}/IncomingWebhook/[\w/-]{32,120})"),
        ("feishu-bot", r"open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]{20,60})"),
        ("dingtalk-bot", r"oapi\.dingtalk\.com/robot/send\?access_token=(\w{40,80})"),
    )
)
_DATA_LABEL = 24
"""A label as long as this carries data: the domain above it is the indicator."""

_INSTALLED = regex(r"/(?:site|dist)-packages/|/node_modules/|/__pycache__/|\.pyc\Z")
_ASIDE = frozenset({When.TEST, When.DOCS})
_ORDER = list(IocType)


class _Found(Struct):
    shared: str = ""
    reserved: bool = False
    ran: bool = False
    where: dict[str, None] = field(default_factory=dict)


class _Book:
    """Indicators as they come in, each once."""

    def __init__(self, registries: frozenset[str]) -> None:
        self.found: dict[tuple[IocType, str], _Found] = {}
        self._registries = registries
        self._hosts: dict[str, Host | None] = {}

    def add(
        self, kind: IocType, value: str, where: Where | str, host: Host | None = None, *, ran: bool = False
    ) -> None:
        if not value:
            return
        found = self.found.setdefault((kind, value), _Found())
        found.where.setdefault(str(where))  # only here: most behaviours name nothing
        found.ran |= ran
        if host is not None:
            found.shared, found.reserved = host.shared, host.reserved

    def host(self, name: str, where: Where | str, *, ran: bool) -> Host | None:
        """Note a host by its name or address; return what is known of it, nothing for one that is none."""
        if name not in self._hosts:
            self._hosts[name] = host_of(name, self._registries)
        host = self._hosts[name]
        if host is not None and host.name:
            value = host.name
            labels = value.split(".")
            if not host.address and len(labels) > 2 and any(len(part) >= _DATA_LABEL for part in labels[:-2]):
                value = registrable(value) or value
            kind = IocType.ADDRESS if host.address else IocType.DOMAIN
            self.add(kind, value, where, host, ran=ran)
        return host

    def url(self, text: str, where: Where | str, *, ran: bool) -> None:
        """Note a URL, its host, and the token in it."""
        url = text.strip().rstrip(".,;")
        try:
            name = urlsplit(url).hostname or ""
        except ValueError:
            return
        host = self.host(name, where, ran=ran)
        if host is not None and host.name:
            tokens = [f"{owner} {match[1]}" for owner, form in _TOKENS if (match := form.search(url))]
            for token in tokens:
                self.add(IocType.TOKEN, token, where, ran=ran)
            mine = Host(host.name, reserved=host.reserved) if tokens else host  # its maker's corner of it
            self.add(IocType.URL, escape(url), where, mine, ran=ran)


def iocs(dossier: Dossier) -> tuple[Ioc, ...]:
    """Return the indicators of a dossier: what a run showed first, then by type and value."""
    book = _Book(frozenset(e.host.lower() for e in dossier.exchanges if e.gateway))
    book.add(IocType.HASH, dossier.artifact.sha256, f"artifact {dossier.artifact.filename}", ran=True)
    for behaviour in dossier.behaviours:
        if behaviour.by is not By.TOOL and not _aside(behaviour):
            _read(behaviour, book)
    for change in dossier.changes:
        mine = change.by is not By.TOOL and change.change is not Change.DELETED
        if mine and change.sha256 and change.size and not _INSTALLED.search(change.path):
            place = f"{change.profile}: {escape(change.path)}"
            book.add(IocType.HASH, change.sha256, place, ran=True)
            for coin, address, _ in wallets(change.excerpt):
                book.add(IocType.WALLET, f"{coin} {address}", place, ran=True)
    for exchange in dossier.exchanges:
        if exchange.by is not By.TOOL:
            for match in _MAIL.finditer(exchange.request):
                book.add(IocType.MAIL, match[1], f"{exchange.profile}/{exchange.phase}", ran=True)
    return tuple(_listed(book))


def _aside(behaviour: Behaviour) -> bool:
    where = behaviour.where
    return isinstance(where, InFile) and where.when in _ASIDE


def _read(behaviour: Behaviour, book: _Book) -> None:
    value, where = behaviour.value, behaviour.where
    ran = not isinstance(where, InFile)
    match behaviour.kind:
        case Kind.NET_URL | Kind.CODE_REMOTE:
            book.url(value, where, ran=ran)
        case Kind.NET_HTTP:
            book.url(value.partition(" ")[2], where, ran=ran)
        case Kind.NET_DNS:
            book.host(value.partition(" ")[0], where, ran=ran)
        case Kind.NET_CONNECT:
            book.host(_without_port(value), where, ran=ran)
        case Kind.NET_SEND | Kind.NET_SERVICE:
            book.host(_without_port(value.rpartition(" ")[2]), where, ran=ran)
        case Kind.NET_ADDRESS:
            book.host(value, where, ran=ran)
        case Kind.CANARY_LEAK:
            book.host(_without_port(value.partition(" > ")[2].partition(" as ")[0]), where, ran=ran)
        case Kind.CANARY_SWAP:
            for coin, address, _ in wallets(value):
                book.add(IocType.WALLET, f"{coin} {address}", where, ran=ran)
        case Kind.CODE_WALLET:
            book.add(IocType.WALLET, value, where, ran=ran)
        case Kind.CODE_TOKEN:
            book.add(IocType.TOKEN, value, where, ran=ran)
        case Kind.PROCESS_EXEC | Kind.PKG_HOOK | Kind.PKG_DEPENDENCY:
            for url in _urls(value):
                book.url(url, where, ran=ran)
            for coin, address, _ in wallets(value) if behaviour.kind is Kind.PROCESS_EXEC else ():
                book.add(IocType.WALLET, f"{coin} {address}", where, ran=ran)


def _urls(text: str) -> Iterator[str]:
    for match in _URL.finditer(text):
        yield match[0]


def _without_port(text: str) -> str:
    """Return the host of `host:port`, `[v6]:port` or a host alone."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _listed(book: _Book) -> Iterator[Ioc]:
    def rank(item: tuple[tuple[IocType, str], _Found]) -> tuple[bool, bool, int, str]:
        (kind, value), found = item
        return bool(found.shared), not found.ran, _ORDER.index(kind), value

    for (kind, value), found in sorted(book.found.items(), key=rank)[:MAX_IOCS]:
        where = tuple(found.where)
        more = max(len(where) - MAX_WHERE, 0)
        yield Ioc(kind, value, where[:MAX_WHERE], found.shared, found.reserved, more)
