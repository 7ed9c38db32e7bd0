"""What a package looks for, as its code spells it out, and the go on a machine that has it."""

import json
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biopsy.model.run import Phase
from biopsy.pipeline import suiting

HARM = "\nrequire('child_process')\n"
PLAN = (
    Phase("install", "npm.mjs", ("install", "--budget", "170"), 180.0, installs=True),
    Phase("import", "npm.mjs", ("import", "--name", "x", "--budget", "45"), 60.0),
)


def looked_for(text: str) -> suiting.Suit:
    return suiting.read([text + HARM])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("if (process.env.DEPLOY_TARGET === 'prod-eu') go()", ("DEPLOY_TARGET", "prod-eu")),
        ("if (process.env['ROLE'] != 'builder') return", ("ROLE", "builder")),
        ("(process.env.ROLE || '').includes('build')", ("ROLE", "build")),
        ("if os.environ.get('COMPANY', '') == 'initech': go()", ("COMPANY", "initech")),
        ('if os.getenv("COMPANY") == "initech": go()', ("COMPANY", "initech")),
        ("if os.environ['COMPANY'].startswith('ini'): go()", ("COMPANY", "ini")),
        ("if 'JULES_SESSION' in os.environ: go()", ("JULES_SESSION", "1")),
        ("if (process.env.JULES_SESSION) go()", ("JULES_SESSION", "1")),
        ('go if ENV["COMPANY"] == "initech"', ("COMPANY", "initech")),
        ("go if ENV.fetch('COMPANY', '').start_with?('ini')", ("COMPANY", "ini")),
        ("return unless ENV.key?('JULES_SESSION')", ("JULES_SESSION", "1")),
        ("if ($_ENV['COMPANY'] === 'initech') { go(); }", ("COMPANY", "initech")),
    ],
)
def test_variables_are_found_with_what_they_are_compared_with(text: str, wanted: tuple[str, str]) -> None:
    assert looked_for(text).env == (wanted,)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fs.existsSync(path.join(process.cwd(), 'deploy', 'key.pem'))", "deploy/key.pem"),
        ("const p = path.join(os.homedir(), 'Desktop')\nif (fs.existsSync(p)) go()", "~/Desktop/"),
        ("fs.statSync(`${process.cwd()}/update-version.js`)", "update-version.js"),
        ("os.path.exists(os.path.expanduser('~/.config/solana/thing.json'))", "~/.config/solana/thing.json"),
        ('if (Path.home() / "keys" / "a.pem").exists(): go()', "~/keys/a.pem"),
        ("go if File.exist?(File.join(Dir.home, '.config', 'team', 'a.pem'))", "~/.config/team/a.pem"),
        ("go if File.exist?(File.expand_path('~/.team/a.pem'))", "~/.team/a.pem"),
        ("if (file_exists('deploy/target.flag')) { go(); }", "deploy/target.flag"),
        ("flag = Path('deploy/target.flag')\nif flag.is_file(): go()", "deploy/target.flag"),
    ],
)
def test_files_are_found_where_they_would_have_to_be(text: str, wanted: str) -> None:
    assert looked_for(text).files == (wanted,)


@pytest.mark.parametrize(
    "text",
    [
        "process.env.NODE_ENV === 'production'",
        "fs.existsSync('package.json')",
        "fs.existsSync(path.join(__dirname, 'binding.node'))",
        "const path = require('path'); fs.existsSync(path.join(__dirname, 'x.js'))",
        "fs.existsSync('/.dockerenv')",
        "fs.existsSync('../../etc/thing')",
        "os.path.exists(variable)",
        "process.env[name]",
    ],
)
def test_what_everybody_looks_for_and_what_is_the_packages_own_is_left_out(text: str) -> None:
    assert not looked_for(text)


def test_nothing_is_provided_where_nothing_could_do_harm() -> None:
    assert not suiting.read(["if (process.env.DEPLOY_TARGET === 'prod-eu') console.log('hello')"])


@given(st.text())
def test_any_text_is_read_within_limits(text: str) -> None:
    found = suiting.read([text + HARM, "fs.existsSync(" + text])
    assert len(found.env) <= suiting.MAX_WANTED
    assert all(len(path) <= suiting.MAX_NAME + 3 and ".." not in path.split("/") for path in found.files)


def test_much_text_costs_no_more_than_some() -> None:
    many = "".join(f"process.env.V{n} === 'x'; fs.existsSync('f{n}.key');\n" for n in range(20_000))
    found = looked_for(many)
    assert (len(found.env), len(found.files)) == (suiting.MAX_WANTED, suiting.MAX_WANTED)


def test_a_go_on_such_a_machine_is_short_and_never_an_install() -> None:
    suit = suiting.Suit((("ROLE", "builder"),), ("~/x.json",))
    (phase,) = suiting.more(suit, PLAN)
    assert (phase.name, phase.driver, phase.again) == ("import", "suited.py", "suited")
    wanted = {"env": {"ROLE": "builder"}, "files": ["~/x.json"], "start": ["node"]}
    assert json.loads(phase.args[0]) == wanted
    assert phase.args[1:] == ("npm.mjs", "import", "--name", "x", "--budget", "15")
    assert suiting.more(suiting.Suit(), PLAN) == ()


@pytest.mark.parametrize(
    "code",
    [
        'if env::var("DEPLOY_KEY").is_ok() { Command::new("sh"); }',
        'match std::env::var_os( "DEPLOY_KEY" ) {} ureq::get(u)',
    ],
)
def test_variables_that_rust_asks_for_are_found(code: str) -> None:
    assert suiting.read([code]).env == (("DEPLOY_KEY", "1"),)


@pytest.mark.parametrize(
    ("code", "suit"),
    [
        ("if (os.hostname() === 'build-7') go()", suiting.Suit(host="build-7")),
        ("const h = os.hostname().toLowerCase()\nif (h.includes('corp-')) go()", suiting.Suit(host="corp-")),
        ("if (/^(?:vps|server)/i.test(os.hostname())) return", suiting.Suit(host="vps")),
        ("if 'prod' in socket.gethostname(): pass", suiting.Suit(host="prod")),
        ("if socket.gethostname() in ('a1', 'b2'): pass", suiting.Suit(host="a1")),
        ("const BAD = ['ada', 'bob']\nconst { username } = os.userInfo()\nif (BAD.includes(username)) return",
         suiting.Suit(user="ada")),
        ("u = getpass.getuser()\nif u == 'svc-deploy': pass", suiting.Suit(user="svc-deploy")),
        ("if (process.cwd().includes('/acme/wallet')) go()", suiting.Suit(folder="/acme/wallet")),
        ("if (process.argv[2] === 'cross-chain') go()", suiting.Suit(words=("cross-chain",))),
        ("args = sys.argv[1:]\nif '--sync-now' in args: pass", suiting.Suit(words=("--sync-now",))),
        ("if (process.argv.includes('--help')) usage()", suiting.Suit()),
        ("#!/usr/bin/env node\nif (process.argv[2] === 'deploy') go()", suiting.Suit()),
        ("".join(f"if (process.argv[2] === 'c{n}') go();" for n in range(9)), suiting.Suit()),
        ("console.log(os.hostname(), process.cwd())", suiting.Suit()),
    ],
)  # fmt: skip
def test_names_folders_and_arguments_that_code_compares_with_are_found(code: str, suit: suiting.Suit) -> None:
    assert suiting.read([f"{code}\nrequire('child_process')"]) == suit


def test_arguments_are_given_to_commands_and_imports_and_to_nobody_else() -> None:
    plan = (*PLAN, Phase("scripts", "npm.mjs", ("scripts", "--name", "x"), 20.0))
    phases = suiting.more(suiting.Suit(words=("--go",), host="h"), plan)
    assert {one.name: one.args[-1] for one in phases if one.name != "start"} == {
        "import": "--word=--go",
        "scripts": "--word=--go",
    }
    assert [one.name for one in suiting.more(suiting.Suit(host="h"), plan)].count("scripts") == 1


def test_comparisons_in_hostile_text_are_found_in_no_time() -> None:
    start = time.process_time()
    for piece in (
        "os.hostname()",
        "const a = os.hostname(); ",
        "process.argv[2] === 'x' ",
        "['a', ",
        "x=" * 3,
        "(" * 5,
    ):
        suiting.read([f"{piece * (100_000 // len(piece))} child_process os.hostname() sys.argv"])
    assert time.process_time() - start < 6


def test_the_driver_goes_on_as_another_with_all_of_it(tmp_path: Path) -> None:
    from drivers.conftest import FOLDER, drive

    files, start = ["a/key.json", "deep/folder/", "there"], ["python3", "-I"]
    wanted = json.dumps({"env": {"ROLE": "builder"}, "files": files, "start": start})
    (tmp_path / "there").write_text("mine")
    other = tmp_path / "other.py"
    other.write_text(
        "import os, json; print(json.dumps({'phase': 'completed', 'reason': os.environ['ROLE']}))"
    )
    report = drive(["python3", "-I", str(FOLDER / "suited.py"), wanted, str(other)], tmp_path)
    assert (report.phase, report.reason) == ("completed", "builder")
    assert (tmp_path / "a/key.json").read_text() == "{}\n"
    assert (tmp_path / "deep/folder").is_dir()
    assert (tmp_path / "there").read_text() == "mine"


def test_a_source_archive_is_installed_beside_what_it_looks_for(tmp_path: Path) -> None:
    from drivers.conftest import FOLDER

    (tmp_path / "pack-1.0").mkdir()
    (tmp_path / "pack-1.0" / "setup.py").write_text("# one")
    with tarfile.open(tmp_path / "pack-1.0.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "pack-1.0", "pack-1.0")
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")
    (tmp_path / "pypi.py").write_text("import sys; print(sys.argv[-1])")
    shutil.copy(FOLDER / "suited.py", tmp_path)
    wanted = json.dumps({"files": ["tool.config.js", "keys/"], "start": ["python3", "-I"]})

    def given(name: str) -> Path:
        command = ["python3", "-I", "suited.py", wanted, "pypi.py", "install", name]
        env = {**os.environ, "TMPDIR": str(tmp_path)}
        return Path(subprocess.check_output(command, cwd=tmp_path, env=env, text=True).strip())

    folder = given("pack-1.0.tar.gz")
    assert sorted(one.name for one in folder.iterdir()) == ["keys", "setup.py", "tool.config.js"]
    assert given("broken.tar.gz") == Path("broken.tar.gz")


def test_a_usual_variable_is_set_only_beside_another_that_is_looked_for() -> None:
    both = "if (process.env.SIM_MODE === 'full' && /^(stage|prod)$/.test(process.env.NODE_ENV)) fetch(x)"
    assert dict(suiting.read([both]).env) == {"SIM_MODE": "full", "NODE_ENV": "stage"}
    assert suiting.read(["if (process.env.NODE_ENV === 'production') fetch(x)"]).env == ()
