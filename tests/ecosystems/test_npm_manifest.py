import json

import pytest

from biopsy.ecosystems import by_type
from biopsy.model.behaviour import When
from biopsy.model.release import Release
from ecosystems.conftest import Plant

NPM = by_type("npm")


def said(plant: Plant, files: dict[str, str]) -> list[str]:
    return sorted(str(b) for b in NPM.hooks(plant(files)))


def test_package_json_says_what_runs_what_is_installed_and_what_is_needed(plant: Plant) -> None:
    package = {
        "name": "@s/thing",
        "scripts": {"postinstall": "node x.js", "prepare": "husky", "test": "jest"},
        "bin": "./cli.js",
        "directories": {"bin": "./tools"},
        "dependencies": {"a": "^1", "b": "https://files.example/b.tgz"},
        "optionalDependencies": {"c": "git+ssh://git@code.example/c.git"},
        "devDependencies": {"d": "1"},
    }
    assert said(plant, {"package.json": json.dumps(package, indent=1), "tools/t.js": ""}) == [
        "pkg.dependency a@^1 @ package.json",
        "pkg.dependency b@https://files.example/b.tgz @ package.json",
        "pkg.dependency c@git+ssh://git@code.example/c.git @ package.json",
        "pkg.entry bin t.js=tools/t.js @ package.json",
        "pkg.entry bin thing=cli.js @ package.json",
        "pkg.hook npm:postinstall node x.js @ package.json:4 (install)",
        "pkg.hook npm:prepare husky @ package.json:5",
    ]


@pytest.mark.parametrize(
    ("package", "runs"),
    [
        ({}, True),
        ({"scripts": {"postinstall": "x"}}, True),
        ({"scripts": {"install": "x"}}, False),
        ({"scripts": {"preinstall": "x"}}, False),
        ({"gypfile": False}, False),
    ],
)
def test_a_binding_gyp_is_built_unless_a_script_takes_its_place(
    plant: Plant, package: dict[str, object], runs: bool
) -> None:
    found = said(plant, {"package.json": json.dumps(package), "binding.gyp": "{}"})
    assert ("pkg.hook npm:install node-gyp rebuild @ binding.gyp (install)" in found) is runs


@pytest.mark.parametrize(
    ("text", "why"), [("{", "JSONDecodeError"), ("[]", "no object"), ("[" * 100_000, "RecursionError")]
)
def test_a_package_json_that_does_not_parse_is_a_fact(plant: Plant, text: str, why: str) -> None:
    assert said(plant, {"package.json": text}) == [f"pkg.malformed package.json {why} @ package.json"]


@pytest.mark.parametrize(
    ("files", "release"),
    [
        ({"package.json": '{"name": "@s/a", "version": "1.2.3"}'}, Release("npm", "@s/a", "1.2.3")),
        ({"package.json": '\ufeff{"name": "a", "version": "v1.0.0"}'}, Release("npm", "a", "1.0.0")),
        ({"package.json": '{"name": "../../evil", "version": "../x"}'}, Release("npm", "unknown", "")),
        ({"package.json": "{"}, Release("npm", "unknown", "")),
        ({"package.json": '{"private": true, "name": "a"}', "pyproject.toml": ""}, None),
        ({"setup.py": ""}, None),
    ],
)
def test_a_local_artifact_is_recognised(plant: Plant, files: dict[str, str], release: Release | None) -> None:
    assert NPM.identify(plant(files), "x.tgz") == release


def test_what_lifecycle_scripts_run_and_load_runs_at_install(plant: Plant) -> None:
    scripts = {
        "preinstall": "npm run build -s || exit 0",
        "prebuild": "sh tools/pre.sh",
        "build": "node ./lib/setup",
        "postinstall": "node -e \"require('./late')\"",
    }
    moments = NPM.moments(
        plant(
            {
                "package.json": json.dumps({"scripts": scripts, "main": "lib", "bin": {"x": "bin/x"}}),
                "tools/pre.sh": "",
                "lib/setup.js": "const a = require('./near'); spawn('node', [join(__dirname, 'child.js')])",
                "lib/near/index.js": "import '../far.mjs'",
                "lib/far.mjs": "",
                "lib/child.js": "",
                "late.js": "",
                "lib/index.js": "export * from './part.js'; import('./__tests__/trap.js')",
                "lib/part.js": "",
                "lib/__tests__/trap.js": "",
                "lib/__tests__/plain.test.js": "",
                "examples/one.js": "",
                "bin/x": "#!/usr/bin/env node",
                "other.js": "",
                "data.json": "{}",
            }
        )
    )
    install = {p for p, when in moments.items() if when is When.INSTALL}
    assert install == {
        "tools/pre.sh", "lib/setup.js", "lib/near/index.js", "lib/far.mjs", "lib/child.js", "late.js",
    }  # fmt: skip
    imported = {p for p, when in moments.items() if when is When.IMPORT}
    assert imported == {"lib/index.js", "lib/part.js", "lib/__tests__/trap.js", "other.js"}
    assert moments["lib/__tests__/plain.test.js"] is When.TEST
    assert moments["examples/one.js"] is When.DOCS
    assert moments["bin/x"] is When.CALL
    assert "data.json" not in moments


def test_every_target_of_exports_is_reached(plant: Plant) -> None:
    exports = {
        ".": {"node": [{"import": "./test/a.mjs"}, "./b.cjs"]},
        "./docs/*": "./docs/*.js",
        "./no": None,
    }
    moments = NPM.moments(
        plant(
            {"package.json": json.dumps({"exports": exports}), "test/a.mjs": "", "b.cjs": "", "docs/d.js": ""}
        )
    )
    assert set(moments.values()) == {When.IMPORT}


def test_what_binding_gyp_runs_runs_at_install(plant: Plant) -> None:
    moments = NPM.moments(
        plant({"package.json": "{}", "binding.gyp": '{"x": "<!(node gen.js)"}', "gen.js": "", "index.js": ""})
    )
    assert moments["binding.gyp"] is When.INSTALL
    assert moments["gen.js"] is When.INSTALL
    assert moments["index.js"] is When.IMPORT


@pytest.mark.parametrize(
    "command",
    ["npm run --prefix tools go", "npm run go -w @x/tools", "cd tools && npm run go", "yarn --cwd=./tools go", "pnpm -r go",
     "npm --prefix ./tools install"],
)  # fmt: skip
def test_scripts_of_a_bundled_package_run_where_a_lifecycle_script_asks_for_them(
    plant: Plant, command: str
) -> None:
    inner = {
        "name": "@x/tools",
        "scripts": {"go": "node ./a.js", "prepare": "node a", "other": "node ./b.js"},
    }
    files = {
        "package.json": json.dumps({"scripts": {"postinstall": command}}),
        "tools/package.json": json.dumps(inner),
        "tools/a.js": "require('./c')",
        "tools/b.js": "",
        "tools/c.js": "",
        "a.js": "",
    }
    moments = NPM.moments(plant(files))
    assert {p for p, when in moments.items() if when is When.INSTALL} == {"tools/a.js", "tools/c.js"}
