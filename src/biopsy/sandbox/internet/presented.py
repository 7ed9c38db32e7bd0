"""The credential that a request presents, as a word: `none`, `foreign`, `revoked` or `planted NAME`.

A service that answers every token alike tells a thief that nobody checks. Here a token that was planted is
good until a reply says that it has been used enough (`revokes`), and from then on it is revoked everywhere;
any other is its bearer's own, and taken; `undefined` and its like are none.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from biopsy.sandbox.raw import Canary

MAX_VALUE = 8 * 1024
"""Characters of a header that are looked at."""
MAX_COUNTED = 10_000
"""Credentials whose use is counted."""

_HEADERS = ("authorization", "private-token", "job-token", "deploy-token", "x-api-key", "x-auth-token")
_FIELDS = ("access_token", "private_token", "token", "api_key")
_NOTHING = frozenset({"", "undefined", "null", "none", "nan", "false", "[object object]"})


class Wallet:
    """What was planted, and how often each credential was used for what wears it out."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        """Know what was planted."""
        self._planted = [(c.name, c.secret) for c in canaries if len(c.secret) >= 8]
        self._used: dict[str, int] = {}
        self._revoked: set[str] = set()

    def presented(self, headers: Mapping[str, str], path: str) -> str:
        """The word for the credential in a request with such headers and path."""
        value = _value(headers, path)
        if value.lower() in _NOTHING:
            return "none"
        name = next((name for name, secret in self._planted if secret in value), "")
        if not name:
            return "foreign"
        return "revoked" if name in self._revoked else f"planted {name}"

    def use(self, word: str, most: int) -> None:
        """Count a use of what `presented` named; after `most` of them it is revoked."""
        name = word.removeprefix("planted ")
        if name == word or (name not in self._used and len(self._used) >= MAX_COUNTED):
            return
        self._used[name] = self._used.get(name, 0) + 1
        if self._used[name] >= most:
            self._revoked.add(name)


def _value(headers: Mapping[str, str], path: str) -> str:
    for name in _HEADERS:
        if text := headers.get(name, "")[:MAX_VALUE].strip():
            return _bare(text)
    query = path.partition("?")[2][:MAX_VALUE]
    return next((value for name, value in parse_qsl(query) if name in _FIELDS), "") if query else ""


def _bare(text: str) -> str:
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "basic":
        return rest.strip() if scheme.lower() in {"bearer", "token"} else text
    try:
        user, _, password = base64.b64decode(rest.strip() + "===").decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return rest.strip()
    return password or user
