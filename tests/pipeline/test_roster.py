"""Which machines a package is run on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from biopsy.cli.commands.analyze import command
from biopsy.errors import UsageError
from biopsy.model.behaviour import Behaviour, Kind
from biopsy.model.dossier import Call, Dossier
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Outcome, Run, Status, Watch
from biopsy.pipeline import Options, analyze, differing, platforms, roster
from biopsy.sandbox import profile
from biopsy.sandbox.order import Engine
from biopsy.sandbox.raw import Job

NOTHING = roster.Sight()
OTHERS = ("coding-agent", "container-build", "gitlab-ci", "macos", "windows")


def seen(*lines: str) -> Dossier:
    release = Release("npm", "thing", "1.0")
    artifact = Artifact("thing-1.0.tgz", "tarball", Path("thing-1.0.tgz"), 1, "0" * 64)
    return Dossier(
        "20261122-000000-00000000", release, artifact, tuple(Behaviour.parse(line) for line in lines), ()
    )


def test_by_default_there_are_two() -> None:
    assert roster.first(()) == ("laptop", "github-actions")


def test_all_are_all_there_are_beginning_with_the_two() -> None:
    assert roster.first(("all",))[:2] == roster.DEFAULT
    assert set(roster.first(("all",))) == set(profile.names())


def test_names_stay_in_the_order_given_each_once() -> None:
    assert roster.first(("gitlab-ci", "laptop", "gitlab-ci")) == ("gitlab-ci", "laptop")


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"toaster.*gitlab-ci.*laptop.*, all, auto"):
        roster.first(("toaster",))


def test_auto_begins_with_the_two_and_stays_with_them_where_there_is_no_reason() -> None:
    assert roster.first(("auto",)) == roster.DEFAULT
    plain = seen("env.read CI @ index.js:1 (import)", "file.read /etc/hosts @ laptop/import#1")
    assert roster.further(("auto",), plain, Call.BENIGN, NOTHING) == ()
    assert roster.further((), plain, Call.MALICIOUS, NOTHING) == ()


def test_what_is_suspicious_is_run_on_all() -> None:
    assert roster.further((), seen(), Call.SUSPICIOUS, NOTHING) == OTHERS
    assert roster.further(("auto", "gitlab-ci"), seen(), Call.SUSPICIOUS, NOTHING) == tuple(
        one for one in OTHERS if one != "gitlab-ci"
    )


def test_what_looks_around_is_run_on_all() -> None:
    assert roster.further((), seen(), Call.BENIGN, roster.Sight(looks=True)) == OTHERS


@pytest.mark.parametrize(
    ("rank", "fact", "call", "others"),
    [
        (1000, "fresh 2 days", Call.BENIGN, OTHERS),
        (1001, "fresh 2 days", Call.BENIGN, ()),
        (0, "fresh 2 days", Call.BENIGN, ()),
        (1, "young 20 days", Call.BENIGN, ()),
        (1, "fresh 0 days", Call.MALICIOUS, ()),
    ],
)
def test_a_new_release_of_something_in_wide_use_is_run_on_all(
    rank: int, fact: str, call: Call, others: tuple[str, ...]
) -> None:
    so_far = seen(f"pkg.release {fact} @ registry")
    assert roster.further((), so_far, call, roster.Sight(rank=rank)) == others


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("env.read GITLAB_CI @ index.js:1 (import)", "gitlab-ci"),
        ("env.read CI_JOB_TOKEN @ laptop/import#4", "gitlab-ci"),
        ("file.read /run/secrets/npm_token @ index.js:1 (install)", "container-build"),
        ("env.read CLAUDECODE @ index.js:1 (import)", "coding-agent"),
        ("env.read JULES_SESSION_ID @ index.js:1 (import)", "coding-agent"),
        ("process.exec claude -p hello @ index.js:1 (call)", "coding-agent"),
        ("file.read ~/.claude/settings.json @ index.js:1 (call)", "coding-agent"),
    ],
)
def test_what_names_a_mark_of_a_machine_is_run_on_that_one(line: str, name: str) -> None:
    assert roster.further(("auto",), seen(line), Call.BENIGN, NOTHING) == (name,)


def test_a_mark_of_a_whole_system_counts_where_it_was_used_or_code_acts() -> None:
    read, ran = "env.read APPDATA @ index.js:1 (import)", "env.read APPDATA @ laptop/import#4"
    acting = roster.Sight(acts=lambda path: path == "index.js")
    assert roster.further((), seen(read), Call.BENIGN, NOTHING) == ()
    assert roster.further((), seen(read), Call.BENIGN, acting) == ("windows",)
    assert roster.further((), seen(ran), Call.BENIGN, NOTHING) == ("windows",)


def test_where_machines_are_named_nothing_follows() -> None:
    looks = roster.Sight(("windows",), looks=True)
    assert roster.further(("laptop",), seen(), Call.SUSPICIOUS, looks) == ()
    assert roster.further(("all",), seen(), Call.SUSPICIOUS, looks) == ()


def test_help_names_every_machine() -> None:
    (option,) = [one for one in command.params if one.name == "profiles"]
    said = str(getattr(option, "help", ""))
    assert all(name in said for name in (*profile.names(), roster.ALL, roster.AUTO))


def run(name: str, *lines: str) -> Run:
    did = tuple(Behaviour.parse(line.replace("@ ", f"@ {name}/")) for line in lines)
    return Run(name, did, (Outcome(name, "import", Status.COMPLETED),), (), (), (), Watch(name))


def told(runs: tuple[Run, ...]) -> set[str]:
    found: tuple[Behaviour, ...] = sum((one.behaviours for one in differing.profiles(runs)), ())
    return {one.value.partition(" ")[0] for one in found if one.kind is Kind.DIFFERS_PROFILE}


def test_of_five_machines_two_may_differ_from_the_others() -> None:
    act = "net.http POST https://collector.example/ @ import#4"
    quiet = tuple(run(name) for name in ("laptop", "container-build", "coding-agent"))
    assert told((run("github-actions", act), run("gitlab-ci", act), *quiet)) == {
        "github-actions",
        "gitlab-ci",
    }
    assert told((run("github-actions", act), run("gitlab-ci", act), quiet[0])) == set()
    assert told((run("gitlab-ci", act), quiet[0])) == {"gitlab-ci"}


def test_what_needs_a_system_that_is_not_there_is_no_gap_where_it_went_well_elsewhere() -> None:
    failed = Run(
        "windows", (), (Outcome("windows", "import", Status.FAILED, "x"),), (), (), (), Watch("windows")
    )
    real = replace(failed, profile="gitlab-ci")
    _, there, other = differing.profiles((run("laptop"), failed, real))
    assert (there.outcomes[0].status, there.outcomes[0].reason) == (Status.SKIPPED, "no-such-system: x")
    assert other.outcomes[0].status is Status.FAILED
    assert differing.profiles((failed, real))[0].outcomes == failed.outcomes


@pytest.mark.parametrize(
    ("text", "systems"),
    [
        ("if sys.platform == 'win32':\n    moved('subprocess', 'urlopen')", ()),
        ("if sys.platform == 'win32':\n    subprocess.run(urlopen(where).read())", ("windows",)),
        ("if (os.type() === 'Darwin') spawn(Buffer.from(x, 'base64').toString())", ("macos",)),
        ("if (process.platform === 'linux') spawn(atob(x))", ()),
        ("process.platform;" * 20_000 + "'win32' eval(atob(x))", ("windows",)),
    ],
)
def test_a_question_for_the_system_counts_beside_what_acts(text: str, systems: tuple[str, ...]) -> None:
    assert platforms.asked([text]) == systems


PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"


def test_the_page_tells_of_every_machine_what_it_is_and_what_still_differs() -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert all(rows.count(f"`{name}`") == 2 for name in profile.names())


@pytest.mark.parametrize(
    ("code", "asked", "on"),
    [
        ("exports.x = 1", (), roster.DEFAULT),
        ("exports.x = 1", ("auto",), roster.DEFAULT),
        ("if (process.env.GITLAB_CI) go()", roster.DEFAULT, roster.DEFAULT),
        ("if (process.env.GITLAB_CI) go()", (), (*roster.DEFAULT, "gitlab-ci")),
        ("if (process.platform === 'win32') spawn('cmd', [])", (), roster.DEFAULT),
        (
            "if (process.platform === 'win32') fetch(x).then((y) => eval(y))",
            (),
            (*roster.DEFAULT, "windows"),
        ),
        (
            "if (process.platform === 'win32') fetch(x)\n" + "const y = 1\n" * 500 + "eval(z)",
            (),
            roster.DEFAULT,
        ),
        ("const os = require('os'); if (os.cpus().length < 4) exit()", (), roster.DEFAULT),
        ("exports.x = 1", ("all",), (*roster.DEFAULT, *OTHERS)),
    ],
)
def test_a_package_is_run_on_the_machines_that_it_names(
    code: str, asked: tuple[str, ...], on: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything but the cell, which does nothing here and ends well."""

    def nothing(job: Job, home: Path, **_: object) -> Run:
        done = tuple(Outcome(job.profile, one.name, Status.COMPLETED) for one in job.phases if not one.again)
        return Run(job.profile, (), done, (), (), (), Watch(job.profile))

    monkeypatch.setattr("biopsy.pipeline.dynamic.run_job", nothing)
    monkeypatch.setattr("biopsy.pipeline.dynamic.prepare", lambda *_: "none")
    monkeypatch.setattr("biopsy.pipeline.dynamic.gvisor.choose", lambda _: Engine("runsc", "0", "none"))
    monkeypatch.setattr("biopsy.pipeline.dynamic.noise.record", lambda *_: None)
    package = tmp_path / "thing"
    package.mkdir()
    (package / "package.json").write_text('{"name": "thing", "version": "1.0.0"}')
    (package / "index.js").write_text(code)
    (done,) = analyze(str(package), Options(home=tmp_path / "home", profiles=asked), lambda *_: None)
    assert tuple(dict.fromkeys(one.profile for one in done.dossier.outcomes)) == on
    assert tuple(one.profile for one in done.dossier.watches) == on
