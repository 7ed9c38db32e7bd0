"""Swapped: whose account the clipboard holds after a run: what code holds, joined with what a run left."""

from collections.abc import Iterator

from biopsy.model.behaviour import Behaviour, By, InTrace, Kind
from biopsy.model.dossier import Dossier

CLIPBOARD = "/.local/share/clipboard"
"""Where the sandbox's clipboard keeps what it holds; what stands there at first is an account of nobody's."""

_SHORTEST = 24  # characters of an account


def swapped(dossier: Dossier) -> Iterator[Behaviour]:
    """Give `code.wallet clipboard ETH 0x…` for each account of the package that a run left on the clipboard.

    It stands where the clipboard was last written to.
    """
    held = [c for c in dossier.changes if c.path.endswith(CLIPBOARD) and c.by is not By.TOOL and c.excerpt]
    if not held:
        return
    wallets = {b.value for b in dossier.behaviours if b.kind is Kind.CODE_WALLET}
    for change in held:
        found = sorted(w for w in wallets if _account(w) and _account(w) in change.excerpt.lower())
        last = max(
            (b for b in dossier.behaviours if _writes(b, change.profile)),
            key=lambda b: b.where.seq if isinstance(b.where, InTrace) else 0,
            default=None,
        )
        if last is not None:
            yield from (_held(last, wallet) for wallet in found)


def _held(last: Behaviour, wallet: str) -> Behaviour:
    return Behaviour(
        Kind.CODE_WALLET, f"clipboard {wallet}", last.where, last.process, last.time, last.by, last.owner
    )


def _account(wallet: str) -> str:
    account = wallet.rpartition(" ")[2].lower()
    return account if len(account) >= _SHORTEST else ""


def _writes(one: Behaviour, profile: str) -> bool:
    return (
        one.kind is Kind.FILE_WRITE
        and one.by is not By.TOOL
        and one.value.endswith(CLIPBOARD)
        and isinstance(one.where, InTrace)
        and one.where.profile == profile
    )
