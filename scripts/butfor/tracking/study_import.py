"""The import of a whole study into MLflow, at its end."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mlflow.exceptions import MlflowException

from butfor.languages.folder_language import language_in
from butfor.languages.phrases import speaking
from butfor.records.files import write_atomically
from butfor.records.results_folder import MLFLOW_PAGE, results_of
from butfor.study.metrics import Metric
from butfor.tracking import tracked_metrics, views
from butfor.tracking.arm_content import judgements
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.link_page import link_page
from butfor.tracking.store import Tracking, open_mirror
from butfor.tracking.summary_run import write_summary_run
from butfor.tracking.tracked_metrics import with_task

log = logging.getLogger(__name__)
UNUSABLE = {"void": "its arm is void", "unproven": "its arm is unproven"}  # why, by the outcome of an arm's check


@dataclass(frozen=True)
class Sources:
    """The files that a study is mirrored from.

    folders: of the records. measured: what they are worth by the metrics that the study asks for. checks, contrasts:
    checks.json and contrasts.json. files: report and figures. tables: their folder.
    """

    folders: Sequence[Path | str]
    checks: Path | str
    contrasts: Path | str
    files: Sequence[Path | str]
    tables: Path | str
    measured: Sequence[Path | str] = ()


def track(tracking: Tracking, sources: Sources, tracked: Path | str, terminal: TextIO | None = None) -> None:
    """Make MLflow hold the study: a run for each record in the folders and no other, each marked as usable or not; one for
    each arm, with what the study says of it; files and tables, as artifacts of a summary run; and saved views. What was done
    is written into the file `tracked`, in the results folder, and links to all of it into a page beside that.

    tracking: see parameters.mirrored. terminal: where the user is told what is to be known of it. Raises TrackingError and
    StoreError.
    """
    folders, results = [Path(folder) for folder in sources.folders], results_of(Path(tracked))
    tracking = with_task(tracking, results)
    checks, metric = json.loads(Path(sources.checks).read_text()), tracked_metrics.judged(tracking)
    unusable_arms = {row["arm"]: UNUSABLE[row["outcome"]] for row in checks if row["outcome"] in UNUSABLE}
    judged = judgements(tracking["arms"], json.loads(Path(sources.contrasts).read_text()), checks, metric)
    files = [*map(Path, sources.files), *sorted(Path(sources.tables).glob("*.csv"))]
    with open_mirror(tracking, results, repair=True) as mirror:
        experiment = mirror.experiment
        actions = mirror.put(folders, judged, sources.measured)
        runs = mirror.remove_others(folders)
        mirror.mark_usable(runs, unusable_arms)
        mirror.register_best_model()
        arms = {arm: views.run_link(experiment.id, run) for arm, run in mirror.arm_ids().items()}
        report = write_summary_run(experiment, results, files)
        others = [other for other in tracked_metrics.settling(tracking) if other.name != metric.name]
        links = _save_views(experiment, [metric, *others], report, tracking["question"])
    if experiment.remark:
        print(experiment.remark, file=terminal)
    summary = {
        "target": tracking["target"],
        "identity": experiment.kept_identity,
        "experiment": experiment.id,
        **links,
        "arms": arms,
        "runs": actions,
    }
    with speaking(language_in(results)):
        page = link_page(experiment.study, results, experiment.id, arms, runs)
    write_atomically(results / MLFLOW_PAGE, page)
    write_atomically(Path(tracked), json.dumps(summary, indent=1))


def _save_views(experiment: StudyExperiment, shown: list[Metric], report: str, question: str) -> dict[str, str]:
    """Save the views and return the links that open them and the report; only plain pages if MLflow refuses them. shown: the
    metrics, first the one that verdicts are asked of."""
    links = {"link": views.link(experiment.id), "curves": views.link(experiment.id, views.CURVES, charts=True)}
    links["report"] = views.file_link(experiment.id, report)
    try:
        experiment.set_tags(views.tags(*shown))
        experiment.describe(views.description(question, links))
    except MlflowException as failure:
        if not 400 <= failure.get_http_status_code() < 500:
            raise
        log.warning("this MLflow refuses saved views, its pages show their usual table: %s", failure)
        return {"link": views.plain_link(experiment.id), "report": links["report"]}
    return links
