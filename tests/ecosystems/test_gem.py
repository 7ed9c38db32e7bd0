"""Gems: versions, the compact index, gemspecs, hooks and moments, as RubyGems itself has them."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry import StandIn
from tests.registry.build import gem

from biopsy.ecosystems import by_type
from biopsy.ecosystems.gem import configuration, index, specification
from biopsy.ecosystems.gem.specification import Malformed, Specification
from biopsy.ecosystems.github import document
from biopsy.errors import RegistryError, UsageError
from biopsy.model.behaviour import When
from biopsy.model.release import Endpoint, Release, Tree, TreeFile
from biopsy.unpack import unpack

GEM = by_type("gem")
ORDER = ["0.9", "1.0.a", "1.0.rc1", "1.0.rc2", "1.0.rc10", "1.0", "1.0.1", "1.0.1.1", "1.2", "1.10", "2"]


def opened(tmp_path: Path, files: dict[str, str], name: str = "sim-x", **about: object) -> Tree:
    filename, data = gem(name, "1.2.3", files, **about)
    path = tmp_path / filename
    path.write_bytes(data)
    return unpack(path, tmp_path / "out").tree


def folder(tmp_path: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return Tree(tmp_path, tuple(TreeFile(path, len(text), "") for path, text in files.items()))


def test_versions_stand_as_rubygems_orders_them() -> None:
    assert sorted(ORDER[1::2] + ORDER[::2], key=GEM.version_key) == ORDER
    assert GEM.version_key("1.0")[:2] == GEM.version_key("1.0.0")[:2]
    assert GEM.version_key("not one") < GEM.version_key("0")
    assert [one for one in ORDER if GEM.prerelease(one)] == ["1.0.a", "1.0.rc1", "1.0.rc2", "1.0.rc10"]


@pytest.mark.skipif(not shutil.which("ruby"), reason="no ruby")
def test_versions_stand_as_ruby_itself_orders_them() -> None:
    versions = [*ORDER, "1.0-1", "3.0.0.beta.2", "3.0.0.beta.11", "3.0.0.b", "10.0", "1.0.0.0.1"]
    script = "puts ARGV.sort_by { |one| Gem::Version.new(one) }"
    done = subprocess.run(["ruby", "-e", script, *versions], capture_output=True, text=True, check=True)
    assert sorted(versions, key=GEM.version_key) == done.stdout.split()


@given(st.text(max_size=40))
def test_any_text_has_a_place_among_versions(text: str) -> None:
    assert sorted([text, "1.0", text + "1"], key=GEM.version_key)


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "x" * 300, "ä"])
def test_what_can_be_no_gem_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        GEM.normalise(name)


def test_names_differ_by_case_and_separator() -> None:
    assert [GEM.normalise(name) for name in ("RedCloth", "a-b", "a_b")] == ["RedCloth", "a-b", "a_b"]


def test_a_line_of_the_index_says_platform_needs_and_hash() -> None:
    digest = "a" * 64
    lines = index.lines(
        f"---\n1.0 \n1.1-java rack:>= 1.0&< 3,b:>= 0|checksum:{digest},ruby:>= 2.5,created_at:2026-01-01T00:00:00Z\n"
        "nonsense\n\n1.1-java a:= 1|checksum:short\n".encode()
    )
    assert [(one.version, one.platform, one.checksum) for one in lines] == [
        ("1.0", "ruby", ""),
        ("1.1", "java", ""),
    ]
    whole = index.lines(f"1.1-java rack:>= 1.0&< 3,b:>= 0|checksum:{digest},ruby:>= 2.5".encode())[0]
    assert whole.dependencies == {"rack": ">= 1.0, < 3", "b": ""}
    assert whole.checksum == digest
    assert whole.filename("x") == "x-1.1-java.gem"


@given(st.binary(max_size=400))
def test_any_bytes_can_be_an_index(data: bytes) -> None:
    index.lines(data)


def test_a_release_is_found_with_times_hash_and_the_release_before() -> None:
    with StandIn() as registry, httpx.Client(trust_env=False) as client:
        for version in ("1.0.0", "1.1.0", "2.0.0.rc1"):
            registry.publish("gem", "sim-x", version, [gem("sim-x", version, None, ("rake ~> 13.0, < 14",))])
        endpoint = Endpoint("gem", registry.url("gem"), "", configuration.PATHS)
        listing = GEM.resolve(client, endpoint, Release("gem", "sim-x"))
        exact = GEM.resolve(client, endpoint, Release("gem", "sim-x", "2.0.0.rc1"))
        with pytest.raises(UsageError, match=r"no version 7; there are, among others: .*1\.1\.0"):
            GEM.resolve(client, endpoint, Release("gem", "sim-x", "7"))
        with pytest.raises(UsageError, match="no gem 'sim-y'"):
            GEM.resolve(client, endpoint, Release("gem", "sim-y"))
        with registry.outage("gem"), pytest.raises(RegistryError):
            GEM.resolve(client, endpoint, Release("gem", "sim-x"))
    assert listing.release == Release("gem", "sim-x", "1.1.0")
    assert listing.previous == "1.0.0"
    assert [one.version for one in listing.versions] == ["1.0.0", "1.1.0", "2.0.0.rc1"]
    assert all(one.time for one in listing.versions)
    assert listing.artifacts[0].filename == "sim-x-1.1.0.gem"
    assert dict(listing.artifacts[0].digests)["sha256"]
    assert listing.manifest is not None
    assert listing.manifest.dependencies == {"rake": "~> 13.0, < 14"}
    assert listing.owners == ("alice",)
    assert exact.release.version == "2.0.0.rc1"


def test_a_gemspec_says_hooks_entries_and_needs(tmp_path: Path) -> None:
    files = {
        "lib/sim-x.rb": "",
        "lib/rubygems_plugin.rb": "",
        "ext/x/extconf.rb": "",
        "exe/x": "",
    }
    tree = opened(
        tmp_path, files, requires=("rack >= 2, < 4",), executables=["x"],
        extensions=["ext/x/extconf.rb", "ext/gone/extconf.rb"], post_install_message="Thanks!\nRun x.",
    )  # fmt: skip
    assert GEM.identify(tree, "other.gem") == Release("gem", "sim-x", "1.2.3")
    assert {str(b) for b in GEM.hooks(tree)} == {
        "pkg.hook gem:extension ext/x/extconf.rb @ ext/x/extconf.rb (install)",
        "pkg.hook gem:extension ext/gone/extconf.rb @ ext/gone/extconf.rb (install)",
        "pkg.malformed .gem/metadata.yml no such extension ext/gone/extconf.rb @ .gem/metadata.yml",
        "pkg.hook gem:plugin lib/rubygems_plugin.rb @ lib/rubygems_plugin.rb (install)",
        "pkg.entry bin x=exe/x @ .gem/metadata.yml",
        "pkg.dependency rack@>= 2, < 4 @ .gem/metadata.yml",
        "pkg.content post-install-message Thanks! Run x. @ .gem/metadata.yml",
    }


def test_files_run_when_their_place_says_so(tmp_path: Path) -> None:
    files = {
        "lib/sim-x.rb": "require_relative 'sim_x/a'",
        "lib/sim_x/a.rb": "",
        "lib/rubygems_plugin.rb": "require 'sim_x/plug'",
        "lib/sim_x/plug.rb": "",
        "ext/x/extconf.rb": "require_relative '../helper'\nload File.join(__dir__, 'more.rb')",
        "ext/helper.rb": "",
        "ext/x/more.rb": "",
        "exe/x": "",
        "spec/x_spec.rb": "",
        "bench.rb": "",
        "README.md": "",
    }
    tree = opened(tmp_path, files, executables=["x"], extensions=["ext/x/extconf.rb"])
    assert GEM.moments(tree) == {
        "lib/sim-x.rb": When.IMPORT,
        "lib/sim_x/a.rb": When.IMPORT,
        "lib/rubygems_plugin.rb": When.INSTALL,
        "lib/sim_x/plug.rb": When.INSTALL,
        "ext/x/extconf.rb": When.INSTALL,
        "ext/helper.rb": When.INSTALL,
        "ext/x/more.rb": When.INSTALL,
        "exe/x": When.CALL,
        "spec/x_spec.rb": When.TEST,
        "bench.rb": When.CALL,
    }


def test_a_folder_is_known_by_its_gemspec(tmp_path: Path) -> None:
    spec = (
        "require_relative 'lib/sim/version'\nGem::Specification.new do |spec|\n  spec.name = \"sim-folder\"\n"
        "  spec.version = Sim::VERSION\n  spec.extensions = %w[ext/a/extconf.rb]\nend\n"
    )
    files = {"sim.gemspec": spec, "lib/sim/version.rb": 'VERSION = "0.4.2"\n', "ext/a/extconf.rb": ""}
    tree = folder(tmp_path, files)
    assert GEM.identify(tree, "x.tar.gz") == Release("gem", "sim-folder", "0.4.2")
    assert GEM.moments(tree)["sim.gemspec"] is When.INSTALL
    assert GEM.moments(tree)["ext/a/extconf.rb"] is When.INSTALL


def test_a_gemspec_beside_another_manifest_makes_no_gem(tmp_path: Path) -> None:
    assert GEM.identify(folder(tmp_path, {"x.gemspec": "", "package.json": "{}"}), "x.tgz") is None


def test_classes_that_no_gemspec_has_are_told_and_never_made() -> None:
    found = specification.parse(
        "--- !ruby/object:Gem::Specification\nname: x\nversion: !ruby/object:Gem::Version\n  version: '1'\n"
        "metadata: !ruby/object:Gem::Installer\n  i: !ruby/hash:Evil\n    a: b\nauthors:\n- !ruby/object:Gem::SpecFetcher {}\n"
    )
    assert isinstance(found, Specification)
    assert found.name == "x"
    assert found.version == "1"
    assert set(found.strange) == {"object:Gem::Installer", "hash:Evil", "object:Gem::SpecFetcher"}


@pytest.mark.parametrize(
    "text", ["", "a: [", "- 1", "&a [*a, *a]", "!!python/object/apply:os.system ['id']", "x" * (2 << 20)]
)
def test_what_is_no_gemspec_is_malformed(text: str) -> None:
    assert isinstance(specification.parse(text), Malformed)


@given(st.text(max_size=300))
def test_any_text_can_be_a_gemspec(text: str) -> None:
    specification.parse(text)
    specification.parse(f"--- !ruby/object:Gem::Specification\n{text}")


@pytest.mark.parametrize(
    "text", ["name: " + "[" * 100_000, "- " * 100_000, "{a: " * 50_000], ids=["[", "-", "{"]
)
def test_a_gemspec_or_an_action_nested_without_end_is_told_and_ends_no_process(text: str) -> None:
    assert specification.parse(text) == Malformed("too deep")
    assert document.one("action.yml", text).malformed == "too-deep"


def test_the_source_is_that_of_gemrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GEMRC", str(tmp_path / "one"))
    (tmp_path / "one").write_text(":sources:\n- https://me:secret%21@gems.test:8443/path\n")
    configuration.endpoint.cache_clear()
    try:
        found = GEM.endpoint()
        assert found.url == "https://gems.test:8443/path/"
        assert found.headers(found.url)["authorization"].startswith("Basic ")
        configuration.endpoint.cache_clear()
        (tmp_path / "one").write_text(":sources:\n- file:///somewhere\n")
        with pytest.raises(RegistryError, match="not an http"):
            GEM.endpoint()
    finally:
        configuration.endpoint.cache_clear()
