"""The run of MLflow that holds a study's report, figures and tables, and no metric and no parameter."""

from __future__ import annotations

import hashlib
from pathlib import Path

from butfor.tracking.artifacts import Artifact
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.run_content import SOURCE
from butfor.tracking.run_writing import DIGEST

NAME = "report"


def write_summary_run(experiment: StudyExperiment, results: Path, paths: list[Path]) -> None:
    """Make the files `paths`, below `results`, artifacts of the summary run; one that holds others is replaced."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    existing = experiment.search(f"tags.`butfor.kind` = '{NAME}'")
    current = [run for run in existing if run.data.tags.get(DIGEST) == digest][:1]
    experiment.delete(run for run in existing if run not in current)
    if current:
        return
    note = "The study's report, figures and tables: see Artifacts."
    tags = {"butfor.kind": NAME, "mlflow.note.content": note, **SOURCE}
    run_id = experiment.client.create_run(experiment.id, run_name=NAME, tags=tags).info.run_id
    for path in paths:
        experiment.artifacts.add(run_id, Artifact(path.relative_to(results).as_posix(), path))
    experiment.client.set_terminated(run_id, "FINISHED")
    experiment.client.set_tag(run_id, DIGEST, digest)
