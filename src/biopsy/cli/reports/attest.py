"""`biopsy reports attest`: a verdict as a signed statement."""

from pathlib import Path

import rich_click as click

from biopsy.cli.complete import run_ids
from biopsy.cli.home import home_option
from biopsy.cli.options import output_option
from biopsy.cli.signing import store
from biopsy.cli.teach import Taught
from biopsy.errors import UsageError

ATTEST = """
Examples
  biopsy reports attest RUN_ID -o thing-1.0.tgz.intoto.jsonl
  biopsy reports verify thing-1.0.tgz.intoto.jsonl --key verdicts.pub --file thing-1.0.tgz

A statement (in-toto, in a DSSE envelope) says what was found of the file with that hash:
malicious, suspicious, benign or unknown. Its form is schema/verdict-1.json. Releases have
those of all reports that name files by hash, in attestations.intoto.jsonl.
`biopsy reports keys init` makes the key; its public half is in keys/ of each release.
"""


@click.command("attest", cls=Taught, epilog=ATTEST)
@click.argument("runs", metavar="RUN_ID...", nargs=-1, required=True, shell_complete=run_ids)
@output_option
@home_option
def command(runs: tuple[str, ...], output: Path | None, home: Path) -> None:
    """Sign what kept analyses found, a statement a line."""
    held = store(home)
    signer = held.verdicts()
    from biopsy import pipeline  # noqa: PLC0415 - slow to import, and --help is not
    from biopsy.reports.signing import envelope, statement  # noqa: PLC0415

    said = (statement.of_analysis(pipeline.show(home, run)) for run in runs)
    data = b"".join(envelope.sign(statement.encode(one), signer) + b"\n" for one in said)
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error
