"""`butfor watch`: how far a running study is."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from butfor.report.study_progress import StudyProgress
    from butfor.terminal.time_left import TimeLeft

PAUSE = 1.0  # seconds between two looks at the files


@click.command()
@click.argument("results", default="results", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Say it once, as where the output is no terminal.")
def command(results: Path, once: bool) -> None:
    """See how far a study is, beside the start that trains it: arms, verdicts so far, failures, time left, what trains now.

    RESULTS is the study's folder, such as results/mine. It reads files only; Ctrl-C ends the view, not the study.
    """
    from butfor.languages.folder_language import language_in
    from butfor.languages.phrases import speaking
    from butfor.report.study_progress import study_progress
    from butfor.terminal.progress_text import progress_text
    from butfor.terminal.time_left import TimeLeft

    with speaking(language_in(results)):
        progress, time_left = study_progress(results), TimeLeft(results)
        if once or not sys.stdout.isatty() or not progress.is_running:
            click.echo(progress_text(progress, results, time_left.of(progress) if progress.is_running else None))
            return
        _watch(results, progress, time_left)


def _watch(results: Path, progress: StudyProgress, time_left: TimeLeft) -> None:
    """Show it anew every second until the start has ended."""
    from rich.live import Live

    from butfor.records.results_folder import RESULTS_LOCK
    from butfor.report.study_progress import study_progress
    from butfor.terminal.live_view import live_view
    from butfor.terminal.progress_text import progress_text

    since = (results / RESULTS_LOCK).stat().st_mtime
    try:
        with Live(refresh_per_second=2) as view:
            while progress.is_running:
                view.update(live_view(str(results), progress, time_left.of(progress), since))
                time.sleep(PAUSE)
                progress = study_progress(results)
    except KeyboardInterrupt:
        return
    click.echo(progress_text(progress, results))
