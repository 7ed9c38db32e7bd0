"""The real RubyGems, in the sandbox, from a registry of the tests' own, through the gateway."""

import time
from pathlib import Path

import httpx
import pytest
from tests.registry import StandIn
from tests.registry.build import gem

from biopsy.ecosystems import by_type
from biopsy.ecosystems.gem.configuration import PATHS
from biopsy.model.behaviour import By, Kind
from biopsy.model.release import Artifact, Endpoint, Tree
from biopsy.model.run import Run, Status
from biopsy.sandbox import image, image_layers
from biopsy.sandbox.internet.gateway import Fetch, Reply
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.run import run
from thorough import WHOLE

INDEX = "http://gems.test/"
CONNECTS = (
    'begin; require "socket"; TCPSocket.new("{}.test", 80).close; rescue SystemCallError, SocketError; end\n'
)
EXTENSION = 'File.write("Makefile", "all:\\n\\ninstall:\\n\\nclean:\\n")\n'
FILES = {
    "lib/sim-top-words.rb": (
        'require "sim_base_words"\n'
        f"eval(%q({CONNECTS.format('evaluated').strip()}))\n"
        f"module SimTopWords\n  def self.call(word)\n    {CONNECTS.format('call')}    word.size\n  end\nend\n"
        f"Thread.new {{ sleep 7200; {CONNECTS.format('later').strip()} }}\n"
    ),
    "lib/sim_top_words/below.rb": CONNECTS.format("below"),
    "lib/rubygems_plugin.rb": CONNECTS.format("plugin"),
    "ext/a/extconf.rb": CONNECTS.format("extension") + EXTENSION,
    "exe/sim-top": f"#!/usr/bin/env ruby\n{CONNECTS.format('command')}",
    "test/test_top.rb": 'require "minitest/autorun"\n' + CONNECTS.format("test"),
}
BASE = {
    "lib/sim_base_words.rb": "",
    "ext/a/extconf.rb": CONNECTS.format("dependency") + EXTENSION,
}
PHASES = ("install", "start", "import", "execute", *(("scripts", "tests") if WHOLE else ()))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Run:
    """A gem with a hyphen in its name, everything that runs, and a dependency; run under one profile."""
    built = image.current(home)
    if built is None or image_layers.current(built, "gem") is None:
        pytest.skip("no tools of gem: biopsy image build gem")
    name, data = gem(
        "sim-top-words", "1.0.0", FILES, ("sim-base-words ~> 1.0",),
        executables=["sim-top"], extensions=["ext/a/extconf.rb"],
    )  # fmt: skip
    artifact = tmp_path_factory.mktemp("gem") / name
    artifact.write_bytes(data)
    plan = by_type("gem").plan(Tree(artifact.parent, ()), Artifact(name, "gem", artifact, len(data), ""))
    with StandIn() as registry, httpx.Client(trust_env=False) as client:
        base = gem("sim-base-words", "1.2.0", BASE, extensions=["ext/a/extconf.rb"])
        registry.publish("gem", "sim-base-words", "1.2.0", [base])

        def forward(fetch: Fetch) -> Reply:
            answer = client.get(fetch.url.replace(INDEX, registry.url("gem")))
            return Reply(answer.status_code, answer.headers["content-type"], answer.content)

        job = Job(
            f"test-{time.time_ns()}", Subject("gem", "sim-top-words", "1.0.0", name), artifact, "laptop",
            tuple(phase for phase in plan if phase.name in PHASES),
            endpoints=(Endpoint("gem", INDEX, "", PATHS),),
        )  # fmt: skip
        return run(job, home, forward=forward, progress=lambda _: None)


@pytest.mark.sandbox
def test_gem_installs_from_a_registry_through_the_gateway(seen: Run) -> None:
    assert {one.phase: (one.status, one.reason) for one in seen.outcomes} == dict.fromkeys(
        PHASES, (Status.COMPLETED, "")
    )


@pytest.mark.sandbox
def test_each_doing_is_in_its_phase_and_whose_it_is(seen: Run) -> None:
    whose = {
        b.value.partition(".")[0]: (b.where.phase, b.by, b.owner)
        for b in reversed(seen.behaviours)
        if b.kind is Kind.NET_DNS and b.value.endswith(".test")
    }
    assert whose.pop("gems") == ("install", By.TOOL, "gem")
    assert whose.pop("dependency") == ("install", By.DEPENDENCY, "sim-base-words")
    assert {name: (phase, by) for name, (phase, by, _) in whose.items()} == {
        "extension": ("install", By.PACKAGE),
        "plugin": ("start", By.PACKAGE),
        "evaluated": ("import", By.PACKAGE),
        "below": ("import", By.PACKAGE),
        "later": ("import", By.PACKAGE),
        "call": ("execute", By.PACKAGE),
        **({"command": ("scripts", By.PACKAGE), "test": ("tests", By.PACKAGE)} if WHOLE else {}),
    }


@pytest.mark.sandbox
def test_what_ruby_evaluates_is_heard(seen: Run) -> None:
    assert {(one.language, one.evaluator, one.phase) for one in seen.evaluated} >= {
        ("ruby", "eval", "import")
    }
    text = next(one for one in seen.evaluated if one.phase == "import")
    assert "evaluated.test" in text.text
    assert text.caller.endswith("lib/sim-top-words.rb:2")
    assert seen.watch.complete


@pytest.mark.sandbox
def test_lines_that_were_reached_are_told(seen: Run) -> None:
    lines = {line.path for one in seen.outcomes if one.phase == "import" for line in one.lines}
    assert {"lib/sim-top-words.rb", "lib/sim_top_words/below.rb", ""} <= lines
