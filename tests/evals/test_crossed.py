import ast
import ipaddress
import json
import re
from itertools import combinations
from random import Random

import pytest
from evals.scenario import Scenario, heldout
from evals.syntax import JS_SUFFIXES, parse

from evals import cross

ECOSYSTEMS: tuple[cross.Ecosystem, ...] = ("pypi", "npm")
OPEN = [one for ecosystem in ECOSYSTEMS for one in cross.cases(ecosystem)]
ASIDE = [one for ecosystem in ECOSYSTEMS for one in cross.cases(ecosystem, aside=True)]
HONEST = [one for ecosystem in ECOSYSTEMS for one in cross.honest(ecosystem)]
EVERY = [*OPEN, *ASIDE, *HONEST, *heldout()]
NETWORKS = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/32",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "127.0.0.0/8",
        "169.254.169.254/32",
        "169.254.170.2/32",
    )
]
DESTRUCTION = re.compile(r"rmtree|rmSync|\bunlink|rm -rf|os\.remove|shred|mkfs|fork\(\)|\.rmdir|rmdirSync")

DEFAULTS = {"registry" + ".npmjs.org", "github.com", "api.github.com", "nodejs.org"}
"""Public defaults that honest packages name as they do; a simulant names none."""

OWN_FILES = {"FPM13", "KCM04", "KPM05", "LN02", "ZP10"}
"""Simulants that remove the temporary file that they wrote, or fork once or twice. Controls may tidy up after themselves."""


def words(one: Scenario) -> str:
    """Return its text; of a crossed case the source before it was dressed."""
    if one.id.startswith("X"):
        return one.parts["stage"]
    texts = [entry for entry in one.files.values() if isinstance(entry, str)]
    return "\n".join((*texts, *one.parts.values(), *one.requires, *one.payload_requires))


def test_every_pair_of_payload_trigger_and_disguise_occurs() -> None:
    triples = list(cross.pairwise((3, 4, 5), Random(1)))
    assert len(triples) < 3 * 4 * 5 / 2
    for a, b in combinations(range(3), 2):
        assert len({(one[a], one[b]) for one in triples}) == (3, 4, 5)[a] * (3, 4, 5)[b]


def test_there_are_as_many_as_promised() -> None:
    assert len(OPEN) >= 200
    assert len(ASIDE) >= 200
    assert len(HONEST) >= 200
    for ecosystem in ECOSYSTEMS:
        known = cross.parts(cross.OPEN, cross.LANGUAGES[ecosystem])
        assert len({one.name for one in known.payloads}) >= 12
        assert len(known.triggers) >= 12
        assert len(known.evasions) >= 12
    assert len({one.id for one in EVERY}) == len(EVERY)


def test_what_is_kept_aside_has_every_payload_in_words_of_its_own() -> None:
    for ecosystem in ECOSYSTEMS:
        known, kept = (cross.parts(where, cross.LANGUAGES[ecosystem]) for where in (cross.OPEN, cross.ASIDE))
        assert {one.name for one in kept.payloads} == {one.name for one in known.payloads}
        assert not {one.source for one in kept.payloads} & {one.source for one in known.payloads}
    assert len([one for one in heldout() if one.malicious]) >= 30


def test_all_sources_parse() -> None:
    for one in EVERY:
        for payload in (True, False) if one.malicious else (True,):
            for path, data in one.contents(payload=payload).items():
                if path.endswith(".py"):
                    ast.parse(data)
                elif path.endswith(".json"):
                    json.loads(data)
                elif path.endswith(JS_SUFFIXES) and not data.startswith(b"#!"):
                    assert not parse(data).has_error, (one.id, path)
                assert not re.search(rb"^(!!|\?\?)|@payload|@inline", data, re.MULTILINE), (one.id, path)


def test_payloads_parse_before_they_are_dressed() -> None:
    for one in (*OPEN, *ASIDE, *HONEST):
        stage = one.parts["stage"]
        if one.ecosystem == "pypi":
            ast.parse(stage)
        else:
            assert not parse(stage.encode()).has_error, one.id
        assert not re.search(r"\b(HOST|STEM|NAME)\b", stage), one.id
        assert "HOST" not in words(one), one.id


def test_only_reserved_hosts_and_addresses_are_named() -> None:
    reserved = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost)$")
    for one in EVERY:
        text = re.sub(r"xmlns=\"[^\"]*\"", "", words(one))  # which names a language, and is never asked
        for host in re.findall(r"(?:https?|tcp|ssl|ftp|wss?)://\[?([A-Za-z][A-Za-z0-9.-]*)", text):
            honest = not one.malicious and (host in DEFAULTS or host.endswith("."))  # the rest is a variable
            named = host in ("host", "HOST", "x-access-token") or honest
            assert named or reserved.search(host), (one.id, host)
        for address in re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", words(one)):
            assert any(ipaddress.ip_address(address) in net for net in NETWORKS), (one.id, address)


def test_nothing_is_destroyed_outside_a_decoy_folder() -> None:
    for one in EVERY:
        if one.malicious and one.id not in OWN_FILES and DESTRUCTION.search(words(one)):
            if "os.fork() == 0" in words(one):
                continue
            assert "sim_doomed" in words(one), one.id


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_the_same_seed_makes_the_same_cases(ecosystem: cross.Ecosystem) -> None:
    assert list(cross.cases(ecosystem, 2)) == list(cross.cases(ecosystem, 2))
    assert list(cross.cases(ecosystem, 2)) != list(cross.cases(ecosystem, 3))
