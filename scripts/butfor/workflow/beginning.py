"""The beginning of a start, before its first job: the schema is compared with the code, the results folder is marked as the
study's, what it plans is registered, and the mirror in MLflow is started beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from butfor.errors import StudyError
from butfor.languages.folder_language import note_language
from butfor.languages.phrases import language_of
from butfor.process import system_errors
from butfor.records.results_folder import FOLLOWER_LOG, REGISTER, RUNS_FOLDER, ask_for
from butfor.study import choices, study_protocol
from butfor.study.data_sets import fingerprint_of_all
from butfor.study.plan import Plan
from butfor.tracking import follower, target
from butfor.verdicts import preregistration
from butfor.workflow import clock_watch, origins, recovery, results_place


def begin(
    settings: dict[str, Any],
    plan: Plan,
    mirrored: dict[str, Any],
    alone: bool = True,
    own_code: Mapping[str, Any] | None = None,
) -> None:
    """Compare the schema with the code, register what the study plans and start its mirror. What is wrong ends the
    process with one sentence: Snakemake would put its own files and lines around an exception.

    settings, plan: the study's. mirrored: see parameters.mirrored. alone: whether no other start may be at work in the results
    folder. own_code: what stands for the user's own code, None where there is none.
    """
    results, tracking = Path(settings["results"]), settings["tracking"]
    try:
        if alone:
            recovery.claim(results)
            clock_watch.watch(results)
        choices.check_own()
        results_place.keep_for(results, settings["study"])
        note_language(results, language_of(settings))
        preregistration.enter(
            results / REGISTER,
            study_protocol.protocol(settings, plan, own_code),
            runs=results / RUNS_FOLDER,
            data=fingerprint_of_all({n: origins.data_fingerprint(results, n) for n in settings["data_sets"]}),
        )
        ask_for(results, mirrored["arms"], [f"look{place + 1}" for place in range(len(settings["looks"]))])
        if tracking["mlflow"]:
            target.refuse_missing_locks(results)
            live = tracking["live"] and target.is_server(results)
            follower.start(mirrored, results, live, log=results / FOLLOWER_LOG)
    except StudyError as error:
        sys.exit(str(error))
    except OSError as error:
        if sentence := system_errors.sentence(error):
            sys.exit(sentence)
        raise
