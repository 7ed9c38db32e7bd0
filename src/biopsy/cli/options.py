"""Options that several commands share."""

from pathlib import Path

import rich_click as click

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
