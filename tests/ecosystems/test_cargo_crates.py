"""Crates: what Cargo.toml says, when files run, what a sparse index answers."""

import io
import json
import tarfile
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry import StandIn
from tests.registry.cargo import crate

from biopsy import fetch
from biopsy.ecosystems import by_type, parse_target
from biopsy.ecosystems.cargo import configuration, index, versions
from biopsy.ecosystems.cargo.package import Malformed, parse
from biopsy.errors import RegistryError, UsageError
from biopsy.model.behaviour import When
from biopsy.model.release import Endpoint, Release
from biopsy.unpack import unpack
from ecosystems.conftest import Plant, Registry

CARGO = by_type("cargo")
HEAD = '[package]\nname = "sim-thing"\nversion = "1.2.3"\n'


def said(plant: Plant, files: dict[str, str]) -> list[str]:
    return sorted(str(b) for b in CARGO.hooks(plant(files)))


def test_the_manifest_says_what_runs_what_is_installed_and_what_is_needed(plant: Plant) -> None:
    manifest = (
        HEAD + 'links = "thing"\n[lib]\nproc-macro = true\n[[bin]]\nname = "other"\npath = "tools/other.rs"\n'
        '[dependencies]\nserde = "1.0"\nold = {package = "real-name", version = "2"}\n'
        'far = {git = "https://code.example/far", rev = "abc"}\nnear = {path = "../near"}\n'
        'own = {version = "1", registry = "corp"}\n[build-dependencies]\ncc = "1"\n[dev-dependencies]\ntest = "1"\n'
        "[target.'cfg(windows)'.dependencies]\nwinapi = \"0.3\"\n"
        '[patch.crates-io]\nserde = {git = "https://code.example/serde"}\n'
    )
    files = {
        "Cargo.toml": manifest,
        "build.rs": "",
        "src/lib.rs": "",
        "src/main.rs": "",
        "tools/other.rs": "",
    }
    assert said(plant, files) == [
        "pkg.config cargo links=thing @ Cargo.toml",
        "pkg.config cargo patch.crates-io.serde=git+https://code.example/serde @ Cargo.toml",
        "pkg.dependency cc@1 @ Cargo.toml:17",
        "pkg.dependency far@git+https://code.example/far#abc @ Cargo.toml:13",
        "pkg.dependency near@path:../near @ Cargo.toml:14",
        "pkg.dependency own@registry:corp @ Cargo.toml:15",
        "pkg.dependency real-name@2 @ Cargo.toml",
        "pkg.dependency serde@1.0 @ Cargo.toml:11",
        "pkg.dependency winapi@0.3 @ Cargo.toml:21",
        "pkg.entry bin other=tools/other.rs @ Cargo.toml",
        "pkg.entry bin sim-thing=src/main.rs @ Cargo.toml",
        "pkg.hook cargo:build build.rs @ build.rs (install)",
        "pkg.hook cargo:proc-macro src/lib.rs @ src/lib.rs (install)",
    ]


def test_settings_that_run_programs_are_told(plant: Plant) -> None:
    settings = (
        '[build]\nrustc-wrapper = "./w.sh"\n[target.x86_64-unknown-linux-gnu]\nrunner = ["sh", "run.sh"]\n'
        '[term]\nquiet = true\n[alias]\nt = "test"\n'
    )
    files = {"Cargo.toml": HEAD, ".cargo/config.toml": settings, "src/lib.rs": ""}
    assert said(plant, files) == [
        "pkg.config cargo alias.t=test @ .cargo/config.toml:8",
        "pkg.config cargo build.rustc-wrapper=./w.sh @ .cargo/config.toml:2",
        "pkg.config cargo target.x86_64-unknown-linux-gnu.runner=sh run.sh @ .cargo/config.toml:4",
    ]


@pytest.mark.parametrize(
    ("build", "files", "hook"),
    [
        ("", ["build.rs"], "cargo:build build.rs"),
        ("build = false\n", ["build.rs"], ""),
        ('build = "tools/b.rs"\n', ["build.rs", "tools/b.rs"], "cargo:build tools/b.rs"),
        ("", [], ""),
    ],
)
def test_a_build_script_runs_unless_the_manifest_says_not_to(
    plant: Plant, build: str, files: list[str], hook: str
) -> None:
    tree = plant({"Cargo.toml": HEAD + build, **dict.fromkeys(files, "")})
    assert [b.value for b in CARGO.hooks(tree) if b.kind == "pkg.hook"] == ([hook] if hook else [])


def test_what_build_scripts_and_macros_take_in_runs_at_install_and_the_rest_when_it_is_called(
    plant: Plant,
) -> None:
    files = {
        "Cargo.toml": HEAD,
        "build.rs": 'mod probe;\n#[path = "tools/deep.rs"]\nmod deep;\ninclude!("tools/part.rs");\nfn main() {}\n',
        "probe/mod.rs": "mod inner;",
        "probe/inner.rs": "",
        "tools/deep.rs": "",
        "tools/part.rs": "",
        "src/lib.rs": "mod other;",
        "src/other.rs": "",
        "tests/one.rs": "",
        "benches/two.rs": "",
        "examples/three.rs": "",
    }
    found = CARGO.moments(plant(files))
    installing = {"build.rs", "probe/mod.rs", "probe/inner.rs", "tools/deep.rs", "tools/part.rs"}
    assert {path for path, when in found.items() if when is When.INSTALL} == installing
    assert {found["src/lib.rs"], found["src/other.rs"]} == {When.CALL}
    assert (found["tests/one.rs"], found["benches/two.rs"], found["examples/three.rs"]) == (
        When.TEST, When.TEST, When.DOCS,
    )  # fmt: skip


def test_a_macros_library_runs_at_install(plant: Plant) -> None:
    files = {"Cargo.toml": HEAD + "[lib]\nproc-macro = true\n", "src/lib.rs": "mod deep;", "src/deep.rs": ""}
    assert set(CARGO.moments(plant(files)).values()) == {When.INSTALL}


def test_versions_are_ordered_as_semantic_versioning_has_it() -> None:
    right = [
        "no version",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
    ]
    right += ["1.0.0-rc.1", "1.0.0", "1.0.0+2", "1.0.1", "1.10.0", "10.0.0"]
    assert versions.ordered(right[::-1]) == right
    assert [one for one in right[1:] if versions.prerelease(one)] == right[1:7]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "1/a"),
        ("ab", "2/ab"),
        ("Abc", "3/a/abc"),
        ("Cargo", "ca/rg/cargo"),
        ("sim-x_y", "si/m-/sim-x_y"),
    ],
)
def test_a_crate_has_a_file_in_the_index(name: str, path: str) -> None:
    assert index.path(name) == path


def test_a_download_address_has_its_markers_filled_in() -> None:
    assert (
        index.url("https://x.example/c", "Ab-c", "1.0.0+1", "")
        == "https://x.example/c/Ab-c/1.0.0%2B1/download"
    )
    every = "https://x.example/{prefix}/{lowerprefix}/{crate}-{version}.{sha256-checksum}.crate"
    assert index.url(every, "Abcde", "1.0.0", "ff") == "https://x.example/Ab/cd/ab/cd/Abcde-1.0.0.ff.crate"


def test_the_index_of_a_stand_in_is_read_and_its_crate_fetched(client: httpx.Client, tmp_path: Path) -> None:
    with StandIn() as registry:
        for version in ("1.0.0", "1.1.0", "1.2.0-rc.1", "1.3.0"):
            registry.publish(
                "cargo",
                "sim-Thing_x",
                version,
                [crate("sim-Thing_x", version, manifest="[dependencies]\nserde = '1'\n")],
            )
        registry.world.yank("cargo", "sim-Thing_x", "1.3.0")
        endpoint = Endpoint("cargo", registry.url("cargo"))
        listing = CARGO.resolve(client, endpoint, Release("cargo", "sim_thing-x"))
        assert listing.release == Release("cargo", "sim-Thing_x", "1.1.0")
        assert [one.version for one in listing.versions] == ["1.0.0", "1.1.0", "1.2.0-rc.1", "1.3.0"]
        assert listing.versions[-1].yanked is not None
        assert listing.previous == "1.0.0"
        assert listing.manifest is not None
        assert listing.manifest.dependencies == {"serde": "^1"}
        (remote,) = listing.choose()
        artifact = fetch.fetch(remote, endpoint, client, tmp_path)
        assert artifact.verified
        with pytest.raises(UsageError, match=r"no version 9\.0\.0"):
            CARGO.resolve(client, endpoint, Release("cargo", "sim-Thing_x", "9.0.0"))
        with pytest.raises(UsageError, match="no crate 'absent'"):
            CARGO.resolve(client, endpoint, Release("cargo", "absent"))
        registry.mischief.add("status", "/si/m-/", times=9, status=403)
        with pytest.raises(RegistryError, match="403"):
            CARGO.resolve(client, endpoint, Release("cargo", "sim-thing_x"))


def test_a_line_that_cannot_be_read_hides_no_other(registry: Registry, client: httpx.Client) -> None:
    good = json.dumps({"name": "ab", "vers": "1.0.0", "cksum": "0" * 64, "deps": [], "features": {}, "v": 9})
    registry.page("/config.json", '{"dl": "https://files.example/{crate}"}', "application/json")
    registry.page("/2/ab", f'{{"name": "ab"\n[]\n{{"name": 3}}\n{good}\n\xff', "text/plain")
    listing = CARGO.resolve(client, Endpoint("cargo", registry.url), Release("cargo", "ab"))
    assert [one.version for one in listing.versions] == ["1.0.0"]
    assert listing.artifacts[0].url == "https://files.example/ab"


def test_the_configured_replacement_of_crates_io_is_asked_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    configuration.endpoint.cache_clear()
    assert configuration.endpoint().url == configuration.DEFAULT
    (tmp_path / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "corp"\n[source.corp]\nregistry = "sparse+https://index.example/c/"\n'
    )
    (tmp_path / "credentials.toml").write_text('[registries.corp]\ntoken = "Bearer x"\n')
    configuration.endpoint.cache_clear()
    found = configuration.endpoint()
    assert (found.url, found.authorization) == ("https://index.example/c/", "Bearer x")
    (tmp_path / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "v"\n[source.v]\nregistry = "file:///x"\n'
    )
    configuration.endpoint.cache_clear()
    with pytest.raises(RegistryError):
        configuration.endpoint()
    configuration.endpoint.cache_clear()


def test_a_crate_is_known_by_its_manifest_and_is_no_part_of_another_package(plant: Plant) -> None:
    assert CARGO.identify(plant({"Cargo.toml": HEAD}), "x.crate") == Release("cargo", "sim-thing", "1.2.3")
    assert CARGO.identify(plant({"Cargo.toml": HEAD, "package.json": "{}"}), "x.tgz") is None
    assert CARGO.identify(plant({"Cargo.toml": "[["}), "x.crate") == Release("cargo", "unknown", "")


def test_other_words_for_it_are_understood() -> None:
    assert parse_target("crates:serde@1.0.0") == Release("cargo", "serde", "1.0.0")
    assert parse_target("pkg:cargo/serde@1.0.0") == Release("cargo", "serde", "1.0.0")
    with pytest.raises(UsageError):
        CARGO.normalise("../x")


def test_the_empty_crates_are_whole(tmp_path: Path) -> None:
    for number, (name, data) in enumerate(CARGO.empty()):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        path.write_bytes(data)
        tree = unpack(path, tmp_path / f"tree{number}").tree
        assert CARGO.identify(tree, name) == Release("cargo", "empty", "1.0.0")
        assert [b for b in CARGO.hooks(tree) if b.kind == "pkg.hook"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["package", "lib", "bin", "dependencies", "target", "patch", "name", "path", "git", "version", "build"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(
            ["package", "lib", "bin", "test", "dependencies", "target", "patch", "replace", "features"]
        ),
        VALUES,
    )
)
def test_no_manifest_breaks_the_reader(document: dict[str, object]) -> None:
    found = parse(document, frozenset({"src/lib.rs", "build.rs"}))
    assert isinstance(found, Malformed) or found.name is not None


def test_a_member_outside_the_crates_folder_which_cargo_refuses_is_told(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as pack:
        for name, text in (("sim-1.0.0/Cargo.toml", HEAD), ("../../evil", "x")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            pack.addfile(entry, io.BytesIO(text.encode()))
    (tmp_path / "sim-1.0.0.crate").write_bytes(target.getvalue())
    unpacked = unpack(tmp_path / "sim-1.0.0.crate", tmp_path / "tree")
    assert CARGO.identify(unpacked.tree, "sim-1.0.0.crate") is not None
    assert any(b.kind == "archive.escape" for b in unpacked.behaviours)
