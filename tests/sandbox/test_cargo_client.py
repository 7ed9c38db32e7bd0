"""The real Cargo, in the sandbox, from a registry of the tests' own, through the gateway."""

import time
from pathlib import Path

import httpx
import pytest
from tests.registry import StandIn
from tests.registry.cargo import crate

from biopsy.ecosystems import by_type
from biopsy.ecosystems.cargo.configuration import PATHS, ROOTS
from biopsy.model.behaviour import By
from biopsy.model.release import Artifact, Endpoint, Tree
from biopsy.model.run import Run, Status
from biopsy.sandbox import image, image_layers
from biopsy.sandbox.internet.gateway import Fetch, Reply
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.run import run
from thorough import WHOLE

INDEX = "http://index.test/"
PHASES = ("install", "import", "execute") if WHOLE else ("install",)
CONNECTS = 'let _ = std::net::TcpStream::connect("{}.test:80");'
MACRO = (
    "extern crate proc_macro;\nuse proc_macro::TokenStream;\n\n#[proc_macro_derive(Named)]\n"
    f"pub fn named(_: TokenStream) -> TokenStream {{\n    {CONNECTS.format('macro')}\n    TokenStream::new()\n}}\n"
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Run:
    """A crate with a hyphen in its name, a build script and two dependencies, run under one profile."""
    built = image.current(home)
    if built is None or image_layers.current(built, "cargo") is None:
        pytest.skip("no tools of cargo: biopsy image build cargo")
    name, data = crate(
        "sim-top-crate", "1.0.0",
        {
            "build.rs": f"fn main() {{\n    {CONNECTS.format('build')}\n}}\n",
            "src/lib.rs": (
                "#[derive(sim_macro_crate::Named)]\npub struct One;\n\n"
                f"pub fn call(word: &str) -> usize {{\n    {CONNECTS.format('call')}\n    word.len()\n}}\n"
            ),
        },
        '[dependencies]\nsim-macro-crate = "1"\nsim-under_line = "0.2"\n',
    )  # fmt: skip
    artifact = tmp_path_factory.mktemp("cargo") / name
    artifact.write_bytes(data)
    plan = by_type("cargo").plan(Tree(artifact.parent, ()), Artifact(name, "crate", artifact, len(data), ""))
    wanted = PHASES
    with StandIn() as registry, httpx.Client(trust_env=False) as client:
        own = {"build.rs": f"fn main() {{\n    {CONNECTS.format('below')}\n}}\n"}
        registry.publish("cargo", "sim-under_line", "0.2.3", [crate("sim-under_line", "0.2.3", own)])
        macro = crate("sim-macro-crate", "1.0.0", {"src/lib.rs": MACRO}, "[lib]\nproc-macro = true\n")
        registry.publish("cargo", "sim-macro-crate", "1.0.0", [macro])

        def forward(fetch: Fetch) -> Reply:
            answer = client.get(fetch.url.replace(INDEX, registry.url("cargo")))
            body = answer.content.replace(registry.url("cargo").encode(), INDEX.encode())
            return Reply(answer.status_code, answer.headers["content-type"], body)

        job = Job(
            f"test-{time.time_ns()}", Subject("cargo", "sim-top-crate", "1.0.0", name), artifact, "laptop",
            tuple(phase for phase in plan if phase.name in wanted),
            endpoints=(Endpoint("cargo", INDEX, "", PATHS, roots=ROOTS),),
        )  # fmt: skip
        return run(job, home, forward=forward, progress=lambda _: None)


@pytest.mark.sandbox
def test_cargo_installs_from_a_registry_through_the_gateway(seen: Run) -> None:
    assert {one.phase: (one.status, one.reason) for one in seen.outcomes} == dict.fromkeys(
        PHASES, (Status.COMPLETED, "")
    )


@pytest.mark.sandbox
def test_each_doing_is_whose_it_is(seen: Run) -> None:
    whose = {
        b.value.partition(".")[0]: (b.by, b.owner)
        for b in seen.behaviours
        if b.kind == "net.dns" and b.value.endswith(".test")
    }
    assert whose["build"] == (By.PACKAGE, "")
    assert not WHOLE or whose["call"] == (By.PACKAGE, "")
    assert whose["below"] == (By.DEPENDENCY, "sim-under_line")
    assert whose["macro"] == (By.DEPENDENCY, "sim_macro_crate")
