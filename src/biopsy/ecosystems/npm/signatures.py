"""The registry's own signature of a release: ECDSA over `name@version:integrity`, checked with its keys.

The keys come from the same registry (`/-/npm/v1/keys`), so a good signature only says that nobody between the
registry and us changed the entry. A key that the registry does not name, or no list of keys, says nothing.
https://docs.npmjs.com/about-registry-signatures
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from biopsy.ecosystems import web
from biopsy.errors import RegistryError
from biopsy.model.release import Endpoint

if TYPE_CHECKING:
    import httpx

MAX_SIGNATURES = 10
"""Most signatures of one release, and ten times as many keys, that are looked at."""

GOOD, WRONG, EXPIRED = "good", "wrong", "expired"


class _Key(msgspec.Struct):
    keyid: str
    key: str
    expires: str | None = None
    scheme: str = ""


class _Keys(msgspec.Struct):
    keys: list[_Key]


def check(client: "httpx.Client", endpoint: Endpoint, signed: str, signatures: object, published: str) -> str:
    """Say `good`, `wrong` or `expired` (the key no longer held when `published`); empty: nobody can tell."""
    given = _given(signatures)
    keys = _keys(client, endpoint) if given else {}
    answers = [_one(keys[keyid], signed, signature, published) for keyid, signature in given if keyid in keys]
    return next((answer for answer in (WRONG, EXPIRED, GOOD) if answer in answers), "")


def _given(signatures: object) -> list[tuple[str, str]]:
    listed = signatures[:MAX_SIGNATURES] if isinstance(signatures, list) else []
    pairs = [(one.get("keyid"), one.get("sig")) for one in listed if isinstance(one, dict)]
    return [(keyid, sig) for keyid, sig in pairs if isinstance(keyid, str) and isinstance(sig, str)]


def _keys(client: "httpx.Client", endpoint: Endpoint) -> dict[str, _Key]:
    try:
        page = web.get(client, endpoint, f"{endpoint.url}-/npm/v1/keys", "application/json")
        found = msgspec.json.decode(page.body, type=_Keys).keys if page.status == 200 else []
    except (RegistryError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {key.keyid: key for key in found[: 10 * MAX_SIGNATURES] if key.scheme == "ecdsa-sha2-nistp256"}


def _one(key: _Key, signed: str, signature: str, published: str) -> str:
    """Check one signature; a key that cannot be used answers nothing."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - slow to bring
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    try:
        public: Any = serialization.load_der_public_key(base64.b64decode(key.key))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return ""
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return ""
    try:
        public.verify(
            base64.b64decode(signature), signed.encode("utf-8", "replace"), ec.ECDSA(hashes.SHA256())
        )
    except (InvalidSignature, ValueError, binascii.Error):
        return WRONG
    return EXPIRED if key.expires and published and published > key.expires else GOOD
