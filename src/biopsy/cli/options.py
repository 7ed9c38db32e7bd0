"""Options that several commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from biopsy.cli.complete import profiles

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

form_option = click.option(
    "--format", "-f", "form", type=click.Choice(("text", "json")), default="text", help="Default: text."
)
"""What a list gives itself: words for people, JSON for programs."""

rules_option = click.option(
    "--rules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Rules of this folder instead of those that come with biopsy.",
)

plain_option = click.option("--no-color", "plain", is_flag=True, help="No colours. Also: NO_COLOR.")

quiet_option = click.option("--quiet", "-q", is_flag=True, help="No progress.")

output_option = click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report there.",
)

artifact_option = click.option(
    "--artifact",
    type=click.Choice(("sdist", "wheel", "all")),
    help="Which file of the release; default: the one an install would take.",
)


def document_option(names: Sequence[str]) -> Callable[[Decorated], Decorated]:
    """Give a command `--format`: one of these, else as the ending of the file to write says, else text."""
    return click.option(
        "--format",
        "-f",
        "form",
        type=click.Choice(tuple(names)),
        help="How to show it; default: text, or as FILE ends.",
    )


def words(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Several options, or one with commas."""
    return tuple(word for text in value for word in text.replace(",", " ").split())


def run_options(function: Decorated) -> Decorated:
    """Give a command the options that say what is run."""
    options = (
        click.option("--static-only", is_flag=True, help="Read the files, run nothing."),
        click.option(
            "--profile",
            "profiles",
            multiple=True,
            callback=words,
            metavar="NAME",
            shell_complete=profiles,
            help="The machine to pretend to be: laptop, github-actions, gitlab-ci, container-build, "
            "coding-agent, windows, macos; all; auto: the first two, and others where there is reason. "
            "Repeatable. Default: auto.",
        ),
        click.option(
            "--phases",
            multiple=True,
            callback=words,
            metavar="LIST",
            help="Phases to run, with commas: install,import,… Default: all.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(1),
            metavar="SECONDS",
            help="For all phases together, under each profile.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function
