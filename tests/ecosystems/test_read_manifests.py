"""What the manifests of ecosystems that are only read say: releases, hooks, moments; hostile ones, too."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from biopsy.ecosystems import by_type
from biopsy.model.release import Artifact, Tree, TreeFile

Plant = Callable[[dict[str, str]], Tree]


def said(kind: str, tree: Tree) -> set[str]:
    return {str(behaviour) for behaviour in by_type(kind).hooks(tree)}


EXTENSION = {
    "package.json": json.dumps({
        "name": "Thing", "publisher": "Sim", "version": "1.2.0", "engines": {"vscode": "^1.80.0"}, "main": "./out/main",
        "activationEvents": ["*", "onLanguage:x"], "extensionPack": ["Sim.Other"], "scripts": {"vscode:uninstall": "node ./bye.js"},
        "enabledApiProposals": ["terminal"], "capabilities": {"untrustedWorkspaces": {"supported": True}},
    }),
    "out/main.js": "require('./more')", "out/more.js": "", "bye.js": "", "test/a.test.js": "",
}  # fmt: skip


def test_an_extension_says_when_it_is_started(plant: Plant) -> None:
    tree, one = plant(EXTENSION), by_type("vscode-extension")
    release = one.identify(tree, "x.vsix")
    assert release is not None
    assert release.purl == "pkg:vscode-extension/sim/thing@1.2.0"
    found = said("vscode-extension", tree)
    assert {
        "pkg.hook vscode:* ./out/main @ package.json:1 (start)",
        "pkg.hook vscode:onLanguage:x ./out/main @ package.json:1 (import)",
        "pkg.hook vscode:uninstall node ./bye.js @ package.json:1 (start)",
        "pkg.entry main ./out/main @ package.json",
        "pkg.dependency sim.other @ package.json",
        "pkg.config vscode proposed-api terminal @ package.json:1",
        "pkg.config vscode untrusted-workspaces @ package.json:1",
    } <= found
    moments = one.moments(tree)
    assert {path: moments[path].value for path in ("out/main.js", "out/more.js", "bye.js", "test/a.test.js")} == {
        "out/main.js": "import", "out/more.js": "import", "bye.js": "start", "test/a.test.js": "test",
    }  # fmt: skip


def test_an_extension_in_an_npm_tarball_is_npms(plant: Plant) -> None:
    tree = plant(EXTENSION)
    assert by_type("vscode-extension").identify(tree, "x-1.0.0.tgz") is None
    assert by_type("vscode-extension").identify(tree, "x/") is not None


ACTION = """
name: Thing
description: Does it
runs:
  using: node24
  main: dist/main.js
  pre: dist/pre.js
"""
COMPOSITE = """
runs:
  using: composite
  steps:
    - run: echo ${{ github.event.issue.title }}
      shell: bash
    - run: |
        ./sub/do.sh ${{ toJSON(secrets) }}
      shell: bash
    - uses: octo/thing@v1
    - uses: octo/pinned@0c45773b623bea8c8e75f6c82b208c3cf94ea4f9
    - uses: ./own
"""


def test_an_action_says_what_a_runner_starts(plant: Plant) -> None:
    tree = plant({
        "action.yml": ACTION, "sub/action.yaml": COMPOSITE, "sub/do.sh": "", "dist/main.js": "require('./lib')",
        "dist/lib.js": "", "dist/pre.js": "", ".github/workflows/x.yml": "on: push", "src/x.js": "", "package.json": "{}",
    })  # fmt: skip
    one = by_type("github")
    release = one.identify(tree, "thing-1.2.0.tar.gz")
    assert release is not None
    assert (release.name, release.version) == ("unknown/thing", "1.2.0")
    assert {
        "pkg.hook action:main dist/main.js @ action.yml:6 (import)",
        "pkg.hook action:pre dist/pre.js @ action.yml:7 (install)",
        "pkg.hook action:run echo ${{ github.event.issue.title }} @ sub/action.yaml:5 (import)",
        "pkg.config action untrusted-input github.event.issue.title @ sub/action.yaml:5",
        "pkg.config action all-secrets toJSON(secrets) @ sub/action.yaml:7",
        "pkg.dependency octo/thing@v1 @ sub/action.yaml:10",
        "pkg.config action unpinned octo/thing@v1 @ sub/action.yaml:10",
    } <= said("github", tree)
    assert "pkg.config action unpinned octo/pinned" not in " ".join(said("github", tree))
    moments = {path: when.value for path, when in one.moments(tree).items()}
    assert (moments["dist/main.js"], moments["dist/lib.js"], moments["dist/pre.js"]) == (
        "import",
        "import",
        "install",
    )
    assert (moments["sub/do.sh"], moments["src/x.js"]) == ("import", "")


MOD = """module forge.example/sim/thing

go 1.24

require (
\tforge.example/a/b v1.2.3 // indirect
\tforge.example/c/d v0.0.0-20260101000000-0123456789ab
)

replace forge.example/a/b => ../b

tool forge.example/c/d/cmd/x
"""


def test_a_module_says_what_runs_before_main(plant: Plant) -> None:
    tree = plant({
        "go.mod": MOD, "a.go": "package thing\n\n//go:generate sh -c 'x'\n\nfunc init() {\n}\n",
        "c.go": 'package thing\n\n// #cgo LDFLAGS: -lx\nimport "C"\n', "cmd/x/main.go": "package main\n\nfunc main() {}\n",
        "a_test.go": "package thing\n", "gen.go": "//go:build ignore\n\npackage main\n", "testdata/x.go": "package x\n",
    })  # fmt: skip
    one = by_type("golang")
    release = one.identify(tree, "thing@v1.0.0.zip")
    assert release is not None
    assert release.purl == "pkg:golang/forge.example/sim/thing@v1.0.0"
    assert said("golang", tree) == {
        "pkg.dependency forge.example/a/b@v1.2.3 @ go.mod:6",
        "pkg.dependency forge.example/c/d@v0.0.0-20260101000000-0123456789ab @ go.mod:7",
        "pkg.config go replace forge.example/a/b => ../b @ go.mod:10",
        "pkg.config go tool forge.example/c/d/cmd/x @ go.mod:12",
        "pkg.config go:generate sh -c 'x' @ a.go:3",
        "pkg.hook go:init a.go @ a.go:5 (import)",
        "pkg.hook cgo LDFLAGS: -lx @ c.go:4 (install)",
        "pkg.entry command x=cmd/x @ cmd/x/main.go",
    }
    assert {path: when.value for path, when in one.moments(tree).items()} == {
        "a.go": "import", "c.go": "import", "cmd/x/main.go": "call", "a_test.go": "test", "gen.go": "", "testdata/x.go": "",
    }  # fmt: skip


NUSPEC = """<package xmlns="http://schemas.example/nuspec"><metadata><id>Sim.Thing</id><version>1.0.0</version>
<dependencies><group targetFramework="net8.0"><dependency id="Serilog" version="[3.1.1, )"/></group></dependencies>
</metadata></package>"""


def test_a_package_of_nuget_says_what_builds_start(plant: Plant) -> None:
    tree = plant({
        "Sim.Thing.nuspec": NUSPEC, "tools/init.ps1": "", "build/net8.0/Sim.Thing.targets": "", "build/task.dll": "",
        "analyzers/dotnet/cs/a.dll": "", "lib/net8.0/a.dll": "", "runtimes/linux-x64/native/x.so": "",
        "contentFiles/cs/any/x.cs": "",
    })  # fmt: skip
    one = by_type("nuget")
    release = one.identify(tree, "x.nupkg")
    assert release is not None
    assert release.purl == "pkg:nuget/sim.thing@1.0.0"
    assert said("nuget", tree) == {
        "pkg.dependency serilog@[3.1.1, ) @ Sim.Thing.nuspec",
        "pkg.hook nuget:init.ps1 tools/init.ps1 @ tools/init.ps1 (install)",
        "pkg.hook nuget:targets build/net8.0/Sim.Thing.targets @ build/net8.0/Sim.Thing.targets (install)",
        "pkg.hook nuget:task build/task.dll @ build/task.dll (install)",
        "pkg.hook nuget:analyzer analyzers/dotnet/cs/a.dll @ analyzers/dotnet/cs/a.dll (install)",
        "pkg.content native-libraries 1 @ Sim.Thing.nuspec",
        "pkg.content content-files 1 @ Sim.Thing.nuspec",
    }
    assert {path: when.value for path, when in one.moments(tree).items()} == {
        "tools/init.ps1": "install", "build/net8.0/Sim.Thing.targets": "install", "build/task.dll": "install",
        "analyzers/dotnet/cs/a.dll": "install", "lib/net8.0/a.dll": "import", "runtimes/linux-x64/native/x.so": "import",
        "contentFiles/cs/any/x.cs": "import",
    }  # fmt: skip


POM = """<project>
<groupId>org.example.sim</groupId><artifactId>thing</artifactId><version>2</version><packaging>{packaging}</packaging>
<dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>1</version></dependency>
<dependency><groupId>t</groupId><artifactId>t</artifactId><scope>test</scope></dependency></dependencies>
<pluginRepositories><pluginRepository><url>https://maven.company.example/p</url></pluginRepository></pluginRepositories>
<build><plugins><plugin><artifactId>exec-maven-plugin</artifactId><executions><execution><phase>validate</phase>
<configuration><executable>sh</executable><arguments><argument>-c</argument></arguments></configuration></execution>
</executions></plugin></plugins></build></project>"""
PLACE = "META-INF/maven/org.example.sim/thing/pom.xml"


@pytest.mark.parametrize(
    ("packaging", "build"),
    [
        ("jar", f"pkg.config maven build validate exec-maven-plugin sh -c @ {PLACE}:6"),
        ("pom", f"pkg.hook maven:validate exec-maven-plugin sh -c @ {PLACE}:6 (install)"),
    ],
)
def test_a_jar_says_what_others_start_in_it(plant: Plant, packaging: str, build: str) -> None:
    tree = plant({
        PLACE: POM.format(packaging=packaging),
        "META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nMain-Class: org.exa\r\n mple.Main\r\nPremain-Class: o.Agent\r\n\r\n",
        "META-INF/services/javax.annotation.processing.Processor": "o.Proc # it\n", "META-INF/services/java.sql.Driver": "o.D\n",
        "META-INF/spring.factories": "org.x.EnableAutoConfiguration=\\\norg.example.Auto\n",
        "o/Agent.class": "", "o/Proc.class": "", "o/Proc$1.class": "", "o/D.class": "",
    })  # fmt: skip
    one = by_type("maven")
    release = one.identify(tree, "thing-2.jar")
    assert release is not None
    assert release.purl == "pkg:maven/org.example.sim/thing@2"
    assert said("maven", tree) == {
        build,
        f"pkg.dependency a:b@1 @ {PLACE}:3",
        f"pkg.config maven plugin-repository https://maven.company.example/p @ {PLACE}:5",
        "pkg.entry main-class org.example.Main @ META-INF/MANIFEST.MF",
        "pkg.hook java-agent o.Agent @ META-INF/MANIFEST.MF (start)",
        "pkg.hook annotation-processor o.Proc @ META-INF/services/javax.annotation.processing.Processor (install)",
        "pkg.entry service java.sql.Driver=o.D @ META-INF/services/java.sql.Driver",
        "pkg.hook spring-autoconfigure org.example.Auto @ META-INF/spring.factories (start)",
    }
    assert {path: when.value for path, when in one.moments(tree).items()} == {
        "o/Agent.class": "start", "o/Proc.class": "install", "o/Proc$1.class": "install", "o/D.class": "import",
    }  # fmt: skip


MANIFESTS = {
    "vscode-extension": "package.json",
    "github": "action.yml",
    "golang": "go.mod",
    "nuget": "x.nuspec",
    "maven": "pom.xml",
}


@pytest.mark.parametrize("kind", MANIFESTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.one_of(st.binary(max_size=200), st.sampled_from([
    b"[" * 5000, b"{" * 5000, b"<a>" * 5000, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"null", b"runs: {steps: [1, [], {}]}",
    b'{"engines": {"vscode": "x"}, "activationEvents": 5, "main": [], "contributes": {"debuggers": [3]}, "scripts": []}',
    b"a: &a [*a]", b"x: &x [1,2]\ny: [*x,*x,*x]\nruns: *x", b"module (\nrequire (\nreplace",
    b"<package><metadata><id>" + b"x" * 5000, b"<project><build><plugins><plugin/></plugins></build></project>",
])))  # fmt: skip
@example(data=b'"')
def test_no_manifest_breaks_the_reading(kind: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFESTS[kind]).write_bytes(data)
    tree = Tree(tmp_path, (TreeFile(MANIFESTS[kind], len(data), "0" * 64),))
    one = by_type(kind)
    list(one.hooks(tree))
    one.moments(tree)
    one.manifest(tree)
    one.identify(tree, "x/")
    assert one.plan(tree, Artifact("x", "x", tmp_path, 0, "")) == ()
