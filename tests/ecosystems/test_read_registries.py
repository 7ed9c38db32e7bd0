"""The registries of ecosystems that are only read: asked in their own protocols, hostile answers refused."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from tests.ecosystems.conftest import Registry
from tests.registry.server import StandIn

from biopsy import fetch
from biopsy.ecosystems import Listing, by_type, parse_target
from biopsy.ecosystems.golang.proxy import h1
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as one:
        yield one


def zipped(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def ask(client: httpx.Client, url: str, target: str) -> Listing:
    release = parse_target(target)
    assert isinstance(release, Release)
    return by_type(release.ecosystem).resolve(client, Endpoint(release.ecosystem, url), release)


def bring(client: httpx.Client, url: str, listing: Listing, into: Path) -> bytes:
    (remote,) = listing.choose()
    artifact = fetch.fetch(remote, Endpoint(listing.release.ecosystem, url), client, into)
    return artifact.path.read_bytes()


MODULE = "forge.example/Owner/thing"


def test_a_module_is_found_by_the_proxy(stand_in: StandIn, client: httpx.Client, tmp_path: Path) -> None:
    data = zipped({f"{MODULE}@v1.1.0/go.mod": f"module {MODULE}\n"})
    mod = f"// Deprecated: use another\nmodule {MODULE}\n\nretract v1.0.0 // leaked a key\n"
    stand_in.publish("golang", MODULE, "v1.0.0", [("a.zip", b"x")])
    stand_in.publish("golang", MODULE, "v1.1.0", [("b.zip", data)], mod=mod)
    listing = ask(client, stand_in.url("golang"), f"golang:{MODULE}@1.1.0")
    assert listing.release == Release("golang", MODULE, "v1.1.0")
    assert [(one.version, one.yanked) for one in listing.versions] == [
        ("v1.0.0", "leaked a key"),
        ("v1.1.0", None),
    ]
    assert (listing.facts.newest, listing.facts.deprecated) == ("v1.1.0", "use another")
    assert bring(client, stand_in.url("golang"), listing, tmp_path) == data
    assert stand_in.count("/forge.example/!owner/thing/@v/v1.1.0.zip") == 1


def test_a_module_without_tags_has_the_version_of_its_commit(stand_in: StandIn, client: httpx.Client) -> None:
    pseudo = "v0.0.0-20260102030405-0123456789ab"
    stand_in.publish("golang", MODULE, pseudo, [("a.zip", b"x")])
    assert ask(client, stand_in.url("golang"), f"go:{MODULE}").release.version == pseudo


def test_the_hash_of_a_module_is_that_of_go_sum(tmp_path: Path) -> None:
    data = zipped({"m@v1.0.0/go.mod": "module m\n", "m@v1.0.0/a.go": "package m\n"})
    (tmp_path / "m.zip").write_bytes(data)
    lines = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  m@v1.0.0/{name}\n"
        for name, text in (("a.go", "package m\n"), ("go.mod", "module m\n"))
    )
    expected = base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    assert h1(tmp_path / "m.zip") == f"h1:{expected}"


@pytest.mark.parametrize("count", [1, 5])
def test_a_package_of_nuget_is_found_with_its_hash(
    stand_in: StandIn, client: httpx.Client, tmp_path: Path, count: int
) -> None:
    for number in range(count):
        stand_in.publish("nuget", "sim.thing", f"1.{number}.0", [(f"{number}.nupkg", b"old")])
    stand_in.publish("nuget", "sim.thing", "2.0.0", [("x.nupkg", b"PK new")], authors="Ada")
    stand_in.publish("nuget", "sim.thing", "3.0.0-beta.1", [("y.nupkg", b"beta")])
    stand_in.publish("nuget", "sim.thing", "4.0.0", [("z.nupkg", b"away")])
    stand_in.world.yank("nuget", "sim.thing", "4.0.0")
    url = stand_in.url("nuget") + "index.json"
    listing = ask(client, url, "nuget:Sim.Thing")
    assert (listing.release.version, listing.facts.author) == ("2.0.0", "Ada")
    assert [one.version for one in listing.versions if one.yanked is not None] == ["4.0.0"]
    assert listing.previous == f"1.{count - 1}.0"
    assert bring(client, url, listing, tmp_path) == b"PK new"
    assert dict(listing.artifacts[0].digests)["sha512"] == hashlib.sha512(b"PK new").hexdigest()


def test_an_artifact_of_maven_is_found_with_its_hash(
    stand_in: StandIn, client: httpx.Client, tmp_path: Path
) -> None:
    for version in ("1.0", "1.10", "1.9", "2.0-rc1"):
        files = [(f"sim-x-{version}.jar", f"PK {version}".encode())]
        stand_in.publish("maven", "org.example.sim/sim-x", version, files)
    listing = ask(client, stand_in.url("maven"), "maven:org.example.sim:sim-x@1.10")
    assert [one.version for one in listing.versions] == ["1.0", "1.9", "1.10", "2.0-rc1"]
    assert (listing.previous, listing.facts.repository) == ("1.9", "https://forge.example/x")
    assert bring(client, stand_in.url("maven"), listing, tmp_path) == b"PK 1.10"
    assert dict(listing.artifacts[0].digests).keys() == {"sha1"}


def test_an_extension_is_found_with_its_hash(
    registry: Registry, client: httpx.Client, tmp_path: Path
) -> None:
    base = registry.url
    about = {
        "version": "1.1.0",
        "allVersions": {"latest": "x", "1.1.0": "x", "1.0.0": "x"},
        "files": {"download": f"{base}file/x.vsix", "sha256": f"{base}file/x.sha256"},
        "timestamp": "2026-01-02T03:04:05Z",
        "publishedBy": {"loginName": "ada"},
        "description": "A thing",
    }
    registry.page("/api/sim/thing", json.dumps(about), "application/json")
    registry.page("/file/x.vsix", b"PK vsix")
    registry.page("/file/x.sha256", hashlib.sha256(b"PK vsix").hexdigest() + "\n")
    listing = ask(client, base, "vscode:Sim.Thing")
    assert listing.release == Release("vscode-extension", "sim/thing", "1.1.0")
    assert [one.publisher for one in listing.versions] == ["", "ada"]
    assert bring(client, base, listing, tmp_path) == b"PK vsix"


def test_an_action_is_the_commit_behind_its_tag(registry: Registry, client: httpx.Client) -> None:
    commit = "0c45773b623bea8c8e75f6c82b208c3cf94ea4f9"
    root = "/repos/octo/thing"
    registry.page(root, json.dumps({"description": "A thing", "archived": True}), "application/json")
    registry.page(
        f"{root}/tags?per_page=100&page=1", json.dumps([{"name": t} for t in ("v2", "v1.9", "v10")])
    )
    registry.page(f"{root}/releases/latest", json.dumps({"tag_name": "v10"}))
    held = {"sha": commit, "commit": {"committer": {"date": "2026-01-02T03:04:05Z"}}}
    registry.page(f"{root}/commits/v2", json.dumps(held), "application/json")
    listing = ask(client, registry.url, "github:Octo/Thing/sub/folder@v2")
    assert listing.artifacts[0].url.endswith(f"/tarball/{commit}")
    assert [one.version for one in listing.versions] == ["v1.9", "v2", "v10"]
    assert (listing.facts.newest, listing.facts.status, listing.previous) == ("v10", "archived", "v1.9")


NOTHING = {
    "golang": f"golang:{MODULE}@v1.0.0",
    "nuget": "nuget:sim.nothing@1.0.0",
    "maven": "maven:org.example:nothing@1.0",
}


@pytest.mark.parametrize("kind", NOTHING)
def test_what_is_not_there_is_said_so(stand_in: StandIn, client: httpx.Client, kind: str) -> None:
    url = stand_in.url(kind) + ("index.json" if kind == "nuget" else "")
    with pytest.raises(UsageError, match="has no"):
        ask(client, url, NOTHING[kind])
    stand_in.publish(
        kind, NOTHING[kind].partition(":")[2].partition("@")[0].replace(":", "/"), "v7.0.0", [("x", b"x")]
    )
    with pytest.raises(UsageError, match=r"7\.0\.0"):
        ask(client, url, NOTHING[kind])


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"]
)
@pytest.mark.parametrize(
    ("target", "paths"),
    [
        (f"golang:{MODULE}@v1.0.0", ["/forge.example/!owner/thing/@v/list", "/forge.example/!owner/thing/@v/v1.0.0.info"]),
        ("nuget:sim.x@1.0.0", ["/"]),
        ("maven:org.example:x@1.0", ["/org/example/x/maven-metadata.xml"]),
        ("vscode:sim.x@1.0.0", ["/api/sim/x"]),
        ("github:sim/x@v1", ["/repos/sim/x", "/repos/sim/x/commits/v1"]),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error_that_says_so(
    registry: Registry, client: httpx.Client, target: str, paths: list[str], body: bytes
) -> None:
    for path in paths:
        registry.page(path, body)
    with pytest.raises((UsageError, RegistryError)):
        ask(client, registry.url, target)
