"""Canaries that no file holds, but a service hands out: using one elsewhere is seen."""

import base64
import json
from collections.abc import Iterator
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
    "minted-npm-token": ("npm_", ascii_letters + digits, 36),
    "minted-pypi-token": ("pypi-AgEIcHlwaS5vcmc", _URLSAFE, 160),
}
_UNSAID = ("metadata-secret", "minted-npm-token", "minted-pypi-token", "workflow-identity")


def canaries(seed: bytes) -> tuple[Canary, ...]:
    """The credentials that the simulated internet hands out in a run: for its `Spec`, and for `Raw`."""
    stream = Stream(seed)
    drawn = (
        Canary(name, prefix + stream.text(f"served {name}", alphabet, count))
        for name, (prefix, alphabet, count) in _FORMS.items()
    )
    return (*drawn, _identity(stream))


def unsaid(seed: bytes) -> Iterator[Canary]:
    """Those of them that no honest client says to anybody but who handed them out, or takes them.

    With the secret of a cloud's key it signs. Key ids, session tokens and bearer tokens are said in every
    honest request, and so are no proof. To whom a build's identity may be said, rules know.
    """
    return (one for one in canaries(seed) if one.name in _UNSAID)


def _identity(stream: Stream) -> Canary:
    """Draw the token by which a build says who it is (OpenID Connect); the secret is its signature."""

    def part(data: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    head = {"typ": "JWT", "alg": "RS256", "kid": stream.text("served kid", ascii_uppercase + digits, 27)}
    claims = {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts",
        "ref": "refs/heads/main",
        "runner_environment": "github-hosted",
        "event_name": "push",
        "jti": stream.text("served jti", digits, 24),
        "exp": 4102444800,
    }
    signature = stream.text("served workflow-identity", _URLSAFE, 342)
    return Canary("workflow-identity", signature, text=f"{part(head)}.{part(claims)}.{signature}")
