"""For clients whose hosts are fixed: a proxy on loopback that answers for some hosts, by an authority of its own.

What a client asks of those goes to `biopsy serve`, as a company's proxy would have it; connections to other
hosts are passed on as they are.
"""

import contextlib
import os
import select
import socket
import ssl
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import certifi
from tests.clients.front import Front, Handler

from biopsy.sandbox.internet import authority

ROUTES = {
    "api.osv.dev": ("/", "/"),
    "raw.githubusercontent.com": ("/DataDog/malicious-software-packages-dataset/main/", "/exports/datadog/"),
}
"""Hosts that are answered for: what their paths begin with, and what that is here."""

IDLE = 60.0  # seconds without a byte before a connection that is passed on is closed


class Proxy(Handler):
    """Takes CONNECT, and nothing else."""

    issuer: authority.Authority

    def do_CONNECT(self) -> None:  # noqa: N802 - the name that the base asks for
        """Answer for the host that is asked for, or connect to it."""
        host, _, port = self.path.rpartition(":")
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        if host not in ROUTES:
            with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 20) as other:
                _pass_on(self.connection, other)
            return
        kind = type("Answers", (Answers,), {"front": self.front, "routes": ROUTES[host]})
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            kind(
                self.issuer.context(host).wrap_socket(self.connection, server_side=True),
                self.client_address,
                self.server,
            )


class Answers(Handler):
    """What is asked of a host through the proxy."""

    routes: tuple[str, str]

    def parse_request(self) -> bool:
        """Read the request, and put our path in place of the host's."""
        if not super().parse_request():
            return False
        begins, ours = self.routes
        self.path = ours + self.path.removeprefix(begins) if self.path.startswith(begins) else "/v1/none"
        return True


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([one, other], [], [], IDLE)
        if not ready:
            return
        for side in ready:
            data = side.recv(65536)
            if not data:
                return
            (other if side is one else one).sendall(data)


def start(front: Front, folder: Path) -> tuple[dict[str, str], ThreadingHTTPServer]:
    """Listen on loopback; returns the environment that leads a client here and has it trust the authority."""
    authority.make(folder)
    handler = type("Handler", (Proxy,), {"front": front, "issuer": authority.Authority(folder)})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    system = Path(os.environ.get("SSL_CERT_FILE") or certifi.where()).read_bytes()
    bundle = folder / "bundle.pem"
    bundle.write_bytes(system + b"\n" + (folder / "ca.pem").read_bytes())
    trusted = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
    where = f"http://127.0.0.1:{listener.server_address[1]}"
    return {**dict.fromkeys(trusted, str(bundle)), "HTTPS_PROXY": where, "https_proxy": where}, listener
