"""A canary that leaves is found, in whatever form, whole, in part, or in slices; and nothing else is."""

import base64
import bz2
import codecs
import gzip
import io
import json
import lzma
import os
import time
import urllib.parse
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_traces import SECRET, START, TOKEN

from biopsy.sandbox.leak import carries, find
from biopsy.sandbox.raw import Canary, Said

S = TOKEN.secret.encode()
PYPI = Canary(
    "pypi-token", "pypi-AgEIcHlwaS5vcmcCJDk1Mjc0Y2E3LTQ4ZTItNDk1Zi1hM2I2LTdkMWU5YzBmODU0MQACKlszLCJl"
)
PHRASE = Canary(
    "wallet", "velvet cactus oblige marble drift walnut hurdle copper glimpse nephew orbit saddle"
)
KEY = Canary("ssh-key", base64.b64encode(bytes(range(3, 3 + 48))).decode())
ALL = (TOKEN, SECRET, PYPI, PHRASE, KEY)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "something else")
        archive.writestr("home/.npmrc", data)
    return out.getvalue()


def keyed(data: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data))


FORMS = {
    "clear": S,
    "base64": base64.b64encode(S),
    "base64 of more, second alignment": base64.b64encode(b"x" + S),
    "base64 of more, third alignment": base64.b64encode(b"xy" + S + b"zz"),
    "base64 for URLs, unpadded": base64.urlsafe_b64encode(b"?>" + S).rstrip(b"="),
    "base64 behind letters": b"payloadA" + base64.b64encode(b"{}" + S),
    "base64 in lines": base64.encodebytes(S * 4),
    "base64 twice": base64.b64encode(base64.b64encode(S)),
    "hex": S.hex().encode(),
    "HEX": S.hex().upper().encode(),
    "hex behind a figure": b"a" + S.hex().encode(),
    "hex with colons": S.hex(":").encode(),
    "hex escapes": "".join(f"\\x{b:02x}" for b in S).encode(),
    "percent, every character": "".join(f"%{b:02X}" for b in S).encode(),
    "gzip": gzip.compress(b"env=" + S),
    "zlib": zlib.compress(S + b" and more"),
    "deflate": deflated(b"some text before " + S),
    "base64 of gzip": base64.b64encode(gzip.compress(S)),
    "gzip of base64": gzip.compress(base64.b64encode(S)),
    "zip": zipped(b"x" * 500 + S),
    "zip in base64": base64.b64encode(zipped(S)),
    "bzip2": bz2.compress(S),
    "xz": lzma.compress(S),
    "reversed": S[::-1],
    "base64 of reversed": base64.b64encode(S[::-1]),
    "rot13": codecs.encode(S.decode(), "rot13").encode(),
    "xor": bytes(b ^ 0x5A for b in S),
    "xor with three bytes": keyed(S, b"\x1f\xc3\x72"),
    "base64 of xor with eight bytes": base64.b64encode(keyed(b"head" + S, b"k3y-0f-8")),
    "base64, reversed": base64.b64encode(S)[::-1],
    "hex, reversed": S.hex().encode()[::-1],
    "base64 of gzip, reversed": base64.b64encode(gzip.compress(S))[::-1],
    "base32 with the hex alphabet": base64.b32hexencode(S).rstrip(b"=").lower(),
    "base64 of xor": base64.b64encode(bytes(b ^ 0x5A for b in b"head" + S)),
    "json escapes": json.dumps({"t": S.decode()}).replace("_", "\\u005f").encode(),
    "json in json in base64": base64.b64encode(json.dumps(json.dumps({"k": 'a"' + S.decode()})).encode()),
    "utf-16": S.decode().encode("utf-16-le"),
    "base32": base64.b32encode(S),
    "numbers": ",".join(map(str, S)).encode(),
    "pieces in a list": json.dumps([S.decode()[at : at + 4] for at in range(0, 40, 4)]).encode(),
    "upper case": S.upper(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    data = b"POST /in HTTP/1.1\r\nHost: collector.example\r\n\r\nq=" + FORMS[form] + b"&z=1"
    found = carries(FORMS[form] if form in {"deflate", "utf-16"} else data, ALL)
    assert found
    assert found[0] == "npm-token"


@pytest.mark.parametrize(
    ("form", "encoding"),
    [("clear", "clear"), ("base64", "base64"), ("base64 of gzip", "base64+gzip"), ("hex", "hex"), ("reversed", "reversed"),
     ("base64 of xor", "base64+xor"), ("base64 twice", "base64+base64")],
)  # fmt: skip
def test_the_encoding_is_named_from_the_outside_in(form: str, encoding: str) -> None:
    assert carries(b"v=" + FORMS[form], ALL) == ("npm-token", encoding)


def said(name: str, line: str = "GET /", body: bytes = b"", at: int = 0, **more: object) -> Said:
    request = f"{line} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode() + body
    known = {"summary": line, "request": request, "body": body}
    return Said(START + at, "https", "198.51.100.7", 443, 5000, name, **(known | more))  # type: ignore[arg-type]


def asked(name: str, at: int = 0) -> Said:
    return Said(START + at, "dns", "192.0.2.1", 53, 4000, name, f"A {name}")


def forms(*talk: Said) -> list[tuple[str, str]]:
    leaks, searched = find(ALL, talk)
    assert searched
    return [(leak.name, leak.form) for leak in leaks]


def sliced(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def test_a_secret_split_over_the_labels_of_one_name_is_found() -> None:
    host = ".".join([*sliced(S.hex(), 30), "drop.example"])
    assert [name for name, _ in forms(asked(host))] == ["npm-token"]


@pytest.mark.parametrize(
    "encoded",
    [
        S.hex(),
        base64.b32encode(S).decode().rstrip("=").lower(),
        S.decode().lower().replace("_", "-"),
        base64.urlsafe_b64encode(S).decode().rstrip("="),
    ],
    ids=["hex", "base32", "lower case", "base64"],
)
@pytest.mark.parametrize(
    "numbered", ["{part}", "{number}.{part}", "{number}-{part}", "{part}.{number}", "{part}.s1"]
)
def test_a_secret_split_over_many_names_is_found(encoded: str, numbered: str) -> None:
    parts = enumerate(sliced(encoded, 9))
    names = [numbered.format(part=part, number=number) + ".drop.example" for number, part in parts]
    talk = [asked(name, at) for at, name in enumerate(name for name in names for _ in range(2))]  # A and AAAA
    assert [name for name, _ in forms(*talk)] == ["npm-token"]


@pytest.mark.parametrize(
    "encoded",
    [
        base64.b32encode(keyed(b'{"k":"' + S + b'"}', b"\x91\x07\xee")).decode().rstrip("=").lower(),
        base64.b32hexencode(S).decode().rstrip("=").lower(),
        keyed(S, b"\x91\x07\xee\x40").hex()[::-1],
        S.hex()[::-1],
    ],
    ids=["base32 of xor", "base32hex", "hex of xor, reversed", "hex, reversed"],
)
@pytest.mark.parametrize("order", ["{part}.{number}.a7f3c2.ns", "{number}.{part}.a7f3c2.q", "a7f3c2.{part}"])
def test_a_secret_stands_between_labels_that_are_in_every_name(encoded: str, order: str) -> None:
    names = [
        order.format(part=part, number=at) + ".drop.example" for at, part in enumerate(sliced(encoded, 25))
    ]
    assert [name for name, _ in forms(*(asked(name, at) for at, name in enumerate(names)))] == ["npm-token"]


@pytest.mark.parametrize("size", [3, 8, 12])
@pytest.mark.parametrize(
    "line", ["GET /p?c={part}", "GET /p?n={number}&c={part}", "GET /x/{part}", "GET /x/{part}/{number}"]
)
def test_a_secret_sliced_over_requests_is_found(size: int, line: str) -> None:
    parts = enumerate(sliced(base64.urlsafe_b64encode(S).decode().rstrip("="), size))
    talk = [said("drop.example", line.format(part=part, number=number), at=number) for number, part in parts]
    assert [name for name, _ in forms(*talk)] == ["npm-token"]


def test_a_secret_sliced_over_bodies_headers_and_raw_streams_is_found() -> None:
    parts = sliced(S.decode(), 7)
    bodies = [said("a.example", "POST /", part.encode(), at) for at, part in enumerate(parts)]
    fields = [
        said("b.example", "POST /", json.dumps({"i": at, "d": part}).encode(), at)
        for at, part in enumerate(parts)
    ]
    headers = [
        said(
            "c.example", at=at, request=f"GET / HTTP/1.1\r\nHost: c.example\r\nX-Id: {part}\r\n\r\n".encode()
        )
        for at, part in enumerate(parts)
    ]
    raw = [
        Said(START + at, "udp", "203.0.113.9", 9999, 1, request=part.encode())
        for at, part in enumerate(parts)
    ]
    for talk in (bodies, fields, headers, raw):
        assert [name for name, _ in forms(*talk)] == ["npm-token"]


def test_slices_belong_to_the_phase_that_they_were_whole_in() -> None:
    parts = sliced(S.hex(), 12)
    talk = [asked(f"{part}.drop.example", at) for at, part in enumerate(parts * 2)]
    phases = ["import"] * len(parts) + ["execute"] * len(parts)
    assert [leak.said for leak in find(ALL, talk, phases)[0]] == [len(parts) - 1]
    assert [leak.name for leak in find(ALL, talk[: len(parts)], ["a", "b"] * 50)[0]] == ["npm-token"]


def test_a_part_is_enough_and_is_called_a_part() -> None:
    assert forms(said("x.example", body=S[10:28])) == [("npm-token", "clear, in part")]
    assert forms(said("x.example", body=S[10:24])) == []


def test_each_destination_is_told_once_for_each_canary() -> None:
    talk = [
        said("x.example", body=S),
        said("x.example", body=S),
        said("y.example", body=S + SECRET.secret.encode()),
    ]
    assert forms(*talk) == [("npm-token", "clear"), ("npm-token", "clear"), ("aws-secret", "clear")]


@pytest.mark.parametrize(
    "public",
    [b"re.compile('pypi-AgEIcHlwaS5vcmc[A-Za-z0-9-_]{50,1000}')", b"npm_ ghp_ github_pat_11 AKIA", b"-----BEGIN OPENSSH PRIVATE KEY-----",
     b"velvet cactus oblige", b"1,2,3,4,5,6,7,8,9,10,11,12"],
)  # fmt: skip
def test_what_everybody_knows_of_a_credential_is_no_leak(public: bytes) -> None:
    assert carries(public * 3, ALL) is None


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_are_searched_without_a_false_find(data: bytes) -> None:
    assert carries(data, ALL) is None
    assert carries(base64.b64encode(data) + data.hex().encode(), ALL) is None


@given(st.text(max_size=200), st.binary(max_size=200))
def test_any_talk_is_searched(text: str, data: bytes) -> None:
    find(ALL, [said(text.encode(errors="replace").decode(), f"GET {text}", data), asked(text)])


def test_a_bomb_is_opened_no_further_than_its_limit() -> None:
    layer = b"\0" * 50_000_000
    for _ in range(3):
        layer = gzip.compress(layer)
    start = time.monotonic()
    assert carries(layer, ALL) is None
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("text", [False, True])
def test_a_large_talk_is_searched_within_its_time(text: bool) -> None:
    many = tuple(Canary(f"c{n}", os.urandom(20).hex()) for n in range(25))
    bodies = [os.urandom(1_000_000) for _ in range(6)]
    talk = [
        said(f"h{n}.example", body=base64.b64encode(body) if text else body) for n, body in enumerate(bodies)
    ]
    start = time.monotonic()
    assert find(many, talk) == ([], True)
    assert time.monotonic() - start < 30


def test_what_was_not_searched_is_owned_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biopsy.sandbox.leak.MAX_WORK", 1_000)
    assert find(ALL, [said("x.example", body=b"x" * 2_000), said("y.example", body=S)])[1] is False


def test_slices_that_were_encoded_one_by_one_are_found() -> None:
    parts = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in sliced(S.decode(), 10)]
    assert [
        name for name, _ in forms(*[asked(f"{part}.drop.example", at) for at, part in enumerate(parts)])
    ] == ["npm-token"]


def test_a_flood_of_names_is_searched_quickly() -> None:
    talk = [asked(f"{os.urandom(8).hex()}.drop.example", at) for at in range(5_000)]
    start = time.monotonic()
    assert find(ALL, talk) == ([], True)
    assert time.monotonic() - start < 10


def test_url_encoded_forms_are_joined() -> None:
    query = urllib.parse.urlencode({"d": SECRET.secret})
    assert forms(said("x.example", f"GET /?{query}")) == [("aws-secret", "clear")]
