"""Whole studies on JAX whose arms train together: what they leave, and what trains again after a kill, a change, a failure."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import PATIENCE, environment, need
from jax_process import kept_in
from test_jax_engine import assert_near

pytestmark = pytest.mark.services

STUDY = {
    "study": "together",
    "results": "results",
    "seeds": [2, 3],
    "data": {"name": "digits"},
    "tracking": {"mlflow": False},
    "job": {"cohorts": "always"},
    "recipe": {
        "model": {"name": "mlp", "widths": [16]}, "dropout": 0.1, "learning_rate": 0.01, "epochs": 2, "batch_size": 64,
    },
    "ablations": {"less": {"set": {"dropout": 0.05}}, "cosine": {"set": {"schedule": "cosine"}}},
}  # fmt: skip
APART = ("machine", "timing", "sha256", "format")
ENDS = "--until", "train"


def changed(**arms):
    return {**STUDY, "ablations": {**STUDY["ablations"], **arms}}


class Records:
    """Those of a copy of the workflow, finished ones of jobs that have not ended among them."""

    def __init__(self, workflow):
        self.runs = workflow.folder / "results" / "runs"

    def all(self):
        found = {}
        for path in [*self.runs.glob("*/look*/seed_*.json"), *self.runs.glob("*/.unfinished/*/seed_*.json")]:
            record = json.loads(path.read_text())
            found[record["arm"], record["seed"]] = record
        return found

    def started(self):
        return {run: record["timing"]["started"] for run, record in self.all().items()}


def succeeded(workflow, *words):
    done = workflow.run(*words)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture
def study(workflow_copy):
    need(importlib.util.find_spec("jax"), "JAX: make ENGINE=jax setup")
    made = workflow_copy("together", "jax")
    made.write(STUDY)
    return made


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    return kept_in(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def compiled_once(programs, monkeypatch):
    """For studies that share what XLA has compiled. Not for starts that are killed, which must be under way for a while."""
    for name, value in programs.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("compiled_once")
def test_records_are_those_of_arms_that_train_alone_and_changes_train_no_more_than_themselves(study, workflow_copy):
    assert study.would_run(*ENDS) == {"data": 1, "cohort": 1, "train": 3}
    assert not (study.folder / "results" / "cohorts").exists()
    alone = workflow_copy("alone", "jax")
    alone.write({**STUDY, "job": {"cohorts": "never"}})
    assert alone.would_run(*ENDS) == {"data": 1, "train": 3}
    succeeded(study, *ENDS)
    succeeded(alone, *ENDS)
    together, by_themselves = Records(study).all(), Records(alone).all()
    assert together.keys() == by_themselves.keys() and len(together) == 6
    for run, record in together.items():
        its = by_themselves[run]
        assert record["machine"].pop("batched") == "1 in turn" and "batched" not in its["machine"]
        assert_near(
            {k: v for k, v in record.items() if k not in APART}, {k: v for k, v in its.items() if k not in APART}
        )
    assert study.would_run(*ENDS) == {}

    # Records that were trained alone are as good, whatever trains from now on; and the other way round.
    alone.write(STUDY)
    study.write({**STUDY, "job": {"cohorts": "never"}})
    assert alone.would_run(*ENDS) == {} and study.would_run(*ENDS) == {}

    before = Records(study).started()
    study.write(changed(more={"set": {"dropout": 0.3}}))
    assert study.would_run(*ENDS) == {"cohort": 1, "train": 1}
    assert study.would_run("results/runs/more/look1") == {"train": 1}
    assert "Train 2 runs of more together, look1" in succeeded(study, *ENDS)
    study.write(changed(more={"set": {"dropout": 0.3}}, less={"set": {"dropout": 0.06}}))
    assert study.would_run(*ENDS) == {"cohort": 1, "train": 1}
    succeeded(study, *ENDS)
    after = Records(study).started()
    assert len(after) == 8 and {run for run in before if before[run] != after[run]} == {("less", 0), ("less", 1)}
    assert study.would_run(*ENDS) == {}


def left_by_killed_start(study, records, least):
    """The runs that a start has left, which is killed as soon as it has so many."""
    words, end = [sys.executable, "-m", "snakemake", "--cores", "2", *ENDS], time.monotonic() + PATIENCE
    start = subprocess.Popen(
        words, cwd=study.folder, env=environment("jax"), start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip
    while len(records.started()) < least and time.monotonic() < end:
        time.sleep(0.02)
    os.killpg(start.pid, signal.SIGKILL)
    start.communicate()
    return records.started()


def test_a_start_that_was_killed_loses_no_run_that_was_over(study):
    succeeded(study, "--until", "data")
    records = Records(study)
    left = left_by_killed_start(study, records, least=2)
    assert 2 <= len(left) < 6 and not list(records.runs.glob("*/look1"))
    succeeded(study, *ENDS)
    after = records.started()
    assert len(after) == 6 and {run: after[run] for run in left} == left
    log = next((study.folder / "results" / "logs" / "cohort").glob("*.log")).read_text()
    assert re.findall(r"(\d) of 6 runs are lacking", log)[-1] == str(6 - len(left))


TWO_GPUS = """

def visible_gpus() -> list[str]:
    return ["0", "1"]


def gpus() -> int:
    return 2
"""


@pytest.mark.usefixtures("compiled_once")
def test_on_two_gpus_a_look_is_two_jobs_whose_runs_are_batched_alike(study):
    """On made-up ones: each job takes one, and computes on the CPU."""
    provenance = study.folder / "scripts" / "butfor" / "records" / "provenance.py"
    provenance.write_text(provenance.read_text() + TWO_GPUS)
    study.write({**STUDY, "job": {"cohorts": "auto"}})
    assert study.would_run(*ENDS) == {"data": 1, "cohort": 2, "train": 3}
    assert study.would_run(*ENDS, "--workflow-profile", "slurm") == {"data": 1, "cohort": 1, "train": 3}
    succeeded(study, *ENDS)
    after = Records(study).all()
    assert len(after) == 6
    assert {record["machine"]["batched"] for record in after.values()} == {"1 in turn"}
    logs = [path.read_text() for path in (study.folder / "results" / "logs" / "cohort").glob("*.log")]
    assert sorted(set(re.findall(r"GPU (\d), share 1 of 1", "".join(logs)))) == ["0", "1"]
    assert sorted(set(re.findall(r"of (\d) runs are lacking", "".join(logs)))) == ["2", "4"]
    assert study.would_run(*ENDS) == {}
    study.write({**changed(more={"set": {"dropout": 0.3}}), "job": {"cohorts": "auto"}})
    assert study.would_run(*ENDS) == {"cohort": 1, "train": 1}


@pytest.mark.usefixtures("compiled_once")
def test_a_cohort_that_fails_costs_its_time_alone(study):
    process = study.folder / "scripts" / "butfor" / "jax_engine" / "cohort_process.py"
    text = process.read_text()
    assert text.count("            write(run.path, record)\n") == 1
    failing = "            write(run.path, record)\n            import os\n            os.kill(os.getpid(), 9)\n"
    process.write_text(text.replace("            write(run.path, record)\n", failing))
    succeeded(study, *ENDS)
    records = Records(study).all()
    assert len(records) == 6 and sum("batched" in record["machine"] for record in records.values()) == 1
    (receipt,) = (study.folder / "results" / "cohorts" / "look1").glob("*.json")
    assert json.loads(receipt.read_text())["failed"] == "its process was ended by signal 9"
    log = next((study.folder / "results" / "logs" / "cohort").glob("*.log")).read_text()
    assert "the cohort failed: its process was ended by signal 9. Its arms train by themselves" in log
