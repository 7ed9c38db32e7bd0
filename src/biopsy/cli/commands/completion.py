"""`biopsy completion`: what a shell needs to complete biopsy's commands and options."""

import rich_click as click
from click.shell_completion import get_completion_class

from biopsy.cli.teach import Taught

EXAMPLES = """
Examples
  biopsy completion bash > ~/.local/share/bash-completion/completions/biopsy
  biopsy completion zsh > ~/.zfunc/_biopsy       (a folder of your fpath)
  biopsy completion fish > ~/.config/fish/completions/biopsy.fish
"""


@click.command("completion", cls=Taught, epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(ctx.find_root().command, {}, "biopsy", "_BIOPSY_COMPLETE").source())
