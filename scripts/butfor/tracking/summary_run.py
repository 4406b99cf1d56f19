"""The run of MLflow that holds a study's report, figures and tables, and no metric and no parameter."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from butfor.tracking.artifacts import Artifact
from butfor.tracking.experiment import StudyExperiment
from butfor.tracking.experiment_choice import IDENTITY
from butfor.tracking.notes import NOTE, preserved
from butfor.tracking.run_content import SOURCE
from butfor.tracking.run_writing import DIGEST, held_by

NAME = "report"
LONGEST = 7800  # characters of a description; MLflow cuts one of more than 8000 without a word
WHERE = "The study's report in full, its figures and its tables are among the artifacts of this run."


def write_summary_run(experiment: StudyExperiment, results: Path, paths: list[Path]) -> str:
    """Make the files `paths`, below `results` and the report first, artifacts of the summary run, which shows the report's
    text as its description; one that holds others is replaced. Returns the run's id.
    """
    note = as_note(paths[0].read_text())
    digest = hashlib.sha256(b"".join([note.encode(), *(path.read_bytes() for path in paths)])).hexdigest()
    existing = experiment.runs_of_kind(NAME)
    current = [run for run in existing if run.data.tags.get(DIGEST) == digest][:1]
    if not current:
        tags = {"butfor.kind": NAME, IDENTITY: experiment.identity, NOTE: note, **SOURCE}
        run = experiment.client.create_run(experiment.id, run_name=NAME, tags=preserved(tags, held_by(existing)))
        for path in paths:
            experiment.artifacts.add(run.info.run_id, Artifact(path.relative_to(results).as_posix(), path))
        experiment.client.set_terminated(run.info.run_id, "FINISHED")
        experiment.client.set_tag(run.info.run_id, DIGEST, digest)
        current = [run]
    experiment.delete(run for run in existing if run.info.run_id != current[0].info.run_id)
    return str(current[0].info.run_id)


def as_note(report: str) -> str:
    """A report's text as a description: its title as a plain sentence, since tables show the first words as they are; without
    its pictures, which are files, what is folded away, and links to records; as much as there is room for.
    """
    open_part = re.sub(r"^<details>.*?^</details>\n*", "", report, flags=re.MULTILINE | re.DOTALL)
    without = re.sub(r"^!\[[^\]]*\]\([^)]*\)\n*", "", open_part, flags=re.MULTILINE).removeprefix("# ")
    without = re.sub(r"\[([^\]]*)\]\((?:\.\./)?runs/[^)]*\)", r"\1", without).removesuffix("## Details\n\n")
    room = LONGEST - len(WHERE) - 4
    if len(without) > room:
        without = without[:room].rpartition("\n\n")[0] or without[:room]
    return f"{without.rstrip()}\n\n{WHERE}"
