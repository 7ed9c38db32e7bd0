"""`biopsy reports`: the database of malicious packages."""

import rich_click as click

from biopsy.cli.reports import Found

EPILOG = """
Examples
  biopsy reports import malicious-packages/    take over a repository: one command
  biopsy reports ingest                        what sources say since the last time
  biopsy reports show npm/thing                who says what, on what evidence
  biopsy reports approve                       what waits for a person
  biopsy reports export malicious-packages/    and back into the repository

Everything is in one file, BIOPSY_HOME/reports.db. Nothing in it is ever
deleted; every decision is in the log, and can be undone.
"""

_PANELS = [
    {"name": "Take in", "commands": ["init", "import", "ingest", "add", "draft", "sources"]},
    {"name": "Look", "commands": ["show", "list", "search", "log", "stats"]},
    {
        "name": "Decide",
        "commands": ["approve", "withdraw", "reinstate", "dispute", "undo", "assign", "merge", "tick"],
    },
    {
        "name": "Check and hand on",
        "commands": ["validate", "export", "release", "webhooks", "keys", "attest", "verify"],
    },
]


@click.group(
    "reports",
    cls=Found,
    epilog=EPILOG,
    context_settings={"rich_help_config": {"command_groups": {"*": _PANELS}}},
)
def command() -> None:
    """Keep reports of malicious packages: take in, merge, check, withdraw, export."""
