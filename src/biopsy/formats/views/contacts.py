"""Who was talked to: the exchanges of a dossier gathered by host."""

from collections import Counter

from msgspec import Struct

from biopsy.model.behaviour import Behaviour, By, Kind
from biopsy.model.dossier import Dossier
from biopsy.model.run import Exchange


class Host(Struct, frozen=True):
    """One name or address, and everything said to it. Names below it that only DNS saw are its `names`."""

    name: str
    exchanges: tuple[Exchange, ...]
    names: tuple[str, ...] = ()  # looked up below this name, as where data is carried in labels
    leaks: tuple[Behaviour, ...] = ()  # canaries that went there
    remote: bool = False  # what it sent was executed

    @property
    def own(self) -> bool:
        """Whether more than the tools (pip, npm) talked to it."""
        return any(exchange.by is not By.TOOL for exchange in self.exchanges)

    @property
    def sent(self) -> int:
        """Bytes the package sent."""
        return sum(exchange.sent for exchange in self.exchanges)

    @property
    def received(self) -> int:
        """Bytes it was answered."""
        return sum(exchange.received for exchange in self.exchanges)

    @property
    def talked(self) -> bool:
        """Whether more was said than a look-up of the name."""
        return any(exchange.protocol != "dns" for exchange in self.exchanges)

    @property
    def protocols(self) -> tuple[tuple[str, int], ...]:
        """How often by which protocol and port, `https:443` or `dns`; the most used first, dns last."""
        count: Counter[str] = Counter()
        for exchange in self.exchanges:
            dns = exchange.protocol == "dns"
            count["dns" if dns else f"{exchange.protocol}:{exchange.port}"] += 1
        return tuple(sorted(count.items(), key=lambda item: (item[0] == "dns", -item[1], item[0])))

    @property
    def profiles(self) -> tuple[str, ...]:
        """Which profiles saw it, in order of appearance."""
        return tuple(dict.fromkeys(exchange.profile for exchange in self.exchanges))

    @property
    def phases(self) -> tuple[str, ...]:
        """In which phases, in order of appearance."""
        return tuple(dict.fromkeys(exchange.phase for exchange in self.exchanges))

    @property
    def processes(self) -> tuple[int, ...]:
        """Which processes said it, in order of appearance."""
        return tuple(dict.fromkeys(e.process for e in self.exchanges if e.process is not None))


def _above(name: str, talked: set[str]) -> str:
    """The host that a looked-up name belongs to: itself, one talked to, or the domain of many labels."""
    labels = name.split(".")
    for cut in range(len(labels) - 1):
        if (parent := ".".join(labels[cut:])) in talked:
            return parent
    return ".".join(labels[-2:]) if len(labels) > 3 else name


def hosts(dossier: Dossier) -> tuple[Host, ...]:
    """Every host contacted but the registry gateway; first who got a canary, the tools' own contacts last."""
    outside = [exchange for exchange in dossier.exchanges if not exchange.gateway]
    talked = {exchange.host for exchange in outside if exchange.protocol != "dns"}
    grouped: dict[str, list[Exchange]] = {}
    for exchange in outside:
        name = exchange.host if exchange.protocol != "dns" else _above(exchange.host, talked)
        grouped.setdefault(name, []).append(exchange)
    leaks = [b for b in dossier.behaviours if b.kind is Kind.CANARY_LEAK]
    remote = [b.value for b in dossier.behaviours if b.kind is Kind.CODE_REMOTE]
    found = [
        Host(
            name,
            tuple(said),
            tuple(dict.fromkeys(e.host for e in said if e.host != name)),
            tuple(b for b in leaks if _above(destination(b), set(grouped)) == name),
            any(f"://{name}/" in url or f"://{name}:" in url for url in remote),
        )
        for name, said in grouped.items()
    ]
    return tuple(sorted(found, key=_rank))


def _rank(host: Host) -> tuple[int, bool, bool, int, str]:
    return -len(host.leaks), not host.remote, not host.own, -host.sent, host.name


def own(dossier: Dossier) -> tuple[Host, ...]:
    """The hosts that the package or a dependency contacted, or that a canary went to whoever sent it."""
    return tuple(host for host in hosts(dossier) if host.own or host.leaks or host.remote)


def destination(leak: Behaviour) -> str:
    """The host of a `canary.leak`, whose value is `name > host:port as encoding`."""
    place = leak.value.partition(" > ")[2].partition(" as ")[0]
    return place.rpartition(":")[0] or place
