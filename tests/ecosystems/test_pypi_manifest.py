import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biopsy.ecosystems import all_ecosystems, by_type
from biopsy.ecosystems.pypi import imports
from biopsy.model.behaviour import Kind, When
from biopsy.model.release import Release
from ecosystems.conftest import Plant

PYPI = by_type("pypi")
WHEEL = {
    "thing-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\n",
    "thing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Thing\nVersion: 1.0\n"
    "Requires-Dist: six>=1\nRequires-Dist: odd @ https://files.example/odd.whl\n",
}
SETUP = """
from setuptools import setup
from setuptools.command.install import install
class Custom(install):
    def run(self):
        import helper
        exec(open("pkg/version.py").read())
setup(name="thing", cmdclass={"install": Custom}, install_requires=["six>=1", "toml"],
      extras_require={"dev": ["pytest"]})
"""


def said(plant: Plant, files: dict[str, str]) -> list[str]:
    return sorted(str(b) for b in PYPI.hooks(plant(files)))


def test_a_wheel_says_what_runs_at_start_and_what_it_installs(plant: Plant) -> None:
    assert said(
        plant,
        {
            **WHEEL,
            "thing.pth": "# comment\nimport thing.boot; thing.boot.go()\n./folder\n",
            "quiet.pth": "./only/a/path\n",
            "sitecustomize.py": "",
            "thing-1.0.data/scripts/run": "#!python\n",
            "thing-1.0.dist-info/entry_points.txt": "[console_scripts]\nThing = thing.cli:main\n"
            "[pytest11]\nplug=thing.plug\n",
        },
    ) == [
        "pkg.dependency odd \\x40 https://files.example/odd.whl @ thing-1.0.dist-info/METADATA",
        "pkg.dependency six>=1 @ thing-1.0.dist-info/METADATA",
        "pkg.entry console_scripts Thing=thing.cli:main @ thing-1.0.dist-info/entry_points.txt",
        "pkg.entry pytest11 plug=thing.plug @ thing-1.0.dist-info/entry_points.txt",
        "pkg.entry script run=thing-1.0.data/scripts/run @ thing-1.0.data/scripts/run",
        "pkg.hook pth thing.pth @ thing.pth:2 (start)",
        "pkg.hook sitecustomize sitecustomize.py @ sitecustomize.py (start)",
    ]


def test_an_sdist_says_what_runs_when_it_is_built(plant: Plant) -> None:
    assert said(
        plant,
        {
            "setup.py": SETUP,
            "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "own:api"\n'
            'backend-path = ["build"]\n[project]\nname = "thing"\ndependencies = ["x @ git+https://code.example/x"]\n'
            '[project.scripts]\nrun = "thing:main"\n[project.entry-points.pytest11]\np = "thing.p"\n',
            "setup.cfg": "[options]\ninstall_requires =\n  a\n  # no\n  b\ncmdclass =\n  develop = own.Develop\n"
            "[options.entry_points]\nconsole_scripts =\n  run2 = thing:two\n",
        },
    ) == [
        "pkg.dependency a @ setup.cfg",
        "pkg.dependency b @ setup.cfg",
        "pkg.dependency pytest @ setup.py:9",
        "pkg.dependency setuptools @ pyproject.toml",
        "pkg.dependency six>=1 @ setup.py:8",
        "pkg.dependency toml @ setup.py:8",
        "pkg.dependency x \\x40 git+https://code.example/x @ pyproject.toml",
        "pkg.entry console_scripts run2=thing:two @ setup.cfg",
        "pkg.entry console_scripts run=thing:main @ pyproject.toml",
        "pkg.entry pytest11 p=thing.p @ pyproject.toml",
        "pkg.hook backend-path build @ pyproject.toml (install)",
        "pkg.hook build-backend own:api @ pyproject.toml (install)",
        "pkg.hook cmdclass develop=own.Develop @ setup.cfg (install)",
        "pkg.hook cmdclass install=Custom @ setup.py:8 (install)",
        "pkg.hook setup.py @ setup.py (install)",
    ]


def test_manifests_that_do_not_parse_are_facts(plant: Plant) -> None:
    assert said(
        plant,
        {
            "setup.py": "def (:",
            "pyproject.toml": "[[[",
            "setup.cfg": "no section",
            "x.egg-info/entry_points.txt": "no section either",
            "PKG-INFO": "nothing",
        },
    ) == [
        "pkg.hook setup.py @ setup.py (install)",
        "pkg.malformed PKG-INFO no Name @ PKG-INFO",
        "pkg.malformed pyproject.toml TOMLDecodeError @ pyproject.toml",
        "pkg.malformed setup.cfg MissingSectionHeaderError @ setup.cfg",
        "pkg.malformed x.egg-info/entry_points.txt MissingSectionHeaderError @ x.egg-info/entry_points.txt",
    ]


@pytest.mark.parametrize(
    ("files", "filename", "release"),
    [
        (WHEEL, "whatever.whl", Release("pypi", "thing", "1.0")),
        (
            {"PKG-INFO": "Name: A_b\nVersion: 1.0.0\n", "setup.py": ""},
            "x.tar.gz",
            Release("pypi", "a-b", "1.0.0"),
        ),
        ({"setup.py": ""}, "thing-2.0.tar.gz", Release("pypi", "thing", "2.0")),
        ({"pyproject.toml": '[project]\nname="q"\nversion="3"\n'}, "folder", Release("pypi", "q", "3")),
        ({"setup.cfg": "[metadata]\nname = r\n"}, "folder", Release("pypi", "r", "")),
        ({"setup.py": ""}, "my folder", Release("pypi", "my-folder", "")),
        (
            {"setup.py": "import setuptools as s\ns.setup(name='s-t', version='4')"},
            "x",
            Release("pypi", "s-t", "4"),
        ),
        ({"setup.py": "setup(name=NAME, version='4')"}, "x", Release("pypi", "x", "")),
        ({"index.js": ""}, "folder", None),
        ({"PKG-INFO": "Name: ../evil\nVersion: 1\n"}, "x", None),
    ],
)
def test_a_local_artifact_is_recognised(
    plant: Plant, files: dict[str, str], filename: str, release: Release | None
) -> None:
    assert PYPI.identify(plant(files), filename) == release


def test_in_an_sdist_setup_py_and_what_it_reaches_run_at_install(plant: Plant) -> None:
    moments = PYPI.moments(
        plant(
            {
                "setup.py": SETUP + "\nimport pkg.meta\n",
                "helper.py": "import deeper\ndef f():\n    import lazy\n",
                "deeper.py": "",
                "lazy.py": "",
                "pyproject.toml": '[build-system]\nbuild-backend="own"\nbackend-path=["build"]\n',
                "build/own.py": "from . import near\n",
                "pkg/__init__.py": "",
                "pkg/meta.py": "",
                "pkg/version.py": "",
                "pkg/core.py": "",
                "pkg/__main__.py": "",
                "tests/test_core.py": "",
                "docs/conf.py": "",
                "examples/one.py": "",
            }
        )
    )
    install = {p for p, when in moments.items() if when is When.INSTALL}
    assert install == {
        "setup.py", "helper.py", "deeper.py", "build/own.py", "pkg/__init__.py", "pkg/meta.py", "pkg/version.py",
    }  # fmt: skip
    assert moments["pkg/core.py"] is When.IMPORT
    assert moments["pkg/__main__.py"] is When.CALL
    assert moments["tests/test_core.py"] is When.TEST
    assert (moments["docs/conf.py"], moments["examples/one.py"]) == (When.DOCS, When.DOCS)
    assert "lazy.py" not in moments


def test_in_a_wheel_modules_run_at_import_and_pth_targets_at_start(plant: Plant) -> None:
    moments = PYPI.moments(
        plant(
            {
                **WHEEL,
                "thing.pth": "import thing.boot\n",
                "thing/__init__.py": "from .tests import payload\n",
                "thing/boot.py": "import thing.beyond\n",
                "thing/beyond.py": "",
                "thing/tests/__init__.py": "",
                "thing/tests/payload.py": "",
                "thing/tests/test_it.py": "",
                "setup.py": "",
            }
        )
    )
    start = {p for p, when in moments.items() if when is When.START}
    assert {"thing.pth", "thing/boot.py", "thing/beyond.py"} <= start
    assert moments["thing/tests/payload.py"] in (When.IMPORT, When.START)
    assert moments["thing/tests/test_it.py"] is When.TEST
    assert moments["setup.py"] is When.IMPORT


def test_a_module_alone_in_an_sdist_runs_at_import(plant: Plant) -> None:
    assert PYPI.moments(plant({"setup.py": "", "six.py": ""}))["six.py"] is When.IMPORT


def test_a_script_with_its_requirements_in_it_is_a_program_unless_a_module_imports_it(plant: Plant) -> None:
    script = '#!/usr/bin/env -S uv run\n\n# /// script\n# dependencies = ["rich"]\n# ///\n'
    files = {"a/__init__.py": "", "a/tool.py": script, "a/used.py": script, "a/b.py": "from . import used"}
    files |= {"a/late.py": f"import os\n{script}", "a-1.dist-info/WHEEL": ""}
    moments = PYPI.moments(plant(files))
    assert [moments[f"a/{name}.py"] for name in ("tool", "used", "late")] == [
        When.CALL,
        When.IMPORT,
        When.IMPORT,
    ]


def test_what_a_package_imports_of_a_folder_without_init_runs_at_import(plant: Plant) -> None:
    files = {"setup.py": "", "thing/__init__.py": "import thing.extern.six", "thing/extern/six.py": ""}
    assert PYPI.moments(plant(files))["thing/extern/six.py"] is When.IMPORT


PATHS = st.sampled_from(
    ["setup.py", "pyproject.toml", "setup.cfg", "PKG-INFO", "x.pth", "package.json", "binding.gyp", "a/__init__.py",
     "x-1.dist-info/METADATA", "x-1.dist-info/entry_points.txt", "x-1.dist-info/WHEEL", "index.js", "a.egg-info/top_level.txt"]
)  # fmt: skip
PIECES = st.sampled_from(
    ["[build-system]\n", "backend-path = [1, '.', '..']\n", "build-backend = 3\n", "[project]\n", "name = []\n",
     "import os;", "from . import (", "setup(cmdclass={**x, 'a': b()[0]})\n", '{"scripts": {"postinstall": "node x && npm run y"}}',
     '{"exports": {"./*": [null, {"a": 1}]}, "bin": 3}', "[" * 2000, "(" * 500, "\0", "\ud800", "Name: a\n", "[options]\nx = %(y)s\n",
     '{"name": 1, "dependencies": [], "scripts": 3, "directories": {"bin": 4}}', "[entry\n", "=x\n", "'''"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.dictionaries(
        PATHS, st.one_of(st.lists(PIECES, max_size=4).map("".join), st.text(max_size=80)), max_size=6
    )
)
def test_no_manifest_stops_us(plant: Plant, files: dict[str, str]) -> None:
    tree = plant({path: text.encode("utf-8", "replace").decode() for path, text in files.items()})
    for ecosystem in all_ecosystems():
        assert all(str(b) for b in ecosystem.hooks(tree))
        assert isinstance(dict(ecosystem.moments(tree)), dict)
        ecosystem.identify(tree, "x-1.0.tar.gz")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a, b.c as d  # x", ["a", "b.c"]),
        ("from a import (b,  # why\n  c as d,\n)\nimport e", ["a", "a.b", "a.c", "e"]),
        ("from . import x", ["pkg.sub", "pkg.sub.x"]),
        ("from ..up import x", ["pkg.up", "pkg.up.x"]),
        ("from a import *", ["a"]),
        ("try:\n    import a\nexcept ImportError:\n    import b", ["a", "b"]),
        ("def f():\n    import a\nclass B:\n    import c\nimport d", ["d"]),
        ("import a; import b; b.c()", ["a", "b"]),
        ("__import__('a.b')", ["a.b"]),
        ("from a import (", ["a"]),
        ("important = 1\nfromage = 2", []),
    ],
)
def test_imports_are_found_line_by_line(source: str, names: list[str]) -> None:
    assert [n for n in imports.names(source, package="pkg.sub") if n] == names


@pytest.mark.parametrize(
    "source",
    [
        "from a import (\n" * 50_000,
        "def f():\n" + " import a\n" * 50_000,
        "'" + "./" * 1_000_000,
        "require('./" + "a/" * 1_000_000,
        "npm run " + "--a " * 500_000 + "!",
        "from " * 500_000,
        "(" * 1_000_000,
        "a = {" + "'x': 1," * 200_000 + "}",
    ],
)
def test_no_source_takes_long_to_read(plant: Plant, source: str) -> None:
    package = json.dumps(
        {"scripts": {"postinstall": f"node index.js; {source[:200_000]}"}, "main": "index.js"}
    )
    tree = plant({"setup.py": source, "index.js": source, "package.json": package, "a.py": source})
    start = time.process_time()
    for ecosystem in all_ecosystems():
        dict(ecosystem.moments(tree))
        list(ecosystem.hooks(tree))
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    ("files", "hook", "runs"),
    [
        ({"pyproject.toml": "[tool.setuptools.cmdclass]\nbuild_py = 'own.Build'", "own.py": "import near", "near.py": ""},
         "cmdclass build_py=own.Build", {"own.py", "near.py"}),
        ({"setup.cfg": "[options]\ncmdclass =\n  sdist = own.Made", "own.py": ""}, "cmdclass sdist=own.Made", {"own.py"}),
        ({"pyproject.toml": "[tool.hatch.build.hooks.custom]", "hatch_build.py": ""},
         "hatch-hook hatch_build.py", {"hatch_build.py"}),
        ({"pyproject.toml": "[tool.hatch.build.targets.wheel.hooks.custom]\npath = './b/h.py'", "b/h.py": ""},
         "hatch-hook ./b/h.py", {"b/h.py"}),
        ({"pyproject.toml": "[tool.hatch.metadata.hooks.custom]\npath = 'm.py'", "m.py": ""}, "hatch-hook m.py", {"m.py"}),
        ({"pyproject.toml": "[tool.hatch.version]\nsource = 'code'\npath = 'v.py'", "v.py": ""},
         "hatch-version v.py", {"v.py"}),
        ({"pyproject.toml": "[tool.poetry.build]\nscript = 'build.py'", "build.py": ""}, "poetry-build build.py", {"build.py"}),
        ({"pyproject.toml": "[tool.poetry]\nbuild = 'build.py'", "build.py": ""}, "poetry-build build.py", {"build.py"}),
        ({"pyproject.toml": "", "meson.build": "run_command(py, files('tools/v.py'), check: true)", "tools/v.py": ""},
         "build-script tools/v.py", {"tools/v.py"}),
        ({"pyproject.toml": "", "CMakeLists.txt": "execute_process(COMMAND ${PY} ${CMAKE_SOURCE_DIR}/t/v.py)", "t/v.py": ""},
         "build-script t/v.py", {"t/v.py"}),
        ({"pyproject.toml": "[tool.pdm.build]", "pdm_build.py": ""}, "pdm-hook", {"pdm_build.py"}),
        ({"pyproject.toml": "[tool.scikit-build.metadata.version]\nprovider = 'p'\nprovider-path = 'x'", "x/p.py": ""},
         "scikit-build-provider x/p.py", {"x/p.py"}),
    ],
)  # fmt: skip
def test_what_a_manifest_has_a_build_tool_run_runs_at_install(
    plant: Plant, files: dict[str, str], hook: str, runs: set[str]
) -> None:
    tree = plant(files)
    assert {p for p, when in PYPI.moments(tree).items() if when is When.INSTALL} == runs
    assert hook in {b.value for b in PYPI.hooks(tree) if b.kind is Kind.PKG_HOOK}


@pytest.mark.parametrize("text", ["[tool]\nhatch = 1", "[tool.hatch.build]\nhooks = []", "[tool.pdm]\nbuild = 3",
                                  "[tool.poetry]\nbuild = 7", "[tool.hatch.build.hooks.custom]\npath = '../x.py'"])  # fmt: skip
def test_odd_tables_of_build_tools_state_nothing(plant: Plant, text: str) -> None:
    assert When.INSTALL not in PYPI.moments(plant({"pyproject.toml": text, "a.py": ""})).values()
