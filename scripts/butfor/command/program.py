"""The command `butfor`: its subcommands in the order in which a study meets them, what all share, and how errors are told."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

import click

from butfor.errors import StudyError

SUBCOMMANDS = {  # each in <name>_command.py
    "new": "Write a first study from your data or model.",
    "plan": "Say what a study would train, before it costs anything.",
    "run": "Train what is missing, judge it and write the report.",
    "watch": "See how far a running study is.",
    "report": "Write the report on what there is so far.",
    "paper": "Write tables, figures and texts for a paper.",
    "ui": "Open MLflow's pages on a study's runs.",
    "explain": "Tell the story of one arm.",
    "diff": "Compare the verdicts of two studies.",
    "judge": "Give verdicts on runs made elsewhere, from a CSV file.",
    "completion": "Print what your shell needs to complete words.",
}
WRONG = 2  # the exit code for what the user can correct
EPILOG = """\b
A first study:
  butfor new mine --data patients.csv     write mine.yaml
  butfor plan mine.yaml                   what would be trained
  butfor run mine.yaml                    train, judge, report
  butfor explain no_dropout --results results/mine

Snakemake stays as usable as ever: `butfor run STUDY.yaml …` is `snakemake … --configfile STUDY.yaml`, and every option of
Snakemake's may follow. What a study file may hold is in config/schema.yaml."""


class Program(click.Group):
    """The group of subcommands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in SUBCOMMANDS:
            close = get_close_matches(name, SUBCOMMANDS, n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {close[0]}?" if close else ""))
        command: click.Command = import_module(f"butfor.command.{name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.command(cls=Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """But for this part of the recipe, would the model be as good?

    butfor trains a recipe and one ablation per question over paired seeds, and says of each ablation: helps, hurts, no
    meaningful difference or inconclusive, with the evidence.
    """


def main() -> None:
    """Run the command that the arguments name; a mistake that the user can correct is told in its own words, without a
    traceback."""
    try:
        program(prog_name="butfor")
    except StudyError as error:
        print(f"butfor: {error}", file=sys.stderr)
        sys.exit(WRONG)
