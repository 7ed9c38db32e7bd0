"""Hosts as the page shows them: each with all that was said, the same thing said under two profiles once."""

from collections import defaultdict

from msgspec import Struct

from biopsy.formats.page.limits import Limits, Listed, listed
from biopsy.formats.page.map import tone
from biopsy.formats.views import contacts
from biopsy.formats.views.measure import real
from biopsy.model.dossier import Dossier
from biopsy.model.run import Exchange, Process


class Said(Struct, frozen=True):
    """One exchange, the profiles under which it was made, and who made it."""

    exchange: Exchange
    profiles: tuple[str, ...]
    process: Process | None
    times: int


class Card(Struct, frozen=True):
    """A host with what was said to it. `number` names it on the page."""

    number: int
    host: contacts.Host
    tone: str
    leaks: tuple[str, ...]  # `npm-token as base64`
    said: Listed[Said]


def cards(dossier: Dossier, limits: Limits, *, own: bool) -> Listed[Card]:
    """Every host that the package contacted, the worst first; or those that only tools did."""
    by_id = {process.id: process for process in dossier.processes}
    known = contacts.own(dossier)
    chosen = known if own else [host for host in contacts.hosts(dossier) if host not in known]
    first = 1 if own else 1 + len(known)
    return listed((_card(n, host, by_id, limits) for n, host in enumerate(chosen, first)), limits.hosts)


def _card(number: int, host: contacts.Host, by_id: dict[int, Process], limits: Limits) -> Card:
    leaks = dict.fromkeys(_leak(behaviour.value) for behaviour in host.leaks)
    return Card(number, host, tone(host), tuple(leaks), said(host.exchanges, by_id, limits.exchanges))


def _leak(value: str) -> str:
    name, _, rest = value.partition(" > ")
    encoding = rest.partition(" as ")[2]
    return f"{name} as {encoding}" if encoding else name


def said(exchanges: tuple[Exchange, ...], by_id: dict[int, Process], limit: int) -> Listed[Said]:
    """Exchanges with repetitions folded: the same protocol, words and phase."""
    same: defaultdict[tuple[str, str, str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        same[exchange.phase, exchange.protocol, exchange.host, exchange.summary].append(exchange)
    folded = []
    for group in same.values():
        fullest = max(group, key=lambda exchange: len(exchange.request) + len(exchange.response))
        process = by_id.get(fullest.process) if fullest.process is not None else None
        profiles = tuple(dict.fromkeys(exchange.profile for exchange in group))
        folded.append(Said(fullest, profiles, process, len(group)))
    folded.sort(
        key=lambda one: (one.exchange.protocol == "dns", not one.exchange.request, real(one.exchange.time))
    )
    return listed(folded, limit)
