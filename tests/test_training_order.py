"""The order in which trainings start: what others are compared with first."""

import re
from types import SimpleNamespace

import pytest

from butfor.workflow.training_order import precedence, start_in_order
from conftest import SMALL

STUDY = {
    "study": "small",
    "seeds": 2,
    "data": {"name": "digits"},
    "recipe": {**SMALL, "epochs": 1},
    "ablations": {
        "slower": {"set": {"learning_rate": 0.0001}},
        "no_dropout": {"set": {"dropout": 0.0}},
        "small": {"set": {"train_size": 500}},
        "small_no_dropout": {"set": {"dropout": 0.0}, "from": "small"},
        "l2": {"set": {"l2": 0.001}},
    },
    "tracking": {"mlflow": False},
}


def test_baselines_come_before_references_and_these_before_the_rest(planned):
    text = "{recipe: {}, ablations: {a: {set: {l2: 0.1}}, b: {set: {dropout: 0.5}}, c: {set: {l1: 0.1}, from: b}}%s}"
    of = precedence(planned(text % "")[1])
    assert [of(arm) for arm in ("baseline", "a", "b", "c")] == [2, 0, 1, 0]
    of = precedence(planned(text % ", data: {x: {name: digits}, y: {name: mnist}}")[1])
    assert [of(f"{arm}@{data}") for arm in ("baseline", "a", "b") for data in "xy"] == [2, 2, 0, 0, 1, 1]


def test_jobs_chosen_at_one_time_start_by_their_priority():
    class Scheduler:
        def select_jobs(self, jobs, most):
            return jobs[:most]

    start_in_order(Scheduler)
    jobs = [
        SimpleNamespace(name=name, priority=priority) for name, priority in zip("abcd", (0, 10, 2, 10), strict=True)
    ]
    assert "".join(job.name for job in Scheduler().select_jobs(jobs, most=4)) == "bdca"


@pytest.mark.cases
def test_a_look_begins_with_what_the_others_are_compared_with(workflow_copy):
    copy = workflow_copy("order")
    copy.write(STUDY)
    done = copy.run("--cores", "1", "--until", "train")
    assert done.returncode == 0, done.stdout + done.stderr
    order = re.findall(r"Train (\w+), look1$", done.stdout + done.stderr, re.MULTILINE)
    assert order[:2] == ["baseline", "small"]
    assert sorted(order[2:]) == ["l2", "no_dropout", "slower", "small_no_dropout"]
