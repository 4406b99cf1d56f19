"""The import of a whole study into MLflow, at its end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from mlflow.exceptions import MlflowException

from butfor.records.files import write_atomically
from butfor.records.results_folder import results_of
from butfor.study.metrics import METRICS
from butfor.tracking import views
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.store import Tracking, open_mirror
from butfor.tracking.summary_run import write_summary_run

UNUSABLE = {"void": "its arm is void", "failed": "its arm is unproven"}  # why, by the outcome of an arm's check
log = logging.getLogger(__name__)


def track(
    tracking: Tracking,
    runs: Iterable[Path | str],
    checks: Path | str,
    files: Iterable[Path | str],
    tables: Path | str,
    tracked: Path | str,
) -> None:
    """Make MLflow hold the study: a run for each record in the folders `runs` and no other, each marked as usable or not;
    the study's `files` and the tables in the folder `tables`, as artifacts of a summary run; and saved views. What was done
    is written into the file `tracked`, in the results folder.

    tracking: see parameters.mirrored. checks: checks.json. Raises TrackingError and StoreError.
    """
    outcomes = {row["arm"]: row["outcome"] for row in json.loads(Path(checks).read_text())}
    unusable_arms = {arm: UNUSABLE[outcome] for arm, outcome in outcomes.items() if outcome in UNUSABLE}
    folders, results = [Path(folder) for folder in runs], results_of(Path(tracked))
    with open_mirror(tracking, results, repair=True) as mirror:
        actions = mirror.put(folders)
        mirror.mark_usable(mirror.remove_others(folders), unusable_arms)
        mirror.register_best_model()
        write_summary_run(mirror.experiment, results, [*map(Path, files), *sorted(Path(tables).glob("*.csv"))])
        link = _save_views(mirror.experiment, views.tags(tracking["arms"], METRICS[tracking["metric"]]))
    summary = {"target": tracking["target"], "experiment": mirror.experiment.id, "link": link, "runs": actions}
    write_atomically(Path(tracked), json.dumps(summary, indent=1))


def _save_views(experiment: StudyExperiment, tags: dict[str, str]) -> str:
    """Save the views and return the link that opens the first; that of a plain table if MLflow refuses them."""
    try:
        experiment.set_tags(tags)
    except MlflowException as failure:
        if not 400 <= failure.get_http_status_code() < 500:
            raise
        log.warning("this MLflow refuses saved views, its pages show their usual table: %s", failure)
        return views.plain_link(experiment.id)
    return views.link(experiment.id)
