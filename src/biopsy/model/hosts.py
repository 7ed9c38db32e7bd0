"""Hosts by what they are for: messengers, request bins, tunnels …, and what all share. No verdicts."""

from functools import cache
from pathlib import Path

SHARED = frozenset({
    "code-host", "cdn", "cloud-storage", "hosting", "telemetry", "standards", "messenger", "paste",
    "file-drop",
    "shortener", "dyndns", "ip-echo", "metadata", "ledger-node",
})  # fmt: skip
"""Classes whose hosts serve everybody: to block them is to block others as well."""

MAX_HOST = 253
"""Longest name of a host, in characters (RFC 1035, 2.3.4)."""


@cache
def hosts() -> dict[str, str]:
    """Every domain that is known, with its class."""
    lines = Path(__file__).with_name("hosts.txt").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {domain: name for name, domain in pairs}


def host_class(host: str) -> str:
    """The class of a host's name or address (`request-bin`, `tunnel`, …); empty where it has none."""
    known = hosts()
    rest = host.lower().strip(".")[-MAX_HOST:].partition(":")[0]
    while rest:
        if rest in known:
            return known[rest]
        rest = rest.partition(".")[2]
    return ""
