"""`butfor ui`: MLflow's pages on a study's runs."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("results", default="results", type=click.Path(path_type=Path))
def command(results: Path) -> None:
    """Open MLflow's pages on the runs of a study, on loopback only, until Ctrl-C.

    RESULTS is the study's folder, such as results/mine.
    """
    from butfor.tracking.ui import serve

    serve(results)
