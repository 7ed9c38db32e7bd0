"""Canaries that no file holds, but the metadata service hands out: using one elsewhere is seen."""

from string import ascii_letters, ascii_uppercase, digits

from biopsy.sandbox.profile_seed import Stream
from biopsy.sandbox.raw import Canary

_URLSAFE = ascii_letters + digits + "-_"
_FORMS = {
    "metadata-key-id": ("ASIA", ascii_uppercase + "234567", 16),
    "metadata-secret": ("", ascii_letters + digits + "/+", 40),
    "metadata-session": ("IQoJb3JpZ2luX2VjE", ascii_letters + digits + "/+", 340),
    "metadata-gcp-token": ("ya29.c.c0A", _URLSAFE, 120),
    "metadata-azure-token": ("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.", _URLSAFE, 400),
}


def canaries(seed: bytes) -> tuple[Canary, ...]:
    """The credentials that the simulated internet hands out in a run: for its `Spec`, and for `Raw`."""
    stream = Stream(seed)
    return tuple(
        Canary(name, prefix + stream.text(f"served {name}", alphabet, count))
        for name, (prefix, alphabet, count) in _FORMS.items()
    )
