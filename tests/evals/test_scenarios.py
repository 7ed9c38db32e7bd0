import ast
import ipaddress
import json
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from evals.build import build
from evals.scenario import FOLDER, Scenario, scenarios

from biopsy.ecosystems import by_type
from biopsy.sandbox.profile import names
from evals import builders

ALL = list(scenarios())
MALICIOUS = [one for one in ALL if one.malicious]
RESERVED = re.compile(r"(?:^|\.)(?:example|test|invalid|localhost)$")
PRIVATE = [
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.0/8", "169.254.169.254/32")
]


def identity(one: Scenario) -> str:
    return one.id


def texts(one: Scenario) -> str:
    sources = [entry for entry in one.files.values() if isinstance(entry, str)]
    return "\n".join(
        (*sources, *one.parts.values(), *one.requires, *one.payload_requires, *one.archive.shadow.values())
    )


def test_there_are_as_many_as_promised() -> None:
    assert len(MALICIOUS) >= 40
    assert len(ALL) - len(MALICIOUS) >= 21


def test_ids_and_names_are_unique_and_names_could_be_nobodys() -> None:
    assert len({one.id for one in ALL}) == len(ALL)
    assert len({(one.ecosystem, one.name) for one in ALL}) == len(ALL)
    assert all("sim-" in one.name.lower() for one in ALL)


def test_the_file_is_named_after_the_id() -> None:
    for path in FOLDER.glob("*.yml"):
        assert path.name.startswith(yaml.safe_load(path.read_text())["id"] + "-")


def test_every_row_of_pypi_and_npm_has_a_scenario_and_the_others_a_reason() -> None:
    later = yaml.safe_load((FOLDER.parent / "later.yml").read_text())
    assert all(reason.startswith("needs ") for reason in later.values())
    rows = {one.row for one in ALL if one.row}
    assert not rows & set(later)
    assert len(rows) >= 52
    assert len([one for one in MALICIOUS if one.waits]) <= 7


def test_only_reserved_hosts_and_addresses_are_named() -> None:
    known = {"kubernetes.io", "java.io", "java.net"}  # a folder in every pod, packages of Java's library
    for one in ALL:
        for host in re.findall(r"(?:https?|tcp|ftp|wss?)://\[?([A-Za-z0-9.-]+)", texts(one)):
            if not host[0].isdigit():
                assert RESERVED.search(host), (one.id, host)
        for name in re.findall(
            r"['\"/@ ]([a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|sh|co|ru|cn|app|me))\b(?!\()",
            texts(one),
        ):
            assert name.endswith(".sh") or name in known, (one.id, name)
        for address in re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", texts(one)):
            assert any(ipaddress.ip_address(address) in net for net in PRIVATE), (one.id, address)


def test_nothing_is_destroyed_outside_a_decoy_folder() -> None:
    found = re.compile(r"rmtree|rmSync|\bunlink|rm -rf|os\.remove|shred|mkfs|fork\(\)")
    assert [one.id for one in ALL if found.search(texts(one)) and "sim_doomed" not in texts(one)] == []


@pytest.mark.parametrize("one", ALL, ids=identity)
def test_only_what_comes_with_the_language_is_used(one: Scenario) -> None:
    import sys

    own = {path.split("/")[0].removesuffix(".py") for path in one.files} | {"setuptools", "sim_ns"}
    for path, data in one.contents(payload=True).items():
        if not path.endswith(".py") or path.startswith("tests/"):
            continue
        for node in ast.walk(ast.parse(data)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += (
                [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            )
            for module in modules:
                assert module.split(".")[0] in own | sys.stdlib_module_names, module


@pytest.mark.parametrize("one", ALL, ids=identity)
def test_sources_parse_with_and_without_the_payload(one: Scenario) -> None:
    for payload in (True, False):
        for path, data in one.contents(payload=payload).items():
            if path.endswith(".py"):
                ast.parse(data)
            elif path.endswith(".json"):
                json.loads(data)
            assert b"\xc2\xab" not in data
            assert not re.search(rb"^(!!|\?\?) ", data, re.MULTILINE)


def test_expectations_make_sense() -> None:
    for one in ALL:
        assert one.profile in names(), one.id
        assert one.artifact in builders.names(), one.id
        assert by_type(one.ecosystem).type == one.ecosystem, one.id
        assert bool(one.expect.phase) is one.malicious, one.id
        read_only = one.expect.phase == "static"  # which needs no sandbox
        assert bool(one.needs) is one.malicious or read_only, one.id


@pytest.mark.parametrize("one", MALICIOUS, ids=identity)
def test_a_twin_is_the_package_without_its_payload(one: Scenario) -> None:
    full, clean = one.contents(payload=True), one.contents(payload=False)
    assert set(clean) <= set(full)
    differs = {path for path in full if full[path] != clean.get(path)}
    assert differs or one.payload_requires or one.archive != type(one.archive)()
    for path in set(clean) & differs:
        if isinstance(one.files[path], str):
            kept = [line for line in one.files[path].splitlines() if line.split(" ")[0] not in ("!!", "??")]
            assert set(kept) <= set(one.files[path].splitlines())
            assert kept, path
    hosts = b"collector.example|pypihosted|192\\.0\\.2\\.10"
    assert not [path for path, data in clean.items() if re.search(hosts, data)]


@pytest.mark.parametrize("one", ALL, ids=identity)
def test_the_same_scenario_makes_the_same_bytes(one: Scenario, tmp_path: Path) -> None:
    first, second = (build(one, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize("one", ALL, ids=identity)
def test_an_artifact_is_what_its_name_says(one: Scenario, tmp_path: Path) -> None:
    path = build(one, tmp_path, payload=False)
    if one.artifact == "wheel":
        with zipfile.ZipFile(path) as wheel:
            assert wheel.testzip() is None
            inside = wheel.namelist()
            record = next(name for name in inside if name.endswith(".dist-info/RECORD"))
            listed = [line.split(",")[0] for line in wheel.read(record).decode().splitlines()]
        assert sorted(listed) == sorted(inside)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
    else:
        with tarfile.open(path) as archive:
            several = one.artifact == "gem"  # an archive of archives
            assert len({member.name.split("/")[0] for member in archive}) == 1 or several
