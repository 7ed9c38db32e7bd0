"""Whether bytes carry a canary, in clear or in an encoding."""

from collections.abc import Iterable

from biopsy.sandbox.raw import Canary


def carried(data: bytes, canaries: Iterable[Canary]) -> str:
    """`name as encoding` of the first canary in `data`, or nothing."""
    return next((f"{canary.name} as clear" for canary in canaries if canary.secret.encode() in data), "")
