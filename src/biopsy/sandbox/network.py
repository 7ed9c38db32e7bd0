"""The two network namespaces of a cell: its own, where the internet lives, and the sandbox's, beside it.

Both vanish with the cell. Addresses and routes are what `biopsy.sandbox.internet` asks for.
"""

import subprocess

from biopsy.errors import SandboxError
from biopsy.sandbox.order import Site

NAMESPACE = "box"
OUTSIDE = "wan0"
"""The internet's end of the pair."""
INSIDE = "eth0"
MAC = "3c:7c:3f"  # first half of a hardware address that a common vendor uses

_DETAIL = 300


def make() -> None:
    """Make the sandbox's namespace; needs a private /run, and a /proc of our own."""
    _run("ip", "netns", "add", NAMESPACE)
    # gVisor of these years takes any namespace with this folder for the host's own, and refuses.
    _run("nsenter", f"--net=/run/netns/{NAMESPACE}", "mount", "-t", "tmpfs", "tmpfs", "/proc/sys/net/core")


def join(site: Site, mac: str) -> None:
    """Join the sandbox's namespace to ours by a pair of interfaces, and give it addresses and routes."""
    # Both ends must be up for the routes to hold; the internet wants its own without addresses.
    outside = f"link add {OUTSIDE} type veth peer name {INSIDE} netns {NAMESPACE}\nlink set {OUTSIDE} up\n"
    _run("ip", "-batch", "-", text=outside)
    inside = f"""\
link set lo up
link set {INSIDE} address {mac}
addr add {site.address4}/24 dev {INSIDE}
addr add {site.address6}/128 dev {INSIDE} nodad
link set {INSIDE} up
route add default via {site.gateway4}
route add {site.gateway6}/128 dev {INSIDE}
route add default via {site.gateway6} dev {INSIDE}
"""
    _run("ip", "-n", NAMESPACE, "-batch", "-", text=inside)


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise SandboxError(f"{' '.join(command[:4])}: {done.stderr.strip()[:_DETAIL]}")
