"""`butfor paper`: tables, figures and texts for a paper, from what a study has shown."""

from __future__ import annotations

import click

from butfor.command.snakemake_call import PASSED_ON, start, study_files


@click.command(context_settings=PASSED_ON)
@click.option("-v", "chatter", is_flag=True, help="Show Snakemake's own messages too.")
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[STUDY.yaml] [SNAKEMAKE OPTIONS]…", shell_complete=study_files
)
def command(chatter: bool, words: tuple[str, ...]) -> None:
    """Write tables, figures and texts for a paper in LaTeX, into the folder paper of the study's results.

    Start it in the folder in which the study was run: results are looked for there, and what is missing is trained first
    (-n says what that would be).

    \b
    butfor paper mine.yaml
    """
    start(words, target="paper", chatter=chatter)
