"""Second hosts: what a dead drop names, so that going there shows that its words were followed."""

import base64
import hashlib

MAX_LEADS = 10_000
"""Hosts that are remembered as handed out."""

ZONE = "node-relay.example"
"""Below it are the hosts that dead drops name. Reserved (RFC 2606): it is nobody's."""


class Leads:
    """The hosts that were handed out in a run, each with the host that named it."""

    def __init__(self, seed: str) -> None:
        """Begin with a seed that no package knows: a host cannot be guessed."""
        self._seed = seed.encode()[:64]
        self._givers: dict[str, str] = {}

    def host(self, giver: str) -> str:
        """The host that `giver` names: always the same one."""
        host = f"n{hashlib.blake2b(giver.encode(), key=self._seed, digest_size=5).hexdigest()}.{ZONE}"
        if len(self._givers) < MAX_LEADS:
            self._givers.setdefault(host, giver)
        return host

    def giver(self, host: str) -> str:
        """Who named `host`, or nothing."""
        return self._givers.get(host.lower().rstrip("."), "")


def formed(text: str, form: str) -> str:
    """`text` in a form: plain, `base64`, `hex`, or `abi` (as a contract of Ethereum returns a string)."""
    data = text.encode()
    match form:
        case "base64":
            return base64.b64encode(data).decode()
        case "hex":
            return data.hex()
        case "abi":  # offset, length, bytes filled up to 32
            padded = data + bytes(-len(data) % 32)
            return "0x" + (32).to_bytes(32, "big").hex() + len(data).to_bytes(32, "big").hex() + padded.hex()
        case _:
            return text
