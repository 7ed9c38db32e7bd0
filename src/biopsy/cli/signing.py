"""What the commands that sign share: where keys are, and how signing is asked for."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from biopsy.errors import UsageError

if TYPE_CHECKING:
    from biopsy.reports.exports import Asked
    from biopsy.reports.exports.manifest import Manifest
    from biopsy.reports.signing.repository import Release
    from biopsy.reports.signing.store import Store

PASSPHRASE = "BIOPSY_ROOT_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret


def store(home: Path) -> "Store":
    """The keys of a home; UsageError where the extra that signs is not installed."""
    try:
        from biopsy.reports.signing.store import Store  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise UsageError("signing needs more than the core: pip install 'biopsy[publish]'") from error
    return Store(home / "signing")


def passphrase(*, none: bool, twice: bool = False) -> str:
    """What the keys of root are kept with: of the environment, or asked for; empty if `none` is wanted."""
    if none:
        return ""
    if given := os.environ.get(PASSPHRASE):
        return given
    return str(click.prompt("Passphrase of root", hide_input=True, confirmation_prompt=twice, err=True))


class Seal:
    """Signs a release as it is made; `done` says what was signed."""

    def __init__(self, home: Path, configured: Path) -> None:
        """Take where keys and configuration are."""
        from biopsy.reports import config  # noqa: PLC0415

        self._store, self._settings = store(home), config.signing(configured)
        self.done: Release | None = None

    def __call__(self, staged: Path, old: Path | None, _: "Manifest") -> None:
        """Sign a folder that is otherwise complete."""
        from biopsy.reports.signing.repository import sign  # noqa: PLC0415

        self.done = sign(staged, self._store, self._settings, datetime.now(UTC), old)


def asked(home: Path, configured: Path, *, signed: bool) -> "Asked":
    """What a release is to be, by the configuration and the keys of a home."""
    from biopsy.reports import config  # noqa: PLC0415
    from biopsy.reports.exports import Asked  # noqa: PLC0415

    feeds = config.feeds(configured)
    if not signed:
        return Asked(feeds)
    from biopsy.reports.signing import envelope  # noqa: PLC0415

    signer = store(home).verdicts()
    return Asked(feeds, lambda payload: envelope.sign(payload, signer), signer.public_key.keyid)


def there(home: Path) -> bool:
    """Whether a home has keys to sign with."""
    return (home / "signing" / "metadata" / "1.root.json").is_file()


__all__ = ["PASSPHRASE", "Seal", "asked", "passphrase", "store", "there"]
