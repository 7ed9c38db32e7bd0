"""What a run reached is counted from its steps: each thing once, with why the others were not."""

from pathlib import Path

from biopsy.formats.views import reached
from biopsy.model.behaviour import Behaviour
from biopsy.model.coverage import Reach, coverage
from biopsy.model.dossier import Dossier
from biopsy.model.release import Artifact, Release
from biopsy.model.run import Lines, Outcome, Process, Status, Step

GOOD, BAD = Status.COMPLETED, Status.FAILED


def _dossier(
    *outcomes: Outcome, hooks: tuple[str, ...] = (), argv: tuple[tuple[str, ...], ...] = ()
) -> Dossier:
    return Dossier(
        "20260101-000000-00000000",
        Release("npm", "thing", "1.0.0"),
        Artifact("thing.tgz", "tgz", Path("thing.tgz"), 1, "0" * 64),
        tuple(Behaviour.parse(f"pkg.hook {hook} @ package.json") for hook in hooks),
        outcomes,
        processes=tuple(Process(n, None, "laptop", "install", words) for n, words in enumerate(argv)),
    )


def _phase(name: str, *steps: tuple[str, Status, str], profile: str = "laptop") -> Outcome:
    return Outcome(profile, name, GOOD, steps=tuple(Step(*step) for step in steps))


def test_an_entry_counts_once_however_it_was_asked_for() -> None:
    both = _phase("import", ("require thing", BAD, "esm-only: no"), ("import thing", GOOD, ""))
    (seen,) = coverage(_dossier(both))
    assert seen.modules == Reach(1, 1)


def test_what_was_not_imported_is_counted_by_its_reason() -> None:
    missing = _phase(
        "import", ("a", GOOD, ""), ("b", BAD, "missing-module: No module named 'x'"), ("c", BAD, "no end")
    )
    (seen,) = coverage(_dossier(missing))
    assert seen.modules == Reach(3, 1, (("missing-module", 1), ("no-end", 1)))


def test_what_a_second_go_reaches_is_reached() -> None:
    first, second = _phase("import", ("a", BAD, "raised: x")), _phase("import", ("a", GOOD, ""))
    assert coverage(_dossier(first, second))[0].modules == Reach(1, 1)


def test_a_function_that_raised_was_called_and_one_without_arguments_was_not() -> None:
    calls = _phase(
        "execute",
        ("thing.a()", BAD, "raised: ValueError"),
        ("thing.b()", BAD, "no-arguments"),
        ("thing.b (anything)()", GOOD, ""),
        ("thing.c()", BAD, "no-arguments"),
        ("thing exports.d", GOOD, ""),
        ("thing", GOOD, ""),
        ("…", Status.SKIPPED, "7 more steps"),
    )
    (seen,) = coverage(_dossier(calls))
    assert seen.functions == Reach(11, 3, (("not-listed", 7), ("no-arguments", 1)))


def test_a_script_counts_as_run_where_a_process_had_it_on_its_command_line() -> None:
    hooks = ("npm:postinstall node x.js", "npm:preinstall node y.js", "npm:prepare husky")
    installed = _phase("install", ("npm install", GOOD, ""))
    (seen,) = coverage(_dossier(installed, hooks=hooks, argv=(("sh", "-c", "node x.js"),)))
    assert seen.scripts == Reach(2, 1, (("not-started", 1),))


def test_profiles_are_named_where_they_differ() -> None:
    here = _phase("import", ("a", GOOD, ""))
    there = _phase("import", ("a", BAD, "raised: x"), profile="github-actions")
    said = reached.summary(_dossier(here, there))
    assert said == "laptop: 1 of 1 module imported · github-actions: 0 of 1 module imported (raised 1)"


def test_the_same_under_all_profiles_is_said_once() -> None:
    one, other = (_phase("scripts", ("cli --help", BAD, "exit-1"), profile=name) for name in ("a", "b"))
    assert reached.summary(_dossier(one, other)) == "1 of 1 command started"


def test_of_what_only_was_read_nothing_is_said() -> None:
    assert reached.summary(_dossier()) == ""


def _told(phase: str, *lines: Lines) -> Outcome:
    return Outcome("laptop", phase, GOOD, lines=lines)


def test_lines_that_any_phase_reached_are_counted_once_and_the_rest_by_why() -> None:
    first = _told("import", Lines("a.js", 10, "1-4 7"), Lines("", 30))
    second = _told("execute", Lines("a.js", 10, "3-5 7"), Lines("b.js", 5, "2"), Lines("", 30))
    (seen,) = coverage(_dossier(first, second))
    assert seen.lines == Reach(30, 7, (("not-loaded", 15), ("not-entered", 8)))


def test_a_forged_count_of_lines_stays_within_what_there_is() -> None:
    (seen,) = coverage(_dossier(_told("import", Lines("a.js", 3, "1-99999999"), Lines("", 1))))
    assert seen.lines == Reach(3, 3)
