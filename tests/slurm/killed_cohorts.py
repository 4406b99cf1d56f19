"""Cohorts on a real Slurm: their jobs run there, those of their arms take what they leave, and what is killed costs only time."""

import importlib.util
import json
import os
import signal

import pytest

from conftest import need
from slurm.box import wait_until
from slurm.study import Study, stopped_at_the_end, tasks
from test_jax_engine import assert_near

pytestmark = pytest.mark.services
STUDY = {
    "study": "together",
    "results": "results",
    "seeds": 3,
    "data": {"name": "digits"},
    "tracking": {"mlflow": False},
    "job": {"cohorts": "always"},
    "recipe": {
        "model": {"name": "mlp", "widths": [16]}, "dropout": 0.1, "learning_rate": 0.001, "epochs": 300, "batch_size": 64,
    },
    "ablations": {"less": {"set": {"dropout": 0.05}}, "cosine": {"set": {"schedule": "cosine"}}},
}  # fmt: skip
RUNS = 9


def started(study):
    """By arm and seed, when the runs began of which there are records, waiting ones among them."""
    runs, found = study.folder / "results" / "runs", {}
    for path in [*runs.glob("*/look*/seed_*.json"), *runs.glob("*/.unfinished/*/seed_*.json")]:
        record = json.loads(path.read_text())
        found[record["arm"], record["seed"]] = record["timing"]["started"]
    return found


def cohort_job(box, study):
    """The numbers of the cohort's jobs that run."""
    return [number for number, name in box.jobs(study.folder, "RUNNING", "%A|%j") if name.startswith("butfor.cohort.")]


def test_a_cohort_is_a_job_there_and_a_scancel_and_a_kill_of_it_and_of_the_start_lose_no_run_that_was_over(
    box, tmp_path
):
    need(importlib.util.find_spec("jax"), "JAX: make ENGINE=jax setup")
    study = Study(tmp_path, STUDY, "jax")
    first = study.start()
    with stopped_at_the_end(first):
        wait_until(lambda: len(started(study)) >= 1, "a run of the cohort")
        (number,) = cohort_job(box, study)
        box.ask("scancel", number)
        wait_until(lambda: number not in box.running(study.folder), "its end")
        after_scancel = started(study)
        assert 1 <= len(after_scancel) < RUNS
        wait_until(lambda: len(started(study)) > len(after_scancel), "the cohort goes on")
        os.killpg(first.pid, signal.SIGKILL)
    (number,) = cohort_job(box, study)
    box.ask("scancel", "--signal=KILL", "--full", number)
    wait_until(lambda: number not in box.running(study.folder), "its end")
    after_kill = started(study)
    assert len(after_scancel) < len(after_kill) < RUNS
    study.finish()

    after = started(study)
    assert len(after) == RUNS and {run: after[run] for run in after_kill} == after_kill
    paths = list((study.folder / "results" / "runs").glob("*/look1/seed_*.json"))
    assert [json.loads(path.read_text())["machine"]["batched"] for path in paths] == ["1 in turn"] * RUNS
    counts = tasks(box.jobs(study.folder))
    by_rule = {name.split(".")[1]: count for name, count in counts.items()}
    assert by_rule["cohort"] == 3 and by_rule["train"] == 1 and len(counts) == 1 + 3, counts
    for log in (study.folder / "results" / "logs" / "train").glob("*.log"):
        assert log.read_text().count("finished earlier") == 3, log
    here = Study(tmp_path / "here", STUDY, "jax")
    assert here.run("--quiet").returncode == 0
    for path, record in here.records().items():
        assert_near(study.records()[path], record)
