"""`butfor run`: train what is missing, judge it and write the report."""

from __future__ import annotations

import os
import sys

import click

from butfor.command.snakemake_call import PASSED_ON, divided, start, study_files
from butfor.process.start_command import announce
from butfor.terminal.start_view import CHATTER


@click.command(context_settings=PASSED_ON)
@click.option("-v", "chatter", is_flag=True, help="Show Snakemake's own messages, in place of the view.")
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[STUDY.yaml] [SNAKEMAKE OPTIONS]…", shell_complete=study_files
)
def command(chatter: bool, words: tuple[str, ...]) -> None:
    """Train what is missing, judge it and write the report; a second start finds nothing to do.

    Without a study file it is the example study, config/config.yaml. All cores are used unless you say --cores. Every option
    and target of Snakemake's may follow:

    \b
    butfor run mine.yaml --cores 4
    butfor run mine.yaml -n                               what would be done
    butfor run mine.yaml --config first_seed=100          one key otherwise
    butfor run mine.yaml --config fail_on=refuted         exit code 3 if a claim is refuted
    """
    if chatter:
        os.environ[CHATTER] = "1"
    announce(["butfor", *sys.argv[1:]], divided(words)[0])
    start(words, chatter=chatter)
