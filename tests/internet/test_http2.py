"""Clients that speak nothing but HTTP/2 are answered and recorded like any other."""

import json
import os
import shutil
import socket
import ssl
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.sandbox.internet import http2

from .conftest import Net


def test_one_that_speaks_both_is_heard_in_the_first(net: Net) -> None:
    assert (
        net.curl("https://both.example/", "--http2", "-w", "%{http_version}", "-o", "/dev/null").stdout
        == "1.1"
    )


def test_over_tls_it_is_recorded_with_method_host_path_and_body(net: Net) -> None:
    body = b"".join(
        _talk(net, "two.example", 443, [_post("two.example", "/in?x=1", b"token=abc")], tls=True).values()
    )
    assert json.loads(body)["ok"]
    said = net.heard(lambda s: s.name == "two.example" and s.protocol == "https")
    assert (said.summary, said.body, said.status) == ("POST /in?x=1", b"token=abc", 200)
    assert b"x-key: s3cret" in said.request
    assert said.token


def test_without_tls_it_is_known_by_how_it_begins(net: Net) -> None:
    done = net.curl("http://plain.example:8080/run.sh", "--http2-prior-knowledge")
    assert done.stdout.startswith("#!/bin/sh"), done.stderr
    said = net.heard(lambda s: s.name == "plain.example" and s.protocol == "http")
    assert (said.port, said.summary, said.token[:8] in done.stdout) == (8080, "GET /run.sh", True)


def test_requests_side_by_side_are_told_apart(net: Net) -> None:
    asked = [_post("side.example", f"/{n}", b"body %d" % n) for n in range(20)]
    answered = _talk(net, "side.example", 80, asked)
    assert len(answered) == 20
    for n in range(20):
        path = f"POST /{n}"
        assert net.heard(lambda s, p=path: s.name == "side.example" and s.summary == p).body == b"body %d" % n


def test_a_long_upload_is_kept_whole(net: Net, tmp_path: Path) -> None:
    (tmp_path / "loot").write_bytes(loot := os.urandom(3_000_000))
    net.curl("http://long.example/", "--http2-prior-knowledge", "-T", str(tmp_path / "loot"))
    said = net.heard(lambda s: s.name == "long.example" and s.protocol == "http")
    assert (said.body == loot, len(said.request) < 100_000) == (True, True)


def test_a_request_that_goes_on_is_answered_after_a_silence(net: Net) -> None:
    headers = [*_post("open.example", "/stream", b"")[0]]
    answered = _talk(net, "open.example", 80, [(headers, b"first words")], end=False)
    assert answered
    assert net.heard(lambda s: s.name == "open.example" and s.protocol == "http").body == b"first words"


@pytest.mark.parametrize("tail", [b"", b"\0" * 500, os.urandom(3000), b"\0\0\0\4\0\0\0\0\0" * 3000])
def test_noise_is_survived_and_recorded(net: Net, tail: bytes) -> None:
    port = 20_000 + len(tail)
    net.tcp("203.0.113.88", port, PREFACE + tail, wait=3)
    assert net.heard(lambda s: (s.address, s.port) == ("203.0.113.88", port)).request.startswith(b"PRI")
    assert net.process.poll() is None


def test_a_client_of_node_alone_is_served(net: Net) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    text = """
    const session = require('node:http2').connect('https://node.example', {ca: require('fs').readFileSync(process.argv[1])})
    const asked = session.request({':path': '/x', ':method': 'POST', 'x-a': 'b'})
    asked.setEncoding('utf8').on('data', (text) => process.stdout.write(text)).on('end', () => session.close())
    asked.end('hello')
    """
    done = net.run(node, "-e", text, str(net.folder / "ca.pem"))
    assert json.loads(done.stdout)["ok"], done.stderr
    assert net.heard(lambda s: s.name == "node.example" and s.protocol == "https").body == b"hello"


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def _post(host: str, path: str, body: bytes) -> tuple[list[tuple[str, str]], bytes]:
    scheme = [(":method", "POST"), (":authority", host), (":scheme", "https"), (":path", path)]
    return [*scheme, ("x-key", "s3cret")], body


def _talk(
    net: Net, host: str, port: int, asked: list, *, tls: bool = False, end: bool = True
) -> dict[int, bytes]:
    """Ask in one connection; give what each was answered."""
    address = net.address(host)

    def work() -> dict[int, bytes]:
        plain = socket.create_connection((address, port), timeout=5)
        context = ssl.create_default_context(cafile=net.folder / "ca.pem")
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(plain, server_hostname=host) if tls else plain as client:
            assert not tls or client.selected_alpn_protocol() == "h2"
            connection = h2.connection.H2Connection(h2.config.H2Configuration())
            connection.initiate_connection()
            for number, (headers, body) in enumerate(asked):
                connection.send_headers(2 * number + 1, headers)
                connection.send_data(2 * number + 1, body, end_stream=end)
            got, ended = {}, 0
            while ended < len(asked):
                client.sendall(connection.data_to_send())
                data = client.recv(65536)
                assert data, "hung up"
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.DataReceived):
                        got[event.stream_id] = got.get(event.stream_id, b"") + event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    ended += isinstance(event, h2.events.StreamEnded)
            return got

    return net.inside(work)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=20)), max_size=5))
def test_any_headers_make_a_request(headers: list[tuple[bytes, bytes]]) -> None:
    heard = http2._heard(headers)
    assert heard.method
    assert heard.size == len(heard.raw)
