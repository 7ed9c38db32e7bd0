"""Whatever a package sends, the internet stays up, keeps its bounds, and says what it lost."""

import gzip
import os
import socket
import ssl
import subprocess
import time
import zlib
from pathlib import Path

import dnslib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.sandbox.internet import bodies, datagram, dns, frames, leads, names, reply, spec, tag, talk, zone
from biopsy.sandbox.internet.allowed import Allowed
from biopsy.sandbox.internet.record import Recorder
from biopsy.sandbox.raw import Said

from .conftest import Bounds, Net, internet

NAMES, TAGS = names.Names("s", 1000), tag.Tags("s")
TEXTS = zone.Texts(zone.load(), TAGS, leads.Leads("s"))
calmly = settings(max_examples=50, deadline=None)
QUESTION = dnslib.DNSRecord.question("x.example", "A").pack()


@calmly
@given(st.binary(max_size=600))
def test_dns_never_fails_over_noise(message: bytes) -> None:
    dns.resolve(message, NAMES, TEXTS, 512)


@calmly
@given(st.integers(0, len(QUESTION) - 1), st.integers(0, 255), st.binary(max_size=20))
def test_dns_never_fails_over_a_damaged_question(at: int, byte: int, tail: bytes) -> None:
    damaged = bytearray(QUESTION)
    damaged[at] = byte
    dns.resolve(bytes(damaged) + tail, NAMES, TEXTS, 512)
    dns.resolve(bytes(damaged[:at]), NAMES, TEXTS)


@calmly
@given(
    st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=3),
    st.sampled_from(sorted(dnslib.QTYPE.reverse)),
)
def test_every_type_of_question_about_any_name_is_answered(labels: list[bytes], kind: str) -> None:
    question = dnslib.DNSQuestion(dnslib.DNSLabel(labels), dnslib.QTYPE.reverse[kind])
    message = bytes(dnslib.DNSRecord(q=question).pack())
    found = dns.resolve(message, NAMES, TEXTS)
    assert found.wire[3] & 15 == dnslib.RCODE.NOERROR
    assert found.wire[12 : len(message)] == message[12:]


def test_a_name_that_points_at_itself_is_malformed() -> None:
    loop = QUESTION[:12] + b"\xc0\x0c\0\1\0\1"
    assert dns.resolve(loop, NAMES, TEXTS).summary.startswith("malformed")


@calmly
@given(st.lists(st.binary(max_size=40)))
def test_frames_never_fail_over_noise(chunks: list[bytes]) -> None:
    reader = frames.Frames(100)
    for chunk in chunks:
        reader.feed(chunk)
    assert len(reader.payload) <= 100


@calmly
@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4), st.integers(1, 50))
def test_masked_frames_are_read_however_they_are_cut(body: bytes, mask: bytes, step: int) -> None:
    size = bytes((0x80 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    stream = b"\x82" + size + mask + frames.unmasked(body, mask)
    reader = frames.Frames(1000)
    for start in range(0, len(stream), step):
        reader.feed(stream[start : start + step])
    assert reader.payload == body


@calmly
@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "gzip, deflate", "x" * 50, ""]))
def test_bodies_never_fail_over_noise(data: bytes, encoding: str) -> None:
    bodies.decoded(data, encoding, 100)


def test_a_bomb_is_read_up_to_the_limit() -> None:
    bomb = gzip.compress(gzip.compress(bytes(200_000_000), 9), 9)
    start = time.monotonic()
    assert len(bodies.decoded(bomb, "gzip, gzip", 1_000_000)) <= 1_000_000
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(b"loot")),
        ("deflate", zlib.compress(b"loot")),
        ("deflate", zlib.compressobj(wbits=-15).compress(b"") + zlib.compress(b"loot")[2:-4]),
        ("deflate, gzip", gzip.compress(zlib.compress(b"loot"))),
        ("br", b"loot"),
        ("gzip", b"loot"),
    ],
    ids=["gzip", "zlib", "raw deflate", "two of them", "brotli in name only", "gzip in name only"],
)
def test_encodings_are_undone(encoding: str, data: bytes) -> None:
    assert bodies.decoded(data, encoding, 100) == b"loot"


@pytest.mark.parametrize("dialogue", talk.load().by_port.values(), ids=lambda one: one.service[:20])
@settings(max_examples=20, deadline=None)
@given(chunks=st.lists(st.binary(max_size=60), max_size=8))
def test_dialogues_never_fail_over_noise(dialogue: talk.Dialogue, chunks: list[bytes]) -> None:
    speaker = talk.Speaker(dialogue, "mail.example", "203.0.113.1")
    for chunk in chunks:
        speaker.hear(chunk)


@calmly
@given(st.text(max_size=50), st.text(max_size=80), st.binary(max_size=100))
def test_replies_never_fail_over_noise(host: str, path: str, body: bytes) -> None:
    asked = reply.Asked("POST", host, "/" + path, {"accept": path}, body)
    assert reply.Replies(RULES, TAGS, {}).to(asked).status


RULES = reply.load()


@calmly
@given(st.text(max_size=100))
def test_what_may_be_fetched_never_fails_over_noise(text: str) -> None:
    assert Allowed([]).refuse("GET", "https://index.example/" + text)
    assert not Allowed([]).knows("https://" + text)


@calmly
@given(st.binary(max_size=100))
def test_the_clock_never_fails_over_noise(data: bytes) -> None:
    assert len(datagram.clock(data)) in (0, 48)


def test_the_record_is_bounded_and_says_what_it_lost(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, spec.Bounds(total=20_000, request=5_000, exchanges=1_000))
    for _ in range(100):
        recorder.add(Said(1, "tcp", "203.0.113.1", 1, request=bytes(10_000), sent=10_000))
    recorder.close()
    assert (tmp_path / "said.jsonl").stat().st_size < 30_000
    assert recorder.count.kept + recorder.count.dropped == 100
    assert recorder.count.dropped
    assert recorder.count.cut


# Over the wire


def alive(net: Net) -> bool:
    return net.curl("http://alive.example/x.sh").stdout.startswith("#!/bin/sh")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 40_000 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT a:99999999 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"CONNECT : HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /dns-query?dns=!!! HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /resolve?name=..&type=zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        b"\x16\x03\x01\xff\xff" + os.urandom(3000),
        b"\x16",
        b"\x00",
    ],
    ids=range(22),
)
def test_odd_requests_are_survived_and_recorded(net: Net, data: bytes) -> None:
    address, port = "203.0.113.99", 10_000 + hash(data) % 50_000
    net.tcp(address, port, data, wait=3)
    assert net.heard(lambda s: (s.address, s.port) == (address, port))
    assert net.process.poll() is None


def test_a_smuggled_request_is_in_the_record(net: Net) -> None:
    data = (
        b"POST /front HTTP/1.1\r\nHost: smuggle.example\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: smuggle.example\r\n\r\n"
    )
    net.tcp("203.0.113.98", 80, data)
    assert net.heard(lambda s: s.address == "203.0.113.98" and b"/hidden" in s.request)


def test_requests_in_one_go_are_told_apart(net: Net) -> None:
    one = b"POST /%d HTTP/1.1\r\nHost: pipe.example\r\nContent-Length: 3\r\n\r\nab%d"
    net.tcp("203.0.113.97", 80, one % (1, 1) + one % (2, 2) + one % (3, 3))
    said = [s for s in net.said() if s.address == "203.0.113.97"]
    assert [(s.summary, s.body, s.request) for s in said] == [
        (f"POST /{n}", b"ab%d" % n, one % (n, n)) for n in (1, 2, 3)
    ]
    assert [s.sent for s in said] == [len(one % (1, 1))] * 3


def test_a_client_that_distrusts_the_certificate_is_recorded(net: Net) -> None:
    address = net.address("pinned.example")

    def pin() -> None:
        context = ssl.create_default_context()
        with socket.create_connection((address, 443), timeout=5) as client, pytest.raises(ssl.SSLError):
            context.wrap_socket(client, server_hostname="pinned.example")

    net.inside(pin)
    said = net.heard(lambda s: s.protocol == "tls" and s.name == "pinned.example")
    assert "unknown ca" in said.summary


def test_tls_without_a_valid_name_is_recorded(net: Net) -> None:
    done = net.run(
        "openssl",
        "s_client",
        "-connect",
        "203.0.113.96:443",
        "-servername",
        "bad_name.\xff.example",
        input="",
    )
    assert done.returncode is not None
    assert net.heard(lambda s: s.address == "203.0.113.96")


def test_a_tunnel_is_looked_into(net: Net) -> None:
    done = net.curl("https://behind.example/x", "-x", "http://proxy.example:3128", "-d", "loot")
    assert done.returncode == 0, done.stderr
    assert net.heard(lambda s: s.name == "behind.example" and s.protocol == "https").body == b"loot"


def test_a_proxied_request_is_for_its_target(net: Net) -> None:
    assert net.curl("http://target.example/run.sh", "-x", "http://proxy.example:3128").stdout.startswith(
        "#!/bin/sh"
    )


def test_an_upload_that_waits_for_leave_gets_it(net: Net) -> None:
    net.curl(
        "http://expect.example/",
        "-H",
        "Expect: 100-continue",
        "-H",
        "Transfer-Encoding: chunked",
        "-d",
        "x" * 5000,
    )
    assert net.heard(lambda s: s.name == "expect.example" and s.protocol == "http").body == b"x" * 5000


def test_a_long_upload_is_kept_once_and_whole(net: Net, tmp_path: Path) -> None:
    (tmp_path / "loot").write_bytes(loot := os.urandom(3_000_000))
    net.curl("https://upload.example/", "-T", str(tmp_path / "loot"), "-H", "Expect:")
    said = net.heard(lambda s: s.name == "upload.example" and s.protocol == "https")
    assert (said.body == loot, len(said.request) < 100_000, said.sent > 3_000_000) == (True, True, True)


def test_dns_over_https_is_dns(net: Net) -> None:
    done = net.curl("https://doh.example/resolve?name=leak.example&type=A")
    assert '"Answer": [{' in done.stdout
    assert net.heard(lambda s: s.protocol == "dns" and s.summary == "A leak.example" and s.port == 443)


def test_bounds_hold_over_the_wire(tmp_path: Path) -> None:
    bounds = Bounds(total=2_000_000, request=50_000, idle=1.0, connections=50, lifetime=3.0, read=300_000)
    with internet(tmp_path / "R", bounds) as net:

        def crowd() -> None:
            clients = []
            for number in range(2_000):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(("203.0.113.10", 80))
                clients.append(client)
                if number % 100 == 0:
                    time.sleep(0.05)
            for client in clients:
                client.close()

        def drip() -> float:
            start = time.monotonic()
            with socket.create_connection(("203.0.113.11", 80), timeout=10) as client:
                client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
                try:
                    while time.monotonic() - start < 10:
                        client.sendall(b"x")
                        time.sleep(0.3)
                except OSError:
                    pass
            return time.monotonic() - start

        def flood() -> None:
            with socket.create_connection(("203.0.113.12", 9000), timeout=5) as client:
                try:
                    for _ in range(100):
                        client.sendall(bytes(100_000))
                except OSError:
                    pass

        net.inside(crowd)
        assert net.inside(drip) < 8
        net.inside(flood)
        assert alive(net)
        said = net.heard(lambda s: s.port == 9000)
        assert (len(said.request), said.sent < 1_000_000) == (50_000, True)
        count = net.end()
    assert count.refused > 0
    assert count.cut > 0


def test_what_is_open_at_the_end_is_recorded(tmp_path: Path) -> None:
    with internet(tmp_path / "R") as net:

        def hang() -> list[socket.socket]:
            raw = socket.create_connection(("203.0.113.13", 6000), timeout=5)
            raw.sendall(b"half a sentence")
            web = socket.create_connection(("203.0.113.14", 80), timeout=5)
            web.sendall(b"POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            return [raw, web]

        held = net.inside(hang)
        time.sleep(0.2)
        net.end()
        assert [s.request for s in net.said() if s.port == 6000] == [b"half a sentence"]
        assert [s.body for s in net.said() if s.port == 80] == [b"half"]
        for one in held:
            one.close()


def test_nothing_leads_out(net: Net) -> None:
    outer = net.namespace.removesuffix("s") + "i"
    shown = subprocess.run(
        ("ip", "-n", outer, "-o", "link"), capture_output=True, text=True, check=True
    ).stdout
    up = {line.split(": ")[1].partition("@")[0] for line in shown.splitlines() if ",UP" in line}
    assert up == {"lo", "veth-i"}
    routes = subprocess.run(
        ("ip", "-n", outer, "route"), capture_output=True, text=True, check=True
    ).stdout.split("\n")
    assert sorted(one for one in routes if one) == [
        "192.168.1.37 dev veth-i scope link src 192.168.1.1 ",
        "local default dev lo scope host ",
    ]


def test_it_will_not_start_beside_a_real_network(tmp_path: Path) -> None:
    (tmp_path / "internet.json").write_text(
        '{"folder":".","interface":"none","peer4":"192.0.2.1","gateway4":"192.0.2.2","seed":"s"}'
    )
    import sys

    done = subprocess.run(
        (sys.executable, "-m", "biopsy.sandbox.internet", tmp_path / "internet.json"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "internet" in done.stderr


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (
            "/kelektiv/node.bcrypt.js/releases/download/v5.1.1/bcrypt_lib-v5.1.1-napi-v3-linux-x64-glibc.tar.gz",
            404,
        ),
        ("/x/releases/download/v11.0.0/better-sqlite3-v11.0.0-node-v127-linux-x64.tar.gz", 404),
        ("/x/releases/download/v1.0.0/update-linux-x64.tar.gz", 200),
    ],
)
def test_only_prebuilt_addons_are_not_there(path: str, status: int) -> None:
    assert (
        reply.Replies(RULES, TAGS, {}).to(reply.Asked("GET", "downloads.example", path, {}, b"")).status
        == status
    )
