"""Composer itself, in the sandbox, installing from a registry of ours through the gateway."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.registry.composer import archive
from tests.registry.server import StandIn

from biopsy.ecosystems.composer import configuration
from biopsy.model.behaviour import By, Kind
from biopsy.model.dossier import Call
from biopsy.model.run import Status
from biopsy.pipeline import Options, analyze
from biopsy.sandbox import image, image_layers

WORDS = {"src/Words.php": "<?php namespace Acme\\Words; class Words { const ALL = ['a', 'b']; }"}
SLUGGER = {
    "src/Slug.php": (
        "<?php\nnamespace Acme;\nuse Acme\\Words\\Words;\n"
        "class Slug {\n  public function make(string $text): string {\n"
        "    eval('$sign = \"-\";');\n    return strtolower($text) . $sign . count(Words::ALL);\n  }\n}\n"
    ),
    "src/boot.php": "<?php define('SLUG_HOST', gethostname());",
}


def _address() -> str:
    """Give an address of this machine that is not the sandbox's own, too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but the loopback's")
        return str(probe.getsockname()[0])


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(host=_address()) as one:
        words = archive("acme/words", "1.4.0", WORDS, autoload={"psr-4": {"Acme\\Words\\": "src/"}})
        one.publish("composer", "acme/words", "1.4.0", [words])
        about = {
            "require": {"acme/words": "^1.0"},
            "autoload": {"psr-4": {"Acme\\": "src/"}, "files": ["src/boot.php"]},
        }
        one.publish("composer", "acme/slugger", "2.0.1", [archive("acme/slugger", "2.0.1", SLUGGER, **about)])
        config = f'{{"repositories": [{{"type": "composer", "url": "{one.url("composer")}"}}]}}'
        (tmp_path / "config.json").write_text(config)
        monkeypatch.setenv("COMPOSER_HOME", str(tmp_path))
        configuration.endpoint.cache_clear()
        yield one
        configuration.endpoint.cache_clear()


@pytest.mark.sandbox
def test_composer_installs_a_release_with_what_it_needs_and_all_of_it_is_loaded(
    registry: StandIn, home: Path
) -> None:
    built = image.current(home)
    if built is None or image_layers.current(built, "composer") is None:
        pytest.skip("no tools of composer: biopsy image build composer")
    options = Options(home=home, profiles=("laptop",))
    (analysis,) = analyze("composer:acme/slugger", options, lambda _text, _done: None)
    dossier = analysis.dossier
    assert dossier.release.purl == "pkg:composer/acme/slugger@2.0.1"
    phases = {outcome.phase: outcome for outcome in dossier.outcomes}
    assert {name: one.status for name, one in phases.items() if name != "later"} == {
        "install": Status.COMPLETED,
        "start": Status.COMPLETED,
        "import": Status.COMPLETED,
        "scripts": Status.SKIPPED,
        "execute": Status.COMPLETED,
        "tests": Status.SKIPPED,
    }
    assert phases["install"].reason == ""
    steps = {step.name: step.status for outcome in dossier.outcomes for step in outcome.steps}
    assert steps["src/Slug.php"] is Status.COMPLETED
    assert steps["Acme\\Slug->make()"] is Status.COMPLETED
    assert registry.count("/composer/dist/acme/words/1.4.0/") >= 1
    assert [one.text for one in dossier.evaluated] == ['$sign = "-";']
    mine = [one for one in dossier.behaviours if one.by is By.PACKAGE]
    assert not [one for one in mine if one.kind in {Kind.NET_HTTP, Kind.NET_CONNECT}]
    assert analysis.verdict.call is Call.BENIGN
