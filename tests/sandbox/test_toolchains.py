"""Toolchains are data: what they say holds together, and nothing in the sandbox names an ecosystem."""

import re
from pathlib import Path

import pytest

import biopsy.sandbox
from biopsy.ecosystems import by_type
from biopsy.model.release import Endpoint
from biopsy.sandbox import image_layers, machine
from biopsy.sandbox.attribute import attribute
from biopsy.sandbox.image import Image
from biopsy.sandbox.raw import Job, Subject
from biopsy.sandbox.toolchain import interpreter, toolchain, toolchains
from biopsy.sandbox.tree import Exec, Node
from biopsy.unpack import unpack

FOLDER = Path(biopsy.sandbox.__file__).parent
REGISTRY = "https://registry.example/index/"


@pytest.mark.parametrize("kind", toolchains())
def test_what_runs_has_empty_packages_that_are_known_and_drivers_that_start(
    kind: str, tmp_path: Path
) -> None:
    ecosystem = by_type(kind)
    made = ecosystem.empty()
    assert made
    for number, (name, data) in enumerate(made):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        path.write_bytes(data)
        tree = unpack(path, tmp_path / f"tree{number}").tree
        release = ecosystem.identify(tree, name)
        assert release is not None
        assert release.version
        assert ecosystem.kind(name)


def test_no_module_of_the_sandbox_asks_which_ecosystem_it_is() -> None:
    asks = re.compile(r"ecosystem\s*(?:==|!=|in)\s")
    found = [path.name for path in FOLDER.glob("*.py") if asks.search(path.read_text())]
    assert found == []


@pytest.mark.parametrize("kind", toolchains())
def test_the_registry_is_told_to_the_tools_where_there_is_one(kind: str, tmp_path: Path) -> None:
    artifact = tmp_path / "thing-1.0.0.any"
    artifact.write_bytes(b"")
    job = Job("run", Subject(kind, "thing", "1.0.0", artifact.name), artifact, "laptop", ())

    def told(endpoints: tuple[Endpoint, ...]) -> bool:
        made = machine.make(Job(**{**_fields(job), "endpoints": endpoints}), machine.address(), b"")
        files = (place.data for place in made.order.places)
        return any(REGISTRY in text for text in made.order.env.values()) or any(
            REGISTRY.encode() in f for f in files
        )

    assert told((Endpoint(kind, REGISTRY),))
    assert not told(())


def _fields(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in job.__struct_fields__}


def test_a_layer_is_known_by_its_packages_and_not_by_the_rest_of_the_file(tmp_path: Path) -> None:
    assert set(image_layers.wanted()) == {kind for kind, one in toolchains().items() if one.packages}
    assert image_layers.layer_id("pypi") == image_layers.layer_id("no such ecosystem") == ""
    built = Image("0123456789ab", tmp_path / "root", "", 0, "", "")
    assert image_layers.current(built, "cargo") is None
    assert not image_layers.ready(built, "cargo")
    assert image_layers.ready(built, "npm")


def test_drivers_are_started_by_what_a_toolchain_names() -> None:
    assert interpreter("cargo.py") == ("python3", "-I")
    assert interpreter("npm.mjs") == ("node",)
    assert interpreter("program") == ()


def _cargo(*argv: str, binary: str = "/usr/bin/rustc", **env: str) -> tuple[str, str]:
    """Say whose a process is that Cargo started."""
    driver = Node(1, 1, None, 0, "/p", "install", first=True)
    driver.execs.append(Exec(0, ("python3", "cargo.py"), "/usr/bin/python3"))
    tool = Node(2, 2, driver, 1, "/p", "install")
    tool.execs.append(Exec(1, ("cargo", "build"), "/usr/bin/cargo"))
    one = Node(3, 3, tool, 2, "/p", "install")
    one.execs.append(Exec(2, argv, binary, tuple(env.items()), env.pop("cwd", "/p")))
    attribute([driver, tool, one], Subject("cargo", "sim-top", "1.0.0", "sim-top-1.0.0.crate"))
    assert (tool.by, tool.owner) == ("tool", "cargo")
    return one.by.value, one.owner


def test_what_cargo_starts_is_whose_crate_it_builds() -> None:
    script = "/p/app/target/debug/build/sim-top-0a1b/build-script-build"
    assert _cargo(script, binary=script, CARGO_PKG_NAME="sim-top") == ("package", "")
    assert _cargo(script, binary=script, CARGO_PKG_NAME="other") == ("dependency", "other")
    assert _cargo("rustc", "--crate-name", "sim_top", CARGO_PKG_NAME="sim-top") == ("tool", "compiler")


def test_a_compiler_that_loads_a_macro_is_whose_macro_it_is() -> None:
    own = "sim_top=/p/app/target/debug/deps/libsim_top-0123456789abcdef.so"
    assert _cargo("rustc", "--extern", own, CARGO_PKG_NAME="app") == ("package", "")
    other = own.replace("sim_top", "serde_derive")
    assert _cargo("rustc", "--extern", other, CARGO_PKG_NAME="app") == ("dependency", "serde_derive")
    assert _cargo("rustc", "--extern", other, "--extern", own, CARGO_PKG_NAME="app") == ("package", "")
    assert _cargo("rustc", "--extern", own, binary="/p/evil/rustc", CARGO_PKG_NAME="sim-top") == (
        "package",
        "",
    )


def test_a_file_of_nobody_is_no_toolchain() -> None:
    assert toolchain("deb").base
    assert toolchain("deb").tools == ()
