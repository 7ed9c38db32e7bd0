"""Help that fits the terminal it is read in."""

import re
from collections.abc import Iterator

import pytest
import rich_click as click
from click.shell_completion import ShellComplete

from biopsy.cli.app import biopsy
from biopsy.cli.teach import fitted

LINES = [
    "Examples",
    "  biopsy thing --with an-option     what that does, in words",
    "",
    "A sentence that is longer than",
    "the terminal is wide.",
]


def test_help_stays_as_it_was_written_where_it_fits() -> None:
    assert list(fitted(LINES, 80)) == LINES


def test_what_stands_beside_an_example_goes_below_it_where_it_does_not_fit() -> None:
    assert list(fitted(LINES, 40)) == [
        "Examples",
        "  biopsy thing --with an-option",
        "      what that does, in words",
        "",
        "A sentence that is longer than the",
        "terminal is wide.",
    ]


def everything(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        here = click.Context(command)
        for name in command.list_commands(here):
            below = command.get_command(here, name)
            assert below is not None
            yield from everything(below, f"{path} {name}")


EVERYTHING = dict(everything(biopsy, "biopsy"))


def test_every_command_and_every_option_says_what_it_is_for() -> None:
    bare = [f"{path} {option.opts[0]}" for path, one in EVERYTHING.items() for option in one.params
            if isinstance(option, click.Option) and not option.help and not option.hidden]  # fmt: skip
    assert bare == []
    assert [path for path, one in EVERYTHING.items() if not one.help] == []


def test_whoever_looks_at_a_group_is_shown_how_one_of_its_commands_is_typed() -> None:
    groups = {path: str(one.epilog) for path, one in EVERYTHING.items() if isinstance(one, click.Group)}
    assert [path for path, told in groups.items() if f"{path} " not in told] == []


def test_commands_of_examples_and_their_options_exist() -> None:
    for path, one in EVERYTHING.items():
        for line in re.findall(r"(?m)^ +(biopsy(?: .*?)?)(?: {2,}.*)?$", str(one.epilog or "")):
            words = line.partition(" -- ")[0].split()
            known = next(
                " ".join(words[:n]) for n in range(len(words), 0, -1) if " ".join(words[:n]) in EVERYTHING
            )
            asked = {word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)}
            options = {
                name for option in EVERYTHING[known].params for name in (*option.opts, *option.secondary_opts)
            }
            assert asked <= options | {"--help", "-h", "--version"}, (path, line)


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        (["analyze", "--profile"], "lap", ["laptop"]),
        (["compare", "--profile"], "a", ["all", "auto"]),
        (["rules", "show"], "exfil/keys-p", ["exfil/keys-pushed"]),
        (["guard"], "w", ["why"]),
    ],
)
def test_the_tab_key_offers_what_may_stand_there(typed: list[str], begun: str, offered: list[str]) -> None:
    found = ShellComplete(biopsy, {}, "biopsy", "_BIOPSY_COMPLETE").get_completions(typed, begun)
    assert [item.value for item in found] == offered
