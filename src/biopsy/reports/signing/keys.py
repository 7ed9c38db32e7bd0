"""Key pairs as files: Ed25519 in PEM (PKCS 8), readable for their owner only, with a passphrase if wanted."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from biopsy.errors import UsageError
from biopsy.reports.signing.roles import ROOT

MAX_FILE = 16 * 1024  # bytes of a key


@dataclass(frozen=True, slots=True)
class Offline:
    """Where keys of root are: folders that are there while root signs; new keys are made in the first."""

    folders: tuple[Path, ...]
    passphrase: str = ""

    def signer(self, keyid: str) -> CryptoSigner | None:
        """The signer for a key, if its file is in one of the folders."""
        for folder in self.folders:
            path = folder / name(ROOT, keyid)
            if path.is_file():
                return load(path, self.passphrase)
        return None


def make(folder: Path, role: str, passphrase: str = "") -> CryptoSigner:
    """Make a key pair for a role, and keep the private half in a folder."""
    signer = CryptoSigner.generate_ed25519()
    private = serialization.load_pem_private_key(signer.private_bytes, None)
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        how = serialization.BestAvailableEncryption(passphrase.encode())
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name(role, signer.public_key.keyid)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    return signer


def name(role: str, keyid: str) -> str:
    """What the file of a key is called."""
    return f"{role}-{keyid[:16]}.pem"


def load(path: Path, passphrase: str = "") -> CryptoSigner:
    """Read a private key; UsageError says why it cannot be."""
    try:
        private = serialization.load_pem_private_key(_read(path), passphrase.encode() or None)
    except TypeError as error:
        needed = "a passphrase is needed" if not passphrase else "it has no passphrase"
        raise UsageError(f"{path}: {needed}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path}: no private key, or another passphrase") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path}: not an Ed25519 key")
    return CryptoSigner(private)


def public(path: Path) -> SSlibKey:
    """Read a public key from PEM; UsageError says why it cannot be."""
    try:
        held = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path}: no public key") from error
    if not isinstance(held, Ed25519PublicKey):
        raise UsageError(f"{path}: not an Ed25519 key")
    return SSlibKey.from_crypto(held)


def public_pem(signer: CryptoSigner) -> bytes:
    """The public half, as PEM."""
    return signer.public_key.keyval["public"].encode() if _is_pem(signer) else _pem(signer)


def _is_pem(signer: CryptoSigner) -> bool:
    return str(signer.public_key.keyval["public"]).startswith("-----BEGIN")


def _pem(signer: CryptoSigner) -> bytes:
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    held = Ed25519PublicKey.from_public_bytes(raw)
    how = serialization.PublicFormat.SubjectPublicKeyInfo
    return held.public_bytes(serialization.Encoding.PEM, how)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
