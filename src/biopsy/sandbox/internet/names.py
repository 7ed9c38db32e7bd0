"""Names and their addresses: every name has its own, the same for the whole run, and can be told from it."""

import hashlib
import ipaddress
from collections.abc import Iterator

PUBLIC = (
    *(13, 18, 20, 23, 34, 35, 50, 52, 54, 63, 64, 65, 66, 67, 68, 69, 72, 74, 76, 95, 96, 104, 107, 108),
    *(128, 129, 130, 134, 137, 138, 139, 142, 143, 144, 146, 147, 151, 157, 158, 159, 161, 162, 165, 167),
    *(173, 174, 178, 184, 185, 188, 193, 194, 195, 199, 204, 205, 206, 207, 208, 209, 212, 213, 216, 217),
)
"""First octets within which no address is reserved or private."""
_PREFIX6 = bytes.fromhex("2a05d018")  # within what is handed out for global use

_FIXED = {
    "localhost": ("127.0.0.1", "::1"),
    "metadata.google.internal": ("169.254.169.254", "fd20:ce::254"),
    "metadata.goog": ("169.254.169.254", "fd20:ce::254"),
    "instance-data.ec2.internal": ("169.254.169.254", "fd00:ec2::254"),
    "instance-data": ("169.254.169.254", "fd00:ec2::254"),
}


class Names:
    """The address book of a run. Past `most` names addresses are still given, but not remembered."""

    def __init__(self, seed: str, most: int) -> None:
        """Begin an address book that is the same for the same seed."""
        self._seed = seed.encode()
        self._most = most
        self._given: dict[tuple[str, int], str] = {}
        self._name: dict[str, str] = {}
        for name, addresses in _FIXED.items():
            for version, address in zip((4, 6), addresses, strict=True):
                self._given[name, version] = address

    def address(self, name: str, version: int) -> str:
        """The address of `name` (lower case, no dot at the end) in IPv4 or IPv6."""
        if (known := self._given.get((name, version))) is not None:
            return known
        address = next(found for found in self._choices(name, version) if found not in self._name)
        if len(self._name) < self._most:
            self._given[name, version] = address
            self._name[address] = name
        return address

    def name(self, address: str) -> str:
        """The name that was told this address, or nothing."""
        return self._name.get(address, "")

    def _choices(self, name: str, version: int) -> Iterator[str]:
        for attempt in range(1_000_000):
            text = f"{version} {attempt} {name}".encode("utf-8", "surrogateescape")
            noise = hashlib.blake2b(text, key=self._seed[:64], digest_size=16).digest()
            if version == 6:
                yield str(ipaddress.IPv6Address(_PREFIX6 + noise[:12]))
            else:
                first = PUBLIC[noise[0] % len(PUBLIC)]
                yield f"{first}.{noise[1]}.{noise[2]}.{noise[3] % 254 + 1}"
