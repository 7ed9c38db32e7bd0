"""What words in the search box mean, prose, assets held to their lock."""

import asyncio
import hashlib
import json
from importlib.resources import files

import pytest

from biopsy.web.site.index.words import ecosystem, spelled
from biopsy.web.site.kept_pages import Pages
from biopsy.web.site.looks import as_json, package_path
from biopsy.web.site.prose import MAX_TEXT, prose
from biopsy.web.site.words import Sort, taken


@pytest.mark.parametrize(
    ("words", "sort", "value"),
    [
        ("", Sort.NOTHING, ""),
        ("requests", Sort.NAME, "requests"),
        ("npm:left-pad@1.3.0", Sort.NAME, "left-pad"),
        ("@babel/core", Sort.NAME, "@babel/core"),
        ("@babel/core@7.0.0", Sort.NAME, "@babel/core"),
        ("pypi/requests==2.0", Sort.NAME, "requests"),
        ("pkg:npm/%40babel/core@7", Sort.PURL, "@babel/core"),
        ("pkg:maven/org.x/y@1", Sort.PURL, "org.x:y"),
        ("pkg:", Sort.NAME, "pkg:"),
        ("evil.example", Sort.HOST, "evil.example"),
        ("hxxps://evil[.]example:8443/x?y", Sort.HOST, "evil.example"),
        ("203.0.113.9", Sort.HOST, "203.0.113.9"),
        ("[2001:db8::1]", Sort.HOST, "2001:db8::1"),
        ("sha256:" + "A" * 64, Sort.HASH, "a" * 64),
        ("d" * 40, Sort.HASH, "d" * 40),
        ("MAL-2026-1", Sort.REPORT, "MAL-2026-1"),
        ("20261122-173432-19a70b25", Sort.RUN, "20261122-173432-19a70b25"),
        ('{"lockfileVersion": 3}', Sort.LOCK, '{"lockfileVersion": 3}'),
        ("pkg:npm/JSONStream@1", Sort.PURL, "JSONStream"),
        ("pkg:npm/%40a/Evil@1.0", Sort.PURL, "@a/Evil"),
        ("org.example:thing", Sort.NAME, "org.example:thing"),
        ("six>=1.0", Sort.NAME, "six"),
        ("t1059.004", Sort.TECHNIQUE, "T1059.004"),
        ("a==1\nb==2", Sort.LOCK, "a==1\nb==2"),
    ],
)
def test_words_are_taken_for_what_they_are(words: str, sort: Sort, value: str) -> None:
    found = taken(words)
    assert (found.sort, found.value) == (sort, value)


@pytest.mark.parametrize(
    ("words", "ecosystem", "name", "version"),
    [
        ("pip install --upgrade 'six==1.16.0'", "pypi", "six", "1.16.0"),
        ("$ npm i -D @a/evil@2", "npm", "@a/evil", "2"),
        ("python3 -m pip install thing", "pypi", "thing", ""),
        ("go get forge.example/a/b@v1.2.3", "golang", "forge.example/a/b", "v1.2.3"),
        ("https://www.npmjs.com/package/@a/evil/v/1.0.0?activeTab=code", "npm", "@a/evil", "1.0.0"),
        (f"https://{'pypi'}.org/project/Evil.Thing/1.0/", "pypi", "Evil.Thing", "1.0"),
        ("crates.io/crates/evil", "cargo", "evil", ""),
        ("https://packagist.org/packages/acme/x", "composer", "acme/x", ""),
        ("https://pkg.go.dev/forge.example/a/b@v1", "golang", "forge.example/a/b", "v1"),
        ("https://central.sonatype.com/artifact/org.x/y/1.0/overview", "maven", "org.x/y", "1.0"),
    ],
)
def test_a_package_is_taken_from_its_registrys_page_and_from_a_command(
    words: str, ecosystem: str, name: str, version: str
) -> None:
    found = taken(words)
    assert (found.sort, found.ecosystem, found.value, found.version) == (Sort.NAME, ecosystem, name, version)


@pytest.mark.parametrize(
    ("written", "inside", "never"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img", "<img"),
        ("[x](javascript:alert(1))", "[x]", "href"),
        ("[x](data:text/html,1)", "[x]", "href"),
        ("![x](https://h.example/p.png)", "", "<img"),
        ("a\u202eb\x1b[31m", "\\u202e", "\x1b"),
        ("[ok](https://h.example/)", 'rel="noopener noreferrer nofollow"', "onclick"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<table>", "style"),
        ("[x]: javascript:alert(1)\n[x]", "x", "href"),
    ],
)
def test_prose_is_formatted_and_harmless(written: str, inside: str, never: str) -> None:
    made = str(prose(written))
    assert inside in made
    assert never not in made


def test_prose_that_is_too_long_is_cut_and_counted() -> None:
    assert "5 characters more" in str(prose("x" * (MAX_TEXT + 5)))
    assert prose("> " * 5000)  # deep, and no error


def test_addresses_of_packages_are_not_taken_for_others() -> None:
    assert package_path("@a/b", "npm", "1.0") == "/package/npm/@a/b?version=1.0"
    assert package_path("x.json", "npm") == "/package?ecosystem=npm&name=x.json"
    assert package_path("../x", "npm") == "/package?ecosystem=npm&name=..%2Fx"
    assert package_path("a?b#c", "npm") == "/package/npm/a%3Fb%23c"
    assert package_path("x" * 10**6, "npm") == f"/search?q={'x' * 300}"
    assert as_json("/?days=7") == "/index.json?days=7"


def test_vendored_files_are_those_of_the_lock() -> None:
    folder = files("biopsy.web.site") / "assets"
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    wanted = json.loads((folder / "package.json").read_text())
    manifest = json.loads((folder / "vendor" / "manifest.json").read_text())
    assert manifest.keys() == wanted["vendor"].keys()
    for name, one in manifest.items():
        package, _, version = one["package"].rpartition("@")
        held = locked[f"node_modules/{package}"]
        assert (held["version"], held["integrity"]) == (version, one["integrity"])
        assert wanted["dependencies"][package] == version
        data = (folder / "vendor" / name).read_bytes()
        assert hashlib.sha512(data).hexdigest() == one["sha512"]
    present = {one.name for one in (folder / "vendor").iterdir()}
    assert present == {*manifest, "manifest.json"}


def test_pages_are_kept_up_to_a_size() -> None:
    pages = Pages(limit=10)
    pages.keep("a", b"12345")
    pages.keep("b", b"12345")
    assert pages.get("a")
    pages.keep("c", b"1")
    assert pages.get("b") is None  # asked for longest ago
    pages.keep("d", b"x" * 11)
    assert pages.get("d") is None
    assert pages.size == 6


def test_of_many_who_ask_at_once_one_writes_the_page() -> None:
    pages, written = Pages(), []

    async def ask() -> bytes:
        async with pages.alone("key"):
            if (kept := pages.get("key")) is not None:
                return kept
            written.append(1)
            await asyncio.sleep(0)
            pages.keep("key", b"page")
            return b"page"

    async def many() -> list[bytes]:
        return await asyncio.gather(*(ask() for _ in range(50)))

    assert asyncio.run(many()) == [b"page"] * 50
    assert written == [1]
    assert not pages._making


@pytest.mark.parametrize(
    ("word", "name", "known", "one"),
    [
        ("maven", "org.example/lib", "maven", "org.example:lib"),
        ("Maven", "org.example:lib", "maven", "org.example:lib"),
        ("vscode-extension", "Ada/Tool", "vscode-extension", "ada.tool"),
        ("githubactions", "Ada/Step", "github", "ada/step"),
        ("crates.io", "a-b", "cargo", "a_b"),
        ("go", "forge.example/a/b", "golang", "forge.example/a/b"),
        ("npm", "@a/Evil", "npm", "@a/Evil"),
    ],
)
def test_analyses_and_reports_on_a_package_stand_together(word: str, name: str, known: str, one: str) -> None:
    assert (ecosystem(word), spelled(word, name)) == (known, one)
