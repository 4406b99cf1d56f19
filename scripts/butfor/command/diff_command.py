"""`butfor diff`: which verdicts changed between two results folders."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from butfor.errors import StudyError

CHANGED = 1  # the exit code, if it is asked for


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--metric", help="By which metric, such as test/loss (default: the one that decides in A).")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")
@click.option("--exit-code", is_flag=True, help="End with 1 if a verdict changed, 2 if none can be compared.")
def command(a: Path, b: Path, metric: str | None, as_json: bool, exit_code: bool) -> None:
    """Say which verdicts changed between two results folders: of two studies, versions of the code, or devices.

    \b
    butfor diff results/before results/after
    butfor diff results/mine results/mine/partial --json
    """
    from butfor.languages.folder_language import language_in
    from butfor.languages.phrases import speaking
    from butfor.report.diff_text import diff_text
    from butfor.verdicts.changed_verdicts import changed_in, verdict_diff

    diff = verdict_diff(a, b, metric)
    with speaking(language_in(a)):
        click.echo(json.dumps(diff, indent=1) if as_json else diff_text(diff))
    if exit_code and not diff["both"]:
        raise StudyError(
            f"expected an ablation that {a} and {b} have in common, received none: no verdict could be compared, so that"
            " none can be said to have changed. Name two folders of studies that ask about the same arm."
        )
    if exit_code and changed_in(diff):
        sys.exit(CHANGED)
