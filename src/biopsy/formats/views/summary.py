"""What was seen, in a few lines: of what kinds, whom it talked to, what it changed, what was lost."""

from collections.abc import Iterable, Iterator
from posixpath import basename

from biopsy.formats.views import contacts, digest, reached
from biopsy.formats.views.measure import many, size
from biopsy.model.behaviour import Behaviour, By
from biopsy.model.dossier import Dossier
from biopsy.model.run import Change, Outcome

MAX_NAMED = 3
"""How many hosts or files a line names before it counts the rest."""


def rows(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Heading and line; what says nothing (a static reading has no hosts) is left out."""
    counted = " · ".join(f"{family} {count:,}" for family, count in digest.families(dossier))
    yield "Seen", counted or "no behaviours"
    if not dossier.static_only:
        if far := reached.summary(dossier):
            yield "Reached", far
        yield "Contacted", _contacted(dossier)
        yield "Changed", _changed(dossier)
        if dossier.watches:
            yield "Watched", _watched(dossier)


def _contacted(dossier: Dossier) -> str:
    every, hosts = contacts.hosts(dossier), contacts.own(dossier)
    named = [_host(host) for host in hosts[:MAX_NAMED]]
    fetched = sum(exchange.gateway for exchange in dossier.exchanges)
    if len(hosts) > MAX_NAMED:
        named.append(f"{len(hosts) - MAX_NAMED} more")
    if tools := len(every) - len(hosts):
        named.append(f"{many(tools, 'host')} by the installer")
    if fetched:
        named.append(f"registry ({many(fetched, 'fetch', 'fetches')})")
    return " · ".join(named) or "nobody"


def _host(host: contacts.Host) -> str:
    how = ", ".join(name for name, _ in host.protocols)
    stolen = f", {many(len(host.leaks), 'credential')} leaked" if host.leaks else ""
    sent = f", {size(host.sent)} sent" if host.talked else ""
    return f"{host.name} ({how}{sent}{stolen})"


def _changed(dossier: Dossier) -> str:
    changes = digest.changed(dossier)
    counts = [f"{count:,} {kind}" for kind in Change if (count := sum(c.change is kind for c, _ in changes))]
    names = list(dict.fromkeys(basename(change.path) or change.path for change, _ in changes))
    by_tool = sum(change.by is By.TOOL for change in dossier.changes)
    named = ", ".join(names[: MAX_NAMED + 1])
    more = ", …" if len(names) > MAX_NAMED + 1 else ""
    tool = f"{by_tool:,} by the installer" if by_tool else ""
    own = f"{' · '.join(counts)}: {named}{more}" if changes else ""
    return " · ".join(filter(None, (own, tool))) or "no file"


def _watched(dossier: Dossier) -> str:
    lines = []
    for watch in dossier.watches:
        lost = ", ".join(f"{count:,} {words}" for count, words in digest.lost(watch))
        lines.append(f"{watch.profile}: {watch.events:,} events, {lost or 'nothing lost'}")
    return " · ".join(lines)


def reasons(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    """Why phases did not complete, each reason once with the profiles it holds for."""
    where: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        where.setdefault((outcome.phase, outcome.reason), []).append(outcome.profile)
    return tuple(f"{phase} ({', '.join(names)}): {reason}" for (phase, reason), names in where.items())


def facts(evidence: Iterable[Behaviour]) -> tuple[tuple[Behaviour, tuple[str, ...]], ...]:
    """Evidence with the same fact said once, and all the places where it was seen."""
    places: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Behaviour] = {}
    for behaviour in evidence:
        key = behaviour.kind.value, behaviour.value
        first.setdefault(key, behaviour)
        places.setdefault(key, []).append(str(behaviour.where))
    return tuple((first[key], tuple(where)) for key, where in places.items())
