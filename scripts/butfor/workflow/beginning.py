"""The beginning of a start, before its first job: the schema is compared with the code, claims are registered, and the mirror
in MLflow is started beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError

from butfor.errors import StudyError
from butfor.records.results_folder import FOLLOWER_LOG, REGISTER, RUNS_FOLDER
from butfor.study import choices, claims
from butfor.tracking import follower, target
from butfor.verdicts import preregistration


def begin(settings: dict[str, Any], mirrored: dict[str, Any]) -> None:
    """Compare the schema with the code, register the study's claims and start its mirror. Raises WorkflowError.

    settings: the study's. mirrored: see parameters.mirrored.
    """
    results, tracking = Path(settings["results"]), settings["tracking"]
    try:
        choices.check_own()
        preregistration.enter(
            results / REGISTER, settings["claims"], claims.terms(settings), runs=results / RUNS_FOLDER
        )
    except StudyError as error:
        raise WorkflowError(str(error)) from error
    if tracking["mlflow"]:
        live = tracking["live"] and target.is_server(results)
        follower.start(mirrored, results, live, log=results / FOLLOWER_LOG)
