"""What signs releases, as files: the chain of roots, the newest of each role, the keys of online roles.

`metadata/` is what clients get; `keys/` never leaves this machine, and holds no key of root. Versions are
counted here: a release directory that is lost, or put back from a copy, rolls nobody back.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import StorageError
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, Root, Signed
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from biopsy.errors import UsageError
from biopsy.reports.signing import keys
from biopsy.reports.signing.keys import Offline
from biopsy.reports.signing.roles import ONLINE, ROOT, VERDICTS, Signing

KEPT = 3  # versions of what is signed online
PENDING = "pending.root.json"  # a root that too few keys signed yet


class Store:
    """A folder that signs."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing has to be there yet."""
        self.metadata, self.keys = folder / "metadata", folder / "keys"

    @property
    def there(self) -> bool:
        """Whether `init` was run."""
        return (self.metadata / "1.root.json").is_file()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from signing meanwhile: no version is given twice."""
        self.metadata.parent.mkdir(parents=True, exist_ok=True)
        with (self.metadata.parent / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # root, which signs seldom, and offline

    def init(self, offline: Offline, settings: Signing, at: datetime) -> Root:
        """Make keys for every role, and the first root; UsageError where there is one."""
        if self.there:
            raise UsageError(f"{self.metadata.parent}: there are keys already; `rotate` makes new ones")
        root = Root(version=1, expires=_after(at, settings.role(ROOT).days), consistent_snapshot=True)
        signers = [
            keys.make(offline.folders[0], ROOT, offline.passphrase) for _ in range(settings.role(ROOT).keys)
        ]
        for signer in signers:
            root.add_key(signer.public_key, ROOT)
        for role in ONLINE:
            for _ in range(settings.role(role).keys):
                root.add_key(keys.make(self.keys, role).public_key, role)
        for role in (ROOT, *ONLINE):
            root.roles[role].threshold = settings.role(role).threshold
        keys.make(self.keys, VERDICTS)
        self._write_root(root, signers)
        return root

    def rotate(self, role: str, offline: Offline, settings: Signing, at: datetime) -> Root:
        """Give a role new keys, and let the old ones go; root's old keys sign that too.

        Of verdicts the old public keys stay, since what they signed stays true.
        """
        if role == VERDICTS:
            for path in sorted(self.keys.glob(f"{VERDICTS}-*.pem")):
                self._retire(path)
            keys.make(self.keys, VERDICTS)
            return self.root()
        old = self._root_signers(offline)
        root = self.root()
        gone = list(root.roles[role].keyids)
        for keyid in gone:
            root.revoke_key(keyid, role)
        folder, phrase = (offline.folders[0], offline.passphrase) if role == ROOT else (self.keys, "")
        made = [keys.make(folder, role, phrase) for _ in range(settings.role(role).keys)]
        for signer in made:
            root.add_key(signer.public_key, role)
        self._next(root, settings, at)
        self._write_root(root, [*old, *(made if role == ROOT else ())])
        if role != ROOT:
            for keyid in gone:
                (self.keys / keys.name(role, keyid)).unlink(missing_ok=True)
        return root

    def renew(self, offline: Offline, settings: Signing, at: datetime) -> Root:
        """Let the same keys count for longer, by the thresholds that are configured now."""
        signers = self._root_signers(offline)
        root = self.root()
        self._next(root, settings, at)
        self._write_root(root, signers)
        return root

    def _next(self, root: Root, settings: Signing, at: datetime) -> None:
        root.version += 1
        root.expires = _after(at, settings.role(ROOT).days)
        for name in (ROOT, *ONLINE):
            wanted, there = settings.role(name).threshold, len(root.roles[name].keyids)
            if wanted > there:
                raise UsageError(f"{name}: {wanted} keys must sign, and there are {there}: rotate it first")
            root.roles[name].threshold = wanted

    def cosign(self, offline: Offline) -> Root:
        """Put more signatures under the root that waits for them; UsageError while it still does."""
        if not (self.metadata / PENDING).is_file():
            raise UsageError("no root waits to be signed")
        made = self.read(PENDING)
        named = dict.fromkeys([*self.root().roles[ROOT].keyids, *made.signed.roles[ROOT].keyids])
        for signer in filter(None, map(offline.signer, named)):
            made.sign(signer, append=True)
        self._settle(made)
        root: Root = made.signed
        return root

    def _root_signers(self, offline: Offline) -> list[CryptoSigner]:
        found = [one for keyid in self.root().roles[ROOT].keyids if (one := offline.signer(keyid))]
        if not found:
            raise UsageError("no key of root is there: name every folder that holds one")
        return found

    def _write_root(self, root: Root, signers: Sequence[CryptoSigner]) -> None:
        made: Metadata[Any] = Metadata(root)
        for signer in signers:
            made.sign(signer, append=True)
        self._settle(made)

    def _settle(self, made: Metadata[Any]) -> None:
        """Let a root count that enough keys signed, its own and those of the one before; else it waits."""
        version, data = made.signed.version, made.to_bytes(JSONSerializer())
        try:
            made.signed.verify_delegate(ROOT, made.signed_bytes, made.signatures)
            if version > 1:
                self.root().verify_delegate(ROOT, made.signed_bytes, made.signatures)
        except UnsignedMetadataError as error:
            self.put(PENDING, data)
            role = self.root().roles[ROOT]
            have = sum(bool(made.signatures.get(keyid)) for keyid in role.keyids)
            words = f"{have} of the {role.threshold} keys of root that must sign did"
            raise UsageError(f"{words}: `biopsy reports keys sign` where another is") from error
        self.put(f"{version}.root.json", data)
        (self.metadata / PENDING).unlink(missing_ok=True)

    def root(self) -> Root:
        """The newest root; UsageError where there is none."""
        if not self.there:
            raise UsageError(f"{self.metadata.parent}: no keys: `biopsy reports keys init` makes them")
        newest = max(self.versions(ROOT))
        held: Root = self.read(f"{newest}.root.json").signed
        return held

    def newest(self, role: str) -> Signed | None:
        """What a role signed last; None: nothing yet."""
        if (self.metadata / f"{role}.json").is_file():  # the timestamp has no versions beside each other
            return self._signed(f"{role}.json")
        found = self.versions(role)
        return self._signed(f"{found[-1]}.{role}.json") if found else None

    def _signed(self, name: str) -> Signed:
        held: Signed = self.read(name).signed
        return held

    # what is signed online

    def signers(self, role: str) -> list[CryptoSigner]:
        """The keys of a role that are here; UsageError where too few are for its threshold."""
        held = self.root().roles[role]
        paths = [self.keys / keys.name(role, keyid) for keyid in held.keyids]
        found = [keys.load(path) for path in paths if path.is_file()]
        if len(found) < held.threshold:
            raise UsageError(
                f"{role}: {len(found)} of {held.threshold} keys that must sign are in {self.keys}"
            )
        return found

    def verdicts(self) -> CryptoSigner:
        """The key that signs attestations."""
        for path in sorted(self.keys.glob(f"{VERDICTS}-*.pem")):
            return keys.load(path)
        raise UsageError(f"{self.keys}: no key for verdicts: `biopsy reports keys init` makes it")

    def public(self) -> dict[str, bytes]:
        """The public keys of verdicts, by file name, also those that sign no more."""
        made = {path.name: path.read_bytes() for path in sorted(self.keys.glob(f"{VERDICTS}-*.pub"))}
        signer = self.verdicts()
        return {**made, f"{VERDICTS}-{signer.public_key.keyid[:16]}.pub": keys.public_pem(signer)}

    def _retire(self, path: Path) -> None:
        _put(path.with_suffix(".pub"), keys.public_pem(keys.load(path)))
        path.unlink()

    def trusts(self, role: str, held: Metadata[Any]) -> bool:
        """Whether something is signed as root says now."""
        try:
            self.root().verify_delegate(role, held.signed_bytes, held.signatures)
        except RepositoryError:
            return False
        return True

    # files

    def versions(self, role: str) -> list[int]:
        """The versions of a role that are kept, in order."""
        found = (path.name.partition(".")[0] for path in self.metadata.glob(f"*.{role}.json"))
        return sorted(int(one) for one in found if one.isdecimal())

    def read(self, name: str) -> Metadata[Any]:
        """A file of the metadata; UsageError where it is damaged."""
        try:
            return Metadata.from_file(str(self.metadata / name))
        except (DeserializationError, StorageError) as error:
            raise UsageError(f"{self.metadata / name}: {error}") from error

    def put(self, name: str, data: bytes) -> None:
        """Write a file of the metadata: whole, or not at all."""
        _put(self.metadata / name, data)


def _after(at: datetime, days: int) -> datetime:
    return at.replace(microsecond=0) + timedelta(days=days)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)  # noqa: PTH101 - what is signed, and public keys, are public
        os.replace(part, path)  # noqa: PTH105
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
