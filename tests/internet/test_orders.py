"""Who waits for orders gets them in the way in which it spoke."""

import base64
import json
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.sandbox.internet import tag
from biopsy.sandbox.internet.orders import orders

from .conftest import Net

TOKEN = "0123456789abcdef"
HELLO = b'{"hello": "mira-laptop"}'


def test_who_says_an_object_is_told_an_object_in_one_line() -> None:
    first, *rest = orders(TOKEN, HELLO + b"\n")
    assert first.endswith(b"\n")
    assert json.loads(first)["cmd"] == tag.shell(TOKEN)
    assert rest[0].decode() == tag.code(TOKEN)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_who_says_base64_is_told_base64(encode) -> None:
    hello = encode(b"???>>> mira-laptop") + b"\n"
    first = orders(TOKEN, hello)[0]
    assert base64.urlsafe_b64decode(first.translate(bytes.maketrans(b"+/", b"-_"))).decode() == tag.shell(
        TOKEN
    )


def test_an_object_in_base64_is_answered_by_one_in_base64() -> None:
    first = orders(TOKEN, base64.b64encode(HELLO))[0]
    assert json.loads(base64.b64decode(first))["command"] == tag.shell(TOKEN)


@pytest.mark.parametrize("form", [">I", "<I", ">H", ">Q"])
def test_a_block_behind_its_length_is_answered_by_such_a_block(form: str) -> None:
    first = orders(TOKEN, struct.pack(form, len(HELLO)) + HELLO)[0]
    head = struct.calcsize(form)
    assert struct.unpack_from(form, first)[0] == len(first) - head
    assert json.loads(first[head:])["run"] == tag.shell(TOKEN)


def test_of_two_blocks_the_first_tells_the_form() -> None:
    block = struct.pack(">I", len(HELLO)) + HELLO
    assert orders(TOKEN, block + block)[0] == orders(TOKEN, block)[0]


@pytest.mark.parametrize("spoken", [b"", b"HELLO mira\n", b"{", b"[[[", b"\x00\x00\x00\x00", b"{" * 70_000])
def test_who_says_something_else_is_told_what_everybody_is(spoken: bytes) -> None:
    assert orders(TOKEN, spoken) == orders(TOKEN)
    assert orders(TOKEN)[0].decode() == tag.code(TOKEN)


@given(st.binary(max_size=300))
def test_nothing_that_is_said_keeps_it_from_answering(spoken: bytes) -> None:
    assert orders(TOKEN, spoken)[-5:] == orders(TOKEN)


def test_a_client_that_reads_objects_line_by_line_is_told_one_first(net: Net) -> None:
    def obey() -> str:
        with (
            socket.create_connection(("203.0.113.46", 9001), timeout=5) as client,
            client.makefile("rw") as lines,
        ):
            lines.write(HELLO.decode() + "\n")
            lines.flush()
            return json.loads(lines.readline())["cmd"]

    assert "getent hosts" in net.inside(obey)
