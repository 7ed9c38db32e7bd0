import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biopsy.ecosystems import by_type
from biopsy.ecosystems.composer import package
from biopsy.model.behaviour import When
from biopsy.model.release import Release
from ecosystems.conftest import Plant

COMPOSER = by_type("composer")


def said(plant: Plant, manifest: object, files: dict[str, str] | None = None) -> list[str]:
    return sorted(
        str(b)
        for b in COMPOSER.hooks(plant({"composer.json": json.dumps(manifest, indent=1), **(files or {})}))
    )


def test_composer_json_says_what_runs_what_is_installed_and_what_is_needed(plant: Plant) -> None:
    manifest = {
        "name": "acme/thing",
        "autoload": {"files": ["./src/functions.php"], "psr-4": {"Acme\\": "src/"}},
        "bin": "bin/thing",
        "require": {"php": "^8.1", "ext-json": "*", "composer-plugin-api": "^2", "Acme/Words": "^1 || ^2"},
        "require-dev": {"phpunit/phpunit": "*"},
        "replace": {"acme/part": "self.version", "symfony/console": "*"},
        "scripts": {"post-install-cmd": "php x.php", "test": "phpunit"},
        "repositories": {"a": {"type": "vcs", "url": "https://code.example/x.git"}},
        "extra": {"laravel": {"providers": ["Acme\\Provider"]}},
    }
    assert said(plant, manifest) == [
        "pkg.config composer replace=symfony/console @ composer.json",
        "pkg.config composer repository=https://code.example/x.git @ composer.json",
        "pkg.dependency acme/words@^1 || ^2 @ composer.json",
        "pkg.entry bin thing=bin/thing @ composer.json",
        "pkg.hook composer:files src/functions.php @ composer.json:4 (start)",
        "pkg.hook composer:laravel.providers Acme\\\\Provider @ composer.json:37 (start)",
        "pkg.hook composer:post-install-cmd php x.php @ composer.json:26",
    ]


def test_a_plugin_is_run_when_it_is_installed(plant: Plant) -> None:
    manifest = {
        "name": "acme/plugin",
        "type": "composer-plugin",
        "extra": {"class": ["Acme\\Plugin"]},
        "autoload": {"psr-4": {"Acme\\": ["src"]}, "files": ["boot.php"]},
    }
    assert said(plant, manifest) == [
        "pkg.hook composer:files boot.php @ composer.json:15 (install)",
        "pkg.hook composer:plugin Acme\\\\Plugin @ composer.json:5 (install)",
    ]


def test_the_scripts_of_a_project_run_because_it_is_the_root(plant: Plant) -> None:
    manifest = {
        "name": "a/b",
        "type": "project",
        "scripts": {"post-create-project-cmd": ["@php go.php", "x"]},
    }
    assert said(plant, manifest) == [
        "pkg.hook composer:post-create-project-cmd @php go.php @ composer.json:5 (install)",
        "pkg.hook composer:post-create-project-cmd x @ composer.json:5 (install)",
    ]


@pytest.mark.parametrize(
    ("text", "why"), [("{", "JSONDecodeError"), ("[]", "no object"), ("[" * 100_000, "RecursionError")]
)
def test_a_composer_json_that_does_not_parse_is_a_fact(plant: Plant, text: str, why: str) -> None:
    found = [str(b) for b in COMPOSER.hooks(plant({"composer.json": text}))]
    assert found == [f"pkg.malformed composer.json {why} @ composer.json"]


@settings(max_examples=60)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda s: st.lists(s, max_size=4) | st.dictionaries(
    st.sampled_from(["name", "type", "autoload", "files", "psr-4", "psr-0", "classmap", "extra", "class", "scripts",
                     "bin", "require", "repositories", "url", "laravel", "providers", "authors", "support"]),
    s, max_size=6), max_leaves=12))  # fmt: skip
def test_a_manifest_of_any_shape_is_read(value: object) -> None:
    found = package.parse(value)
    assert isinstance(found, package.Package) is isinstance(value, dict)


MANIFEST = {
    "name": "acme/thing",
    "autoload": {"files": ["src/boot.php"], "psr-4": {"Acme\\": "src/"}, "classmap": ["old/"]},
    "autoload-dev": {"psr-4": {"Acme\\Test\\": "checks/"}},
    "bin": ["bin/thing"],
}


def test_files_run_at_the_start_with_what_they_include_and_classes_when_they_are_used(plant: Plant) -> None:
    files = {
        "composer.json": json.dumps(MANIFEST),
        "src/boot.php": "<?php require __DIR__ . '/more.php'; include_once dirname(__DIR__) . '/top.php'; Deep::x();",
        "src/more.php": "<?php",
        "top.php": "<?php",
        "src/Deep.php": "<?php namespace Acme; class Deep {}",
        "old/legacy.php": "<?php",
        "checks/AnyTest.php": "<?php",
        "tests/x.php": "<?php",
        "bin/thing": "#!/usr/bin/env php",
    }
    assert COMPOSER.moments(plant(files)) == {
        "src/boot.php": When.START,
        "src/more.php": When.START,
        "top.php": When.START,
        "src/Deep.php": When.IMPORT,
        "old/legacy.php": When.IMPORT,
        "checks/AnyTest.php": When.TEST,
        "tests/x.php": When.TEST,
        "bin/thing": When.CALL,
    }


def test_what_a_plugin_names_runs_at_install(plant: Plant) -> None:
    manifest = {
        "name": "acme/plugin",
        "type": "composer-plugin",
        "extra": {"class": "Acme\\Plugin"},
        "autoload": {"psr-4": {"Acme\\": "src/"}, "psr-0": {"Old_": "lib"}},
    }
    files = {
        "composer.json": json.dumps(manifest),
        "src/Plugin.php": "<?php\nnamespace Acme;\nuse Acme\\In\\Helper as H;\nclass Plugin { function f() { H::go(); new \\Old_One(); } }",
        "src/In/Helper.php": "<?php namespace Acme\\In; class Helper extends Sister {}",
        "src/In/Sister.php": "<?php",
        "src/Other.php": "<?php",
        "lib/Old/One.php": "<?php",
    }
    found = COMPOSER.moments(plant(files))
    assert {path for path, when in found.items() if when is When.INSTALL} == {
        "src/Plugin.php", "src/In/Helper.php", "src/In/Sister.php", "lib/Old/One.php",
    }  # fmt: skip
    assert found["src/Other.php"] is When.IMPORT


def test_a_script_of_a_project_leads_to_its_file_and_its_class(plant: Plant) -> None:
    manifest = {
        "name": "a/b",
        "type": "project",
        "autoload": {"psr-4": {"App\\": "src/"}},
        "scripts": {"post-install-cmd": ["@php tool/go.php --x", "App\\Setup::run"]},
    }
    files = {
        "composer.json": json.dumps(manifest),
        "tool/go.php": "",
        "src/Setup.php": "<?php",
        "src/X.php": "",
    }
    found = COMPOSER.moments(plant(files))
    assert {path for path, when in found.items() if when is When.INSTALL} == {"tool/go.php", "src/Setup.php"}


LIBRARY = {"name": "acme/thing", "autoload": {"psr-4": {"Acme\\": "src/"}}}


@pytest.mark.parametrize(
    ("manifest", "others", "filename", "release"),
    [
        (LIBRARY, {}, "acme-thing-1.2.3.zip", "acme/thing 1.2.3"),
        (LIBRARY, {}, "thing-v2.0.0-beta1.zip", "acme/thing 2.0.0-beta1"),
        (LIBRARY, {}, "thing.zip", "acme/thing "),
        ({**LIBRARY, "version": "v3.1"}, {}, "thing-1.0.zip", "acme/thing v3.1"),
        ({"name": "No Name"}, {}, "x.zip", "unknown/unknown "),
        (LIBRARY, {"package.json": '{"private": true}'}, "thing-1.0.zip", "acme/thing 1.0"),
        (LIBRARY, {"package.json": '{"name": "thing", "version": "1.0.0"}'}, "thing-1.0.0.tgz", None),
        ({"name": "a/b"}, {"package.json": '{"name": "thing", "version": "1.0.0"}'}, "x.tar.gz", None),
        ({"name": "a/b"}, {"setup.py": ""}, "x-1.0.tar.gz", None),
    ],
)
def test_composer_json_and_the_files_name_say_which_release_it_is(
    plant: Plant, manifest: object, others: dict[str, str], filename: str, release: str | None
) -> None:
    found = COMPOSER.identify(plant({"composer.json": json.dumps(manifest), **others}), filename)
    assert found == (release and Release("composer", *release.split(" ")))


def test_its_claim_is_that_of_any_package(plant: Plant) -> None:
    manifest = {
        **LIBRARY,
        "description": "Things",
        "support": {"source": "https://code.example/x"},
        "authors": [{"name": "A", "email": "a@people.example"}, 3],
        "type": "composer-plugin",
        "extra": {"class": "Acme\\P"},
    }
    found = COMPOSER.manifest(plant({"composer.json": json.dumps(manifest), "README.md": "Hello"}))
    assert found is not None
    assert (found.summary, found.readme, found.links) == ("Things", "Hello", ("https://code.example/x",))
    assert (found.mails, found.scripts) == (("a@people.example",), {"class": "Acme\\P"})
