"""`butfor report`: the report on what there is so far."""

from __future__ import annotations

import click

from butfor.command.snakemake_call import PASSED_ON, start, study_files


@click.command(context_settings=PASSED_ON)
@click.option("-v", "chatter", is_flag=True, help="Show Snakemake's own messages too.")
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[STUDY.yaml] [SNAKEMAKE OPTIONS]…", shell_complete=study_files
)
def command(chatter: bool, words: tuple[str, ...]) -> None:
    """Write the report on what there is so far, into the folder partial; nothing is trained.

    Also beside a running study. (A study that has finished has its report.md already, which `butfor run` keeps up to date.)
    """
    start(words, target="partial", more=["--nolock"], chatter=chatter)
