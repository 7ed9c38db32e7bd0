"""The `biopsy` command: finds its subcommands by their files, and turns errors into one line and a status."""

import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import rich_click as click
from click.exceptions import Abort, ClickException

from biopsy.cli.output import let_go
from biopsy.cli.teach import write_epilog
from biopsy.errors import BiopsyError, RuleError, SandboxError

WRONG = 2
UNFINISHED = 3
INTERRUPTED = 128 + signal.SIGINT
CUT_OFF = 128 + signal.SIGPIPE

_COMMANDS = Path(__file__).parent / "commands"


class Commands(click.RichGroup):
    """A group whose commands are the modules of a folder, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands there are, by name."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The `command` of the module of that name."""
        module = _modules().get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(f"biopsy.cli.commands.{module}").command
        return command

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run, say in one line what went wrong, and exit: 2 or 3 for errors (see `biopsy.errors`)."""
        extra["standalone_mode"] = False
        try:
            status = super().main(args, prog_name or "biopsy", **extra)
            sys.stdout.flush()
        except ClickException as err:
            status = _say(f"{err.format_message()} {_hint(err)}".rstrip(), WRONG)
        except BiopsyError as err:
            status = _say(str(err), UNFINISHED if isinstance(err, SandboxError) else WRONG, err)
        except BrokenPipeError:
            let_go()
            status = CUT_OFF
        except (Abort, KeyboardInterrupt):
            status = _say("interrupted", INTERRUPTED)
        except Exception as err:
            import traceback  # noqa: PLC0415 - only now is it needed

            traceback.print_exc()  # ours to mend: never the status 1 of a verdict
            status = _say(
                f"a fault in biopsy itself, please report it: {type(err).__name__}: {err}", UNFINISHED
            )
        sys.exit(status if isinstance(status, int) else 0)

    def format_epilog(self, ctx: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]  # noqa: ARG002
        """Write the epilog as it stands."""
        write_epilog(self.epilog, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a pipe that broke is told from other errors before click makes it status 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            let_go()
            ctx.exit(CUT_OFF)


def _modules() -> dict[str, str]:
    """Every command with its module: of the same name, but for the `_` of a name Python keeps for itself."""
    return {file.stem.rstrip("_"): file.stem for file in _COMMANDS.glob("[a-z]*.py")}


def _hint(err: ClickException) -> str:
    context = getattr(err, "ctx", None)
    return f"(see: {context.command_path} --help)" if context is not None else ""


def _say(message: str, status: int, err: BiopsyError | None = None) -> int:
    from biopsy.formats.views.visible import visible  # noqa: PLC0415 - only now is it needed

    shown = visible(message.strip(), lines=isinstance(err, RuleError))
    click.echo(f"biopsy: {shown}", err=True)
    return status


EXAMPLES = """
Examples
  biopsy analyze pkg:pypi/six@1.17.0         run a release, say what it does
  biopsy analyze ./thing-1.0.tgz -o r.html   a file; a report to look at
  biopsy compare pypi:six@1.16.0 pypi:six    what changed between the two?
  biopsy doctor                             what this machine can do

BIOPSY_HOME (default: your data directory) holds everything that is kept.
"""


def heed_termination() -> None:
    """Treat being terminated like being interrupted: what holds a sandbox takes it down on its way out."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return  # not in the main thread: whoever runs us there decides


_GROUPS = {
    "biopsy": [
        {"name": "Packages", "commands": ["analyze", "compare", "show"]},
        {"name": "Registries", "commands": ["watch", "enqueue", "worker", "queue", "status"]},
        {
            "name": "All that was seen",
            "commands": ["query", "trends", "replay", "warehouse", "artifact", "export", "import"],
        },
        {"name": "Malicious packages", "commands": ["check", "guard", "reports", "serve", "site", "tokens"]},
        {"name": "This machine", "commands": ["doctor", "image"]},
        {"name": "More", "commands": ["completion", "names", "rules", "version"]},
    ]
}


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "rich_help_config": {
            "text_markup": "rich",
            "max_width": 100,
            "command_groups": _GROUPS,
        },
    },
    epilog=EXAMPLES,
)
@click.version_option(package_name="biopsy", message="%(prog)s %(version)s")
def biopsy() -> None:
    """Take an open-source package apart, say what it does, and show the evidence."""
