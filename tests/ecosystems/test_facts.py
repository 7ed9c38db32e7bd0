"""What a made-up registry's answers become: over HTTP, on the loopback address."""

import contextlib
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from biopsy.ecosystems import Listing, by_type, facts
from biopsy.ecosystems.names import load
from biopsy.ecosystems.npm import claim
from biopsy.ecosystems.pypi import document
from biopsy.errors import RegistryError, UsageError
from biopsy.model.release import Endpoint, Release, Tree
from ecosystems.conftest import Plant, Registry

TODAY = date(2026, 6, 30)
JSON = "application/json"


def npm_entry(version: str, **more: Any) -> dict[str, Any]:
    dist = {"tarball": f"https://files.example/thing-{version}.tgz", **more.pop("dist", {})}
    entry = {"name": "thing", "version": version, "description": "Counts words in long texts", "dist": dist}
    return {**entry, "repository": {"url": "git+https://github.com/someone/thing.git"}, **more}


def packument(entries: list[dict[str, Any]], times: list[str], **more: Any) -> str:
    versions = {entry["version"]: entry for entry in entries}
    time = dict(zip(versions, times, strict=False))
    return json.dumps(
        {"dist-tags": {"latest": entries[-1]["version"]}, "versions": versions, "time": time, **more}
    )


Ask = Callable[..., list[str]]


@pytest.fixture
def npm(registry: Registry, client: httpx.Client, plant: Plant) -> Ask:
    """Serve a packument, and say what it and a package.json give."""

    def ask(
        body: str, package: dict[str, Any] | None = None, name: str = "thing", version: str = ""
    ) -> list[str]:
        registry.page(f"/{name}", body, JSON)
        ecosystem = by_type("npm")
        listing = ecosystem.resolve(client, Endpoint("npm", registry.url), Release("npm", name, version))
        return told(
            listing,
            plant({} if package is None else {"package.json": json.dumps(package), "index.js": "x;" * 999}),
        )

    return ask


def told(listing: Listing, tree: Tree) -> list[str]:
    ecosystem = by_type(listing.release.ecosystem)
    found = facts.of(facts.subject(ecosystem, listing.release, tree, listing), TODAY)
    return [str(fact).removesuffix(" @ registry") for fact in found]


def test_dates_say_how_young_a_package_is_and_how_long_it_slept(npm: Ask) -> None:
    young = packument([npm_entry("1.0.0")], ["2026-06-28T10:00:00.000Z"])
    assert npm(young) == ["pkg.release young 2 days", "pkg.release fresh 2 days"]
    slept = packument(
        [npm_entry("1.0.0"), npm_entry("1.0.1")], ["2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]
    )
    assert npm(slept) == ["pkg.release dormant 2192 days"]
    future = packument([npm_entry("1.0.0")], ["2031-01-01T00:00:00Z"])
    assert npm(future) == []


def test_many_releases_in_one_day_are_a_burst(npm: Ask) -> None:
    entries = [npm_entry(f"1.0.{n}") for n in range(9)]
    assert npm(packument(entries, [f"2026-01-01T0{n}:00:00Z" for n in range(9)])) == [
        "pkg.release burst 9 in a day"
    ]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["1.2.3", "99.0.0"], ["pkg.version absurd 99.0.0", "pkg.version jump 1.2.3 > 99.0.0"]),
        (["9999.0.1"], ["pkg.version absurd 9999.0.1"]),
        (["98.0.0", "99.0.0"], []),  # counted there
        (["1.2.3", "2026.1.4"], []),  # a date
        (["1.2.3", "20260104.0.0"], []),
        (["0.0.0"], ["pkg.version zero 0.0.0"]),
        (["1.2.3", "2.0.0"], []),
        (["1.4.0", "25.8.0"], []),  # by year and month from then on
        (["1.4.0", "25.0.0"], ["pkg.version jump 1.4.0 > 25.0.0"]),
        (["0.13.0", "0.14.1", "15.0.0"], []),  # left its leading 0 out
        (["0.1.4", "15.0.0"], ["pkg.version jump 0.1.4 > 15.0.0"]),
        (["9.9.9"], ["pkg.version absurd 9.9.9"]),
        (["1.999.0"], ["pkg.version absurd 1.999.0"]),
        (["1.99.0"], []),
        (["9.9.8", "9.9.9"], []),
    ],
)  # fmt: skip
def test_versions_that_nobody_counts_to_are_told(npm: Ask, versions: list[str], expected: list[str]) -> None:
    times = [f"2025-01-0{day}T00:00:00Z" for day in range(1, 9)]
    assert npm(packument([npm_entry(version) for version in versions], times)) == expected


def test_a_release_that_came_after_a_higher_one_is_told(npm: Ask) -> None:
    entries = [npm_entry("1.0.0"), npm_entry("1.0.1"), npm_entry("2.0.0"), npm_entry("3.0.0-beta.1")]
    times = ["2025-01-01", "2025-03-01", "2025-02-01", "2025-02-02"]
    assert npm(packument(entries, times), version="1.0.1") == ["pkg.version out-of-order 1.0.1 after 2.0.0"]


def people(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "email": f"{name}@mail.example"} for name in names]


def test_people_who_come_and_go_are_told(npm: Ask) -> None:
    entries = [
        npm_entry("1.0.0", _npmUser=people("ann")[0], maintainers=people("ann", "joe")),
        npm_entry("1.1.0", _npmUser=people("ann")[0], maintainers=people("ann", "joe")),
        npm_entry("1.2.0", _npmUser=people("bob")[0], maintainers=people("bob")),
    ]
    body = packument(entries, ["2025-01-01", "2025-01-02", "2025-01-03"])
    assert npm(body) == [
        "pkg.maintainer new bob",
        "pkg.maintainer gone ann",
        "pkg.maintainer gone joe",
        "pkg.maintainer replaced",
        "pkg.maintainer first-release-by bob",
    ]
    assert npm(body, version="1.1.0") == []


def test_an_account_in_other_letters_is_the_same_account(npm: Ask) -> None:
    entries = [
        npm_entry("1.0.0", _npmUser=people("Ann")[0], maintainers=people("Ann")),
        npm_entry("1.1.0", _npmUser=people("ann")[0], maintainers=people("ann")),
    ]
    assert npm(packument(entries, ["2025-01-01", "2025-01-02"])) == []


def test_the_accounts_own_address_counts_whatever_author_is_named(npm: Ask) -> None:
    account = {"name": "x", "email": "x@mailinator.com"}
    entry = npm_entry("1.0.0", _npmUser=account, author="Ann <ann@post.example>")
    assert npm(packument([entry], [])) == ["pkg.maintainer disposable-mail x@mailinator.com"]


def test_an_attestation_that_is_gone_is_told_and_one_that_is_there_too(npm: Ask) -> None:
    attested = {"attestations": {"url": "https://files.example/a", "provenance": {"predicateType": "x"}}}
    trusted = {"name": "GitHub Actions", "trustedPublisher": {"id": "github"}}
    entries = [
        npm_entry("1.0.0", dist=attested, _npmUser=trusted),
        npm_entry("1.1.0", _npmUser={"name": "ann"}),
    ]
    body = packument(entries, ["2025-01-01", "2025-01-02"])
    assert npm(body) == [
        "pkg.provenance gone",
        "pkg.provenance gone trusted-publisher",
        "pkg.maintainer first-release-by ann",
    ]
    assert npm(body, version="1.0.0") == ["pkg.provenance present"]


def test_throw_away_and_broken_addresses_are_told(npm: Ask) -> None:
    body = packument([npm_entry("1.0.0", author={"name": "x", "email": "x@sub.mailinator.com"})], [])
    assert npm(body) == ["pkg.maintainer disposable-mail x@sub.mailinator.com"]
    assert npm(packument([npm_entry("1.0.0", author="x <nobody>")], [])) == [
        "pkg.maintainer invalid-mail nobody"
    ]
    assert npm(packument([npm_entry("1.0.0", author="x <x@mail.example>")], [])) == []
    beside = npm_entry("1.0.0", author={"name": "x", "email": "x@mail.example <For a better world>"})
    assert npm(packument([beside], [])) == []


def test_an_account_that_has_another_address_than_at_its_last_release_is_told(npm: Ask) -> None:
    ann, elsewhere = people("ann")[0], {"name": "ann", "email": "ann@else.example"}
    entries = [npm_entry("1.0.0", _npmUser=ann), npm_entry("1.1.0", _npmUser=elsewhere)]
    body = packument(
        [*entries, npm_entry("1.2.0", _npmUser=elsewhere)], ["2025-01-01", "2025-01-02", "2025-01-03"]
    )
    assert npm(body, version="1.1.0") == [
        "pkg.maintainer mail-changed ann ann@mail.example > ann@else.example"
    ]
    assert npm(body, version="1.2.0") == npm(body, version="1.0.0") == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ["pkg.provenance signed"]),
        ({"integrity": "sha512-" + "B" * 86 + "=="}, ["pkg.provenance signature-wrong"]),
        ({"signatures": [{"keyid": "SHA256:other", "sig": "AAAA"}]}, []),
        ({"signatures": [{"keyid": "SHA256:k", "sig": "AAAA"}]}, ["pkg.provenance signature-wrong"]),
        ({"signatures": "none"}, []),
    ],
)  # fmt: skip
def test_the_registrys_signature_is_checked_with_the_registrys_key(
    npm: Ask, registry: Registry, change: dict[str, Any], expected: list[str]
) -> None:
    integrity = "sha512-" + "A" * 86 + "=="
    signature = KEY.sign(f"thing@1.0.0:{integrity}".encode(), ec.ECDSA(hashes.SHA256()))
    given = {
        "integrity": integrity,
        "signatures": [{"keyid": "SHA256:k", "sig": b64encode(signature).decode()}],
    }
    registry.page("/-/npm/v1/keys", keys(), JSON)
    assert npm(packument([npm_entry("1.0.0", dist=given | change)], [])) == expected
    registry.page("/-/npm/v1/keys", keys(expires="2024-01-01T00:00:00.000Z"), JSON)
    late = npm(packument([npm_entry("1.0.0", dist=given)], ["2025-01-01T00:00:00.000Z"]))
    assert "pkg.provenance signature-expired" in late
    registry.page("/-/npm/v1/keys", '{"keys": 3}', JSON)
    assert npm(packument([npm_entry("1.0.0", dist=given)], [])) == []


def test_a_release_that_the_registry_did_not_sign_as_it_did_the_last_is_told(npm: Ask) -> None:
    signed = npm_entry("1.0.0", dist={"signatures": [{"keyid": "SHA256:k", "sig": "AAAA"}]})
    assert npm(packument([signed, npm_entry("1.1.0")], ["2025-01-01", "2025-01-02"])) == [
        "pkg.provenance unsigned"
    ]


KEY = ec.generate_private_key(ec.SECP256R1())


def keys(expires: str | None = None) -> str:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    one = {
        "keyid": "SHA256:k",
        "key": b64encode(public).decode(),
        "scheme": "ecdsa-sha2-nistp256",
        "expires": expires,
    }
    return json.dumps({"keys": [one]})


def test_what_the_archive_has_and_the_registry_hides_is_told(npm: Ask) -> None:
    shown = npm_entry(
        "1.0.0",
        scripts={"install": "node-gyp rebuild", "test": "x"},
        dependencies={"a": "^1", "b": "1"},
        bin="cli.js",
    )
    held = {
        **npm_entry("1.0.0"),
        "name": "other",
        "scripts": {"postinstall": "node x.js", "prepare": "tsc"},
        "dependencies": {"a": "^2"},
        "optionalDependencies": {"b": "1", "c": "2"},
        "bin": {"thing": "./cli.js"},
    }
    assert npm(packument([shown], []), held) == [
        "pkg.manifest differs name thing > other @ package.json",
        "pkg.manifest hidden scripts.postinstall node x.js @ package.json",
        "pkg.manifest hidden dependencies.c 2 @ package.json",
        "pkg.manifest differs dependencies.a ^1 > ^2 @ package.json",
    ]
    assert npm(packument([npm_entry("1.0.0")], []), npm_entry("1.0.0")) == []


def test_what_is_new_since_the_release_before_is_told_without_fetching_it(
    npm: Ask, registry: Registry
) -> None:
    new = npm_entry(
        "1.1.0", scripts={"postinstall": "node x.js"}, dependencies={"other": "git+https://git.example/o.git"}
    )
    assert npm(packument([npm_entry("1.0.0"), new], ["2025-01-01", "2025-01-02"])) == [
        "pkg.manifest added scripts.postinstall node x.js",
        "pkg.manifest added dependencies.other git+https://git.example/o.git",
    ]
    assert len(registry.asked) == 1


def test_a_script_that_became_another_and_a_native_build_that_is_new_are_told(npm: Ask) -> None:
    days = ["2025-01-01", "2025-01-02"]
    old = npm_entry("1.0.0", scripts={"postinstall": "node a.js"})
    new = npm_entry("1.1.0", scripts={"postinstall": "node b.js"})
    assert npm(packument([old, new], days)) == [
        "pkg.manifest changed scripts.postinstall node a.js > node b.js"
    ]
    built = npm_entry("1.1.0", scripts={"install": "node-gyp rebuild"}, gypfile=True)
    assert npm(packument([npm_entry("1.0.0"), built], days)) == ["pkg.manifest added native"]
    assert npm(packument([npm_entry("1.0.0", gypfile=True), built], days)) == []


def test_a_short_document_that_only_counts_scripts_hides_none(npm: Ask) -> None:
    held = npm_entry("1.0.0", scripts={"postinstall": "node x.js"})
    assert npm(packument([npm_entry("1.0.0", hasInstallScript=True)], []), held) == []
    told = "pkg.manifest hidden scripts.postinstall node x.js @ package.json"
    assert npm(packument([npm_entry("1.0.0")], []), held) == [told]


def test_a_placeholder_of_the_registry_is_told(npm: Ask) -> None:
    assert npm(packument([npm_entry("0.0.1-security")], [])) == ["pkg.release holding"]


def test_descriptions_that_say_nothing_or_what_another_says_are_told(npm: Ask) -> None:
    empty = npm_entry("1.0.0", description="", repository=None)
    assert npm(packument([empty], [])) == ["pkg.description empty", "pkg.description no-repository"]
    dull = npm_entry("1.0.0", description="My first npm package")
    assert npm(packument([dull], [])) == ["pkg.description boilerplate"]
    copied = npm_entry("1.0.0", description="Terminal string styling done right", repository="chalk/chalk")
    readme = "# Thing\n\n```\n$ npm install --save chalk\n```\nStyles strings of the terminal as nothing else does."
    assert npm(packument([copied], [], readme=readme)) == [
        "pkg.description copied chalk",
        "pkg.description installs chalk",
        "pkg.description repository-of chalk",
    ]
    own = readme.replace("install", "install thing")
    assert npm(packument([npm_entry("1.0.0")], [], readme=own)) == []


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("git@github.com:chalk/chalk.git", ["pkg.description repository-of chalk"]),
        ("git+ssh://git@github.com:chalk/chalk.git", ["pkg.description repository-of chalk"]),
        ("ann@git.example:thing.git", []),
        ("gist:11081aaa281", []),
        ("somewhere", ["pkg.description no-repository"]),
        ("http://[", []),
    ],
)
def test_a_repository_is_known_however_its_address_is_written(
    npm: Ask, repository: str, expected: list[str]
) -> None:
    assert npm(packument([npm_entry("1.0.0", repository=repository)], [])) == expected


def test_few_letters_of_a_script_that_says_much_in_each_are_a_description(npm: Ask) -> None:
    entry = npm_entry("1.0.0", description="")
    assert npm(packument([entry], [], readme="计算长文本中的单词数量，速度快。")) == []
    assert npm(packument([entry], [], readme="counts words")) == ["pkg.description empty"]


def test_a_popular_package_copies_nobody(npm: Ask) -> None:
    entry = npm_entry(
        "5.0.0", name="chalk", description="A complete lodash of words", repository="lodash/lodash"
    )
    assert npm(packument([entry], []), name="chalk") == []


HOSTILE: list[Any] = [
    None,
    7,
    True,
    "x",
    [],
    {},
    [[]],
    [{"name": {}}],
    {"a": []},
    [None],
    "\ud800",
    "x" * 5000,
    -1.5,
    {"": ""},
]


def test_what_an_index_marks_and_names_is_told(
    registry: Registry, client: httpx.Client, plant: Plant
) -> None:
    flaws = [
        {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "withdrawn": None},
        {"id": "MAL-2026-7", "aliases": []},
        {"id": "GHSA-x", "aliases": ["MAL-2026-8"], "withdrawn": "2026-01-01T00:00:00Z"},
    ]
    project(registry)
    about = json.dumps({"info": {"name": "thing", "version": "1.1"}, "vulnerabilities": flaws})
    registry.page("/pypi/thing/json", about, JSON)
    files = [{"filename": "thing-1.1-py3-none-any.whl", "url": "/f/thing-1.1.whl"}]
    status = {"status": "quarantined", "reason": "looked at"}
    page = json.dumps({"files": files, "project-status": status})
    registry.page("/simple/thing/", page, "application/vnd.pypi.simple.v1+json")
    endpoint = Endpoint("pypi", f"{registry.url}simple/")
    listing = by_type("pypi").resolve(client, endpoint, Release("pypi", "thing", ""))
    assert {"quarantined looked at", "advisory MAL-2026-7"} <= {b.value for b in listing.behaviours()}
    assert not any("MAL-2026-8" in b.value for b in listing.behaviours())
    registry.page("/simple/thing/", json.dumps({"files": [], "project-status": status}), JSON)
    with pytest.raises(UsageError, match="quarantined looked at"):
        by_type("pypi").resolve(client, endpoint, Release("pypi", "thing", ""))
    html = '<meta name="pypi:project-status" content="archived"><a href="/f/thing-1.1.tar.gz">x</a>'
    registry.page("/simple/thing/", html, "text/html")
    assert by_type("pypi").resolve(client, endpoint, Release("pypi", "thing", "")).facts.status == "archived"


@pytest.mark.parametrize(
    ("ecosystem", "name", "value"),
    [("pypi", "cv2", "module-of opencv-python"), ("pypi", "urllib2", "module-of python"), ("npm", "worker_threads", "module-of node")],
)  # fmt: skip
def test_the_name_of_a_module_is_told(plant: Plant, ecosystem: str, name: str, value: str) -> None:
    it = facts.subject(by_type(ecosystem), Release(ecosystem, name, "1.0"), plant({"a.txt": "x"}), None)
    assert f"pkg.name {value} @ a.txt" in map(str, facts.of(it, TODAY))


def test_no_module_is_named_that_is_a_package_in_wide_use() -> None:
    for ecosystem in map(by_type, ("pypi", "npm")):
        known = load(ecosystem.type)
        assert [name for name in ecosystem.habits.modules if name in known] == []
        brought = set(ecosystem.habits.modules.values()) - {"python", "node"}
        assert [name for name in brought if name not in known] == []


@pytest.mark.parametrize("odd", HOSTILE, ids=lambda v: str(v)[:12].encode("ascii", "replace").decode())
def test_no_answer_of_a_wrong_shape_breaks_anything(npm: Ask, odd: Any) -> None:
    keys = ("scripts", "bin", "dependencies", "_npmUser", "maintainers", "author", "repository", "description",
            "homepage", "gypfile", "contributors", "name", "deprecated", "optionalDependencies")  # fmt: skip
    entry = npm_entry("1.0.0") | dict.fromkeys(keys, odd)
    entry["dist"] |= dict.fromkeys(("attestations", "signatures"), odd)
    body = packument([npm_entry("0.9.0"), entry], [odd, odd], readme=odd, maintainers=odd)
    assert all(fact.startswith("pkg.") for fact in npm(body, npm_entry("1.0.0")))


def test_deep_and_large_answers_are_read_under_limits(npm: Ask) -> None:
    deep = packument([npm_entry("1.0.0", author="@")], []).replace('"@"', "[" * 3000 + "]" * 3000)
    with contextlib.suppress(RegistryError):  # refused whole, which is an answer too
        npm(deep)
    many = npm_entry(
        "1.0.0", dependencies={f"d{n}": "1" for n in range(5000)}, maintainers=people(*map(str, range(500)))
    )
    held = {"name": "thing", "version": "1.0.0"}
    assert len(npm(packument([npm_entry("0.9.0"), many], []), held)) <= facts.MAX_FACTS


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "version", "scripts", "bin", "dependencies", "author", "repository", "description"]
        ),
        JSONS,
    )
)
def test_any_json_is_a_manifest_or_none(entry: dict[str, Any]) -> None:
    claim.of_registry(entry, entry.get("description"))


@given(
    st.dictionaries(
        st.sampled_from(
            ["name", "version", "requires_dist", "author_email", "project_urls", "summary", "description"]
        ),
        JSONS,
    ),
    JSONS,
)
def test_any_json_is_a_document_of_an_index(info: dict[str, Any], ownership: Any) -> None:
    one = document.Document(info, {"1.0": [info], "2.0": info}, ownership, ownership)
    one.manifest(), one.facts(), one.owners(), one.uploads(), one.advisories()


def project(registry: Registry, version: str = "1.1", **info: Any) -> None:
    files = [
        {"filename": f"thing-{v}-py3-none-any.whl", "url": f"/f/thing-{v}.whl", "upload-time": f"2025-01-0{day}T00:00:00Z",
         "provenance": "https://files.example/p" if v == "1.0" else None}
        for day, v in ((1, "1.0"), (2, "1.1"))
    ]  # fmt: skip
    registry.page("/simple/thing/", json.dumps({"files": files}), "application/vnd.pypi.simple.v1+json")
    said = {
        "name": "thing",
        "version": version,
        "summary": "Counts words in long texts",
        "home_page": "https://thing.example/",
        **info,
    }
    registry.page(
        "/pypi/thing/json", json.dumps({"info": said, "ownership": {"roles": [{"user": "ann"}]}}), JSON
    )


METADATA = (
    "Metadata-Version: 2.4\nName: {}\nVersion: 1.1\nSummary: Counts words\nRequires-Dist: other>=1\n{}\n"
)


def pypi(registry: Registry, client: httpx.Client, tree: Tree, version: str = "") -> list[str]:
    endpoint = Endpoint("pypi", f"{registry.url}simple/")
    return told(by_type("pypi").resolve(client, endpoint, Release("pypi", "thing", version)), tree)


def test_an_index_tells_dependencies_attestations_and_owners(
    registry: Registry, client: httpx.Client, plant: Plant
) -> None:
    project(registry, requires_dist=["other >= 1", "more; extra == 'x'"])
    before = json.dumps({"info": {"name": "thing", "version": "1.0", "requires_dist": []}})
    registry.page("/pypi/thing/1.0/json", before, JSON)
    tree = plant(
        {
            "thing-1.1.dist-info/METADATA": METADATA.format("Other", "Requires-Dist: hidden"),
            "thing/x.py": "x = 1\n" * 200,
        }
    )
    assert pypi(registry, client, tree) == [
        "pkg.maintainer owner ann",
        "pkg.provenance gone",
        "pkg.manifest differs name thing > other @ thing-1.1.dist-info/METADATA",
        "pkg.manifest hidden dependencies.hidden @ thing-1.1.dist-info/METADATA",
        'pkg.manifest missing dependencies.more ; extra == "x"',
        'pkg.manifest added dependencies.more ; extra == "x"',
        "pkg.manifest added dependencies.other >=1",
    ]


def test_a_document_about_another_version_is_not_taken_for_this_one(
    registry: Registry, client: httpx.Client, plant: Plant
) -> None:
    project(registry, requires_dist=["other"])
    tree = plant(
        {"thing-1.0.dist-info/METADATA": METADATA.format("thing", ""), "thing/x.py": "x = 1\n" * 200}
    )
    assert pypi(registry, client, tree, "1.0") == [
        "pkg.maintainer owner ann",
        "pkg.provenance present",
        "pkg.description no-repository",
    ]


@pytest.mark.parametrize("odd", HOSTILE, ids=lambda v: str(v)[:12].encode("ascii", "replace").decode())
def test_no_document_of_a_wrong_shape_breaks_anything(
    registry: Registry, client: httpx.Client, plant: Plant, odd: Any
) -> None:
    keys = (
        "summary",
        "home_page",
        "project_urls",
        "requires_dist",
        "author_email",
        "maintainer_email",
        "description",
        "license",
    )
    project(registry, **dict.fromkeys(keys, odd))
    assert all(fact.startswith("pkg.") for fact in pypi(registry, client, plant({"thing/x.py": "x = 1\n"})))
    registry.page("/pypi/thing/json", json.dumps({"info": odd, "releases": odd, "ownership": odd}), JSON)
    assert pypi(registry, client, plant({"thing/x.py": "x = 1\n" * 300})) == ["pkg.provenance gone"]


@pytest.mark.parametrize("file", ["thing-1.0-py3-none-any.whl", "thing-1.0.tar.gz"])
def test_the_first_dependency_is_new_where_a_wheel_said_that_there_was_none(
    registry: Registry, client: httpx.Client, plant: Plant, file: str
) -> None:
    project(registry, requires_dist=["other"])
    info = {"name": "thing", "version": "1.0", "requires_dist": None}
    before = json.dumps({"info": info, "urls": [7, {"filename": file}]})
    registry.page("/pypi/thing/1.0/json", before, JSON)
    told = "pkg.manifest added dependencies.other" in pypi(registry, client, plant({"thing/x.py": "x = 1\n"}))
    assert told == file.endswith(".whl")


ODD_TIMES = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999999-01-01", "2026-13-45"]


@pytest.mark.parametrize("odd", ODD_TIMES)
def test_a_time_that_cannot_be_is_no_time(npm: Ask, odd: str) -> None:
    assert npm(packument([npm_entry("1.0.0"), npm_entry("1.1.0")], [odd, odd])) == []


@pytest.mark.parametrize("odd", [None, 7, "x", []])
def test_a_registry_that_tells_no_times_tells_the_rest(npm: Ask, odd: Any) -> None:
    assert npm(packument([npm_entry("99.0.0")], [], time=odd)) == ["pkg.version absurd 99.0.0"]


def test_a_release_that_was_taken_off_is_said_to_be(npm: Ask) -> None:
    gone = packument([npm_entry("1.0.0")], [], time={"0.9.0": "2025-01-01T00:00:00Z"})
    with pytest.raises(UsageError, match=r"no version 0.9.0: it was published \(2025-01-01"):
        npm(gone, version="0.9.0")
    with pytest.raises(UsageError, match=r"all were taken off the registry \(2025-01-01"):
        npm('{"time": {"unpublished": {"time": "2025-01-01T00:00:00Z"}}}')


def test_no_address_of_a_wrong_shape_breaks_anything(
    registry: Registry, client: httpx.Client, npm: Ask
) -> None:
    endpoint = Endpoint("pypi", f"{registry.url}simple/")
    odd = json.dumps({"files": [{"filename": "thing-1.0.tar.gz", "url": "http://[::1"}]})
    good = "<a href='/f/thing-1.1.tar.gz'>x</a>"
    listed = by_type("pypi").resolve
    registry.page("/simple/thing/", odd, "application/vnd.pypi.simple.v1+json")
    with pytest.raises(UsageError, match="no release"):
        listed(client, endpoint, Release("pypi", "thing", ""))
    registry.page("/simple/thing/", f"<base href='http://['>{good}", "text/html")
    assert listed(client, endpoint, Release("pypi", "thing", "")).release.version == "1.1"
    registry.page("/simple/thing/", f"{good}<![<!x>", "text/html")
    with contextlib.suppress(RegistryError):  # some Pythons skip such a declaration
        listed(client, endpoint, Release("pypi", "thing", ""))
    with pytest.raises(RegistryError, match="no address"):
        npm(packument([npm_entry("1.0.0", dist={"tarball": "http://[::1"})], []))
    assert endpoint.headers("http://[::1") == {}


def test_a_pure_wheel_with_a_program_in_it_is_told(plant: Plant) -> None:
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {}\n"
    program = "\x7fELF" + "x" * 100
    pure = plant(
        {
            "thing-1.1.dist-info/WHEEL": wheel.format("py3-none-any"),
            "thing/x.bin": program,
            "thing/y.py": "MZ = 1\n" * 30,
        }
    )
    values = [str(b) for b in by_type("pypi").hooks(pure)]
    assert values == ["pkg.manifest undeclared-native thing/x.bin @ thing/x.bin"]
    built = plant(
        {"thing-1.1.dist-info/WHEEL": wheel.format("cp311-cp311-linux_x86_64"), "thing/x.bin": program}
    )
    assert not list(by_type("pypi").hooks(built))


def test_an_archive_alone_tells_of_its_name_and_version(plant: Plant) -> None:
    tree = plant({"package.json": json.dumps({"name": "lodahs", "version": "99.0.0"}), "index.js": "go()"})
    ecosystem = by_type("npm")
    it = facts.subject(ecosystem, Release("npm", "lodahs", "99.0.0"), tree, None)
    assert [str(fact) for fact in facts.of(it, TODAY)] == [
        "pkg.name typosquat lodash @ package.json",
        "pkg.version absurd 99.0.0 @ package.json",
        "pkg.description empty @ package.json",
        "pkg.description no-repository @ package.json",
        "pkg.manifest trivial 4 bytes of code @ package.json",
    ]


def test_the_same_answers_and_the_same_day_give_the_same_facts(npm: Ask) -> None:
    body = packument(
        [npm_entry("1.0.0"), npm_entry("99.0.0", author="x <nobody>")], ["2026-06-01", "2026-06-29"]
    )
    assert npm(body) == npm(body) != []


def test_a_name_that_no_registry_takes_is_a_usage_error(npm: Ask) -> None:
    with pytest.raises(UsageError):
        by_type("npm").normalise("lodаsh")
