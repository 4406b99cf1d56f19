"""What is tried again after it has failed, and what would only fail once more."""

import json
from types import SimpleNamespace

import pytest
from snakemake.jobs import Job

from butfor.workflow.retries import refuse_once, reserve_anew


@pytest.mark.parametrize(
    ("content", "times"),
    [
        ({"why": "no such layer"}, 0),
        ([{"layer": "logits"}], 1),
        (None, 1),
    ],
)
def test_a_training_whose_model_could_not_be_built_is_refused_once(tmp_path, content, times):
    kind, built = type("Job", (SimpleNamespace,), {}), tmp_path / "built.json"
    if content is not None:
        built.write_text(json.dumps(content))
    refuse_once(kind)
    assert kind(rule=SimpleNamespace(restart_times=1), input={"built": [built]}).restart_times == times
    assert kind(rule=SimpleNamespace(restart_times=1), input={}).restart_times == 1


def test_each_attempt_of_a_job_reserves_what_it_asks_for():
    class Mine(Job):  # Snakemake's, with what it keeps of a job between two attempts
        __slots__ = ()

    reserve_anew(Mine)
    job = object.__new__(Mine)
    job._attempt, job._resources, job._scheduler_resources = 1, {"_cores": 2}, {"_cores": 2}
    job.attempt += 1
    assert (job.attempt, job._resources, job._scheduler_resources) == (2, None, None)
