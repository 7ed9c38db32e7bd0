"""`biopsy version`."""

import platform
import sys

import rich_click as click

import biopsy


@click.command("version")
def command() -> None:
    """Print the version, and those of Python and the platform it runs on."""
    python = ".".join(map(str, sys.version_info[:3]))
    click.echo(f"biopsy {biopsy.__version__} (Python {python}, {platform.system()} {platform.machine()})")
