"""`butfor plan`: what a study would train, before it costs anything."""

from __future__ import annotations

import click

from butfor.command.snakemake_call import PASSED_ON, start, study_files


@click.command(context_settings=PASSED_ON)
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[STUDY.yaml] [SNAKEMAKE OPTIONS]…", shell_complete=study_files
)
def command(words: tuple[str, ...]) -> None:
    """Say what a study would train, before it costs anything: what is there already, how long the rest takes, what it can show.

    
    butfor plan mine.yaml
    butfor plan mine.yaml --cores 8
    butfor plan mine.yaml --config 'seeds=[5,10]'        one key otherwise
    """
    start(words, target="plan", more=["--nolock"], silent=["all"])
