"""`butfor completion`: what a shell needs to complete the words of the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_BUTFOR_COMPLETE"  # by which click knows that a shell asks


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what your shell needs to complete subcommands, options, files and the names of arms.

    \b
    bash   eval "$(butfor completion bash)"          in ~/.bashrc
    zsh    eval "$(butfor completion zsh)"           in ~/.zshrc
    fish   butfor completion fish | source           in ~/.config/fish/config.fish

    With .venv/bin on the PATH, as after `. .venv/bin/activate`.
    """
    from butfor.command.program import program

    completion = get_completion_class(shell)
    if completion is not None:
        click.echo(completion(program, {}, "butfor", VARIABLE).source())
