"""One training job: the seeds of one look of one arm, one after another, or some of them by further processes at the same time,
each leaving a record."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.fingerprint import fingerprint
from butfor.records import job_folder
from butfor.records.results_folder import COMPILED, JobPlace
from butfor.training.built import refuse_unbuilt
from butfor.training.engine_choice import engine_named
from butfor.training.finished_job import make_of_finished
from butfor.training.seed_job import SeedJob
from butfor.training.seed_partners import SeedPartners, dealt

log = logging.getLogger(__name__)


def train_arm(
    training: dict[str, Any],
    arrays: Path | str,
    manifest: Path | str,
    threads: int,
    runs: Path | str,
    built: Iterable[Path | str] = (),
    best_models: Path | str | None = None,
    all_models: Path | str | None = None,
    max_minutes: float | None = None,
    threads_each: int | None = None,
) -> None:
    """Train every seed of `training` (see parameters.training; its `engine` trains them) and leave `seed_<n>.json` for each
    in the folder `runs`, beside it what it predicts on the parts of the data in `predictions`, and `seed_<n>.keras` of the
    best of them in the folder `best_models` or of every one in `all_models`, if there is to be one.

    built: the file that says what the arm's model was built to be, if it is the user's own; one that could not be built
    ends the job.

    Finished seeds wait beside `runs` in a folder named by everything that decides their numbers, so that a job which
    was killed goes on after its last finished seed, and never with another recipe's, code's or data set's results.
    Where all are finished, no engine is loaded. What ends it otherwise is said in a note beside `runs`. One job at a time
    makes `runs`. max_minutes: see time_limit, for each seed. threads: of all processes that train seeds side by
    side, of which each has `threads_each`; None: of one. What a seed comes to depends on the threads of its process alone.
    """
    each = min(threads, threads_each or threads)
    environment = dict(os.environ)  # before the engine adds to it
    refuse_unbuilt(built)
    folder, models = Path(runs).absolute(), best_models or all_models  # absolute: own code may go to another folder
    kept = Path(models).absolute() if models else None
    with job_folder.alone(folder):
        if kept is None and make_of_finished(folder, training, manifest):
            return
        engine = engine_named(training["engine"])
        compiled = JobPlace(folder).results / COMPILED
        with engine.compiled_in(compiled, each, fingerprint(training["recipe"])):
            job = SeedJob(engine, training, arrays, manifest, each, folder, keeps=kept is not None)
            if job.is_done and (kept is None or kept.is_dir()):  # though Snakemake had deleted it
                log.info("%s: another job has just made it", folder)
            else:
                task = {"training": training, "arrays": str(arrays), "manifest": str(manifest), "threads": each}
                task |= {"runs": str(folder), "keeps": kept is not None, "max_minutes": max_minutes}
                _, *shares = dealt(job.lacking, threads // each)
                with SeedPartners(task, shares, job.note, environment):
                    own = [seed for seed in training["seeds"] if not any(seed in share for share in shares)]
                    for place, seed in enumerate(own, start=1):
                        job.train(seed, later=len(own) - place, max_minutes=max_minutes)
                job.end(kept, every_model=all_models is not None)
            job.note.remove()  # also that of a job which was killed after it had made the folder
