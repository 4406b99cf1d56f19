"""The plan of a study whose arms train together: what it says of them, and by what it tells how long they take."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from butfor.outlook import time_needed
from butfor.outlook.known_runs import KnownRun
from butfor.outlook.outlook import outlook
from butfor.outlook.outlook_text import outlook_text
from butfor.outlook.planned_study import BASE, planned_study
from butfor.outlook.shared_jobs import TAKING, amortised
from butfor.workflow import parameters
from butfor.workflow.code_dependencies import CodeDependencies
from conftest import SMALL

ASSUMED = "No record tells what runs take together"
STUDY = {
    "study": "small",
    "results": "results/small",
    "seeds": [2, 4],
    "data": "digits",
    "recipe": SMALL,
    "ablations": {
        "slow": {"set": {"learning_rate": 0.0001}},
        "cosine": {"set": {"schedule": "cosine"}},
        "faster": {"set": {"learning_rate": 0.1}},
        "large_batch": {"set": {"batch_size": 128}},
    },
    "tracking": {"mlflow": False},
    "job": {"cohorts": "always"},
}


@pytest.fixture
def plan_by(monkeypatch, tmp_path):
    """Gives the plan of a study as some known runs tell it, on two cores."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    monkeypatch.setenv("BUTFOR_START_SETTINGS", "{}")
    monkeypatch.setattr(time_needed, "around", lambda arms: 0.0)

    def planned(runs, **changes):
        study = planned_study({**STUDY, **changes}, [])
        monkeypatch.setattr(time_needed, "known_runs", lambda _: runs(study))
        return outlook(study, cores=2, probe=False)

    return planned


def a_run(study, arm, seconds, batched="", started=0.0):
    recipe = json.loads(json.dumps(study.plan.arms[arm].recipe, sort_keys=True))
    job = Path("runs", arm, "look1")
    epochs = recipe["epochs"]
    return KnownRun(job, arm, recipe, {}, seconds, epochs, 20, True, started, started + 1, batched=batched)


def alone(study):
    return [a_run(study, arm, {"compile": 2.0, "train": 3.0, "evaluate": 1.0}) for arm in study.plan.arms]


def among_others(study):
    of_first = [
        a_run(study, arm, {"train": 0.5, "diagnose": 0.5} | once, "8 at once", n)
        for n, (arm, once) in enumerate(
            [("baseline", {"compile": 6.0}), ("slow", {}), ("cosine", {"compile": 0.01}), ("faster", {})]
        )
    ]
    return [*of_first, a_run(study, "large_batch", {"compile": 5.0, "train": 1.5, "diagnose": 0.5}, "2 at once", 9)]


def test_arms_that_train_together_are_named_and_their_time_is_that_of_their_jobs(plan_by):
    plan = plan_by(lambda study: [*alone(study), *among_others(study)])
    words = outlook_text(plan)
    assert (
        "Trained together at look1, in one job each: 8 runs (4 arms) and 2 runs (large_batch). Arms that are added or changed"
        " later train without these." in words
    )
    assert ASSUMED not in words
    first, second = plan.time.shared
    start = plan.time.start
    assert (first.arms, first.runs, first.once, first.each) == (
        ["baseline", "slow", "cosine", "faster"], 8, start + 6.0, 1.0,
    )  # fmt: skip
    assert (second.runs, second.once, second.each) == (2, start + 5.0, 2.0)
    assert plan.time.least.seconds == pytest.approx(start + 6 + 8 * 1.0 + TAKING * 5 / 2)
    assert [line.split()[:2] for line in words.splitlines() if " s  " in line] == [
        ["4", "arms"],
        ["large_batch", "8.5"],
    ]
    shown = plan.as_json()["time"]
    assert shown["shared"][1]["arms"] == ["large_batch"] and shown["shared_is_known"]


def test_without_records_of_cohorts_runs_are_counted_one_after_another_and_it_is_said(plan_by):
    plan = plan_by(alone)
    assert ASSUMED in outlook_text(plan)
    first, _ = plan.time.shared
    assert (first.once, first.each) == (plan.time.start + 2.0, 4.0)
    assert plan.time.least.seconds == pytest.approx(first.seconds + TAKING * 5 / 2)


def test_arms_that_train_by_themselves_are_not_told_by_those_that_trained_together(plan_by):
    plan = plan_by(lambda study: [*alone(study), *among_others(study)], job={"cohorts": "never"})
    assert plan.time.shared == () and "Trained together" not in outlook_text(plan)
    assert plan.time.arms["baseline"].each == 4.0 and plan.time.arms["slow"].each == 4.0


def test_only_what_is_lacking_is_in_a_job(plan_by, monkeypatch):
    there = defaultdict(list, {(arm, "look1"): [0, 1] for arm in ("baseline", "slow", "cosine", "large_batch")})
    monkeypatch.setattr("butfor.outlook.outlook.cached_runs", lambda *_: there)
    plan = plan_by(alone)
    assert [(job.arms, job.runs) for job in plan.time.shared] == [(["faster"], 2)]
    assert "in one job each: 2 runs (faster)." in outlook_text(plan)


def test_a_run_of_a_cohort_has_its_share_of_all_that_was_trained(plan_by):
    study = planned_study(STUDY, [])
    shares = (0.1, 0.2, 0.3, 0.05, 0.1)
    runs = [a_run(study, "baseline", {"train": x}, "1 in turn", n) for n, x in enumerate(shares)]
    found = [run.seconds["train"] for run in amortised(reversed(runs))]
    assert found == [0.3, 0.3, 0.3, 0.1, 0.1], "those of the second cohort begin anew"


def test_a_plan_knows_the_records_that_a_start_on_jax_would_find(plan_by):
    study = planned_study(STUDY, [])
    code = CodeDependencies(Path("code.json")).fingerprint(BASE / "scripts" / "train.py", *parameters.trained_by())
    assert {training["code"] for _, training in study.targets.planned()} == {code}
