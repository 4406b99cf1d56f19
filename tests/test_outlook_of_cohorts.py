"""The plan of a study whose arms train together, and the time that is left of its start: by what both tell how long they take."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from butfor.outlook import time_needed
from butfor.outlook.job_start import usual_start
from butfor.outlook.known_runs import KnownRun
from butfor.outlook.makespan import AROUND_EACH_ARM, BETWEEN_LOOKS
from butfor.outlook.outlook import outlook
from butfor.outlook.outlook_text import outlook_text
from butfor.outlook.planned_study import BASE, planned_study
from butfor.outlook.run_seconds import by_recipe, run_seconds
from butfor.outlook.shared_jobs import FURTHER, PROCESS, TAKING, SharedJobs
from butfor.report.study_progress import JobProgress, StudyProgress
from butfor.terminal.time_left import CLOSING, TimeLeft
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
    start = plan.time.start + PROCESS
    assert (first.arms, first.runs, first.once, first.each) == (
        ["baseline", "slow", "cosine", "faster"], 8, start + 6.0, 1.0,
    )  # fmt: skip
    assert (second.runs, second.once, second.each) == (2, start + 5.0, 2.0)
    assert plan.time.least.seconds == pytest.approx(start + 6 + 8 * 1.0 + TAKING * 5 / 2)
    assert [line.split()[:2] for line in words.splitlines() if " s  " in line] == [
        ["4", "arms"],
        ["large_batch", f"{start + 5:.1f}"],
    ]
    shown = plan.as_json()["time"]
    assert shown["shared"][1]["arms"] == ["large_batch"] and shown["shared_is_known"]


def test_without_records_of_cohorts_runs_are_counted_one_after_another_and_it_is_said(plan_by):
    plan = plan_by(alone)
    assert ASSUMED in outlook_text(plan)
    first, _ = plan.time.shared
    assert (first.once, first.each) == (plan.time.start + PROCESS + 2.0, 4.0)
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


def test_for_parts_that_no_record_tells_of_less_is_compiled_than_for_the_first(plan_by):
    ablations = {"faster": {"set": {"learning_rate": 0.1}}, "decayed": {"set": {"l2": 0.001}}}
    known = {"compile": 6.0, "train": 0.5}
    plan = plan_by(lambda study: [*alone(study), a_run(study, "baseline", known, "8 at once")], ablations=ablations)
    (job,) = plan.time.shared
    assert job.once == pytest.approx(plan.time.start + PROCESS + 6.0 + FURTHER * 6.0)


def test_a_plan_knows_the_records_that_a_start_on_jax_would_find(plan_by):
    study = planned_study(STUDY, [])
    code = CodeDependencies(Path("code.json")).fingerprint(BASE / "scripts" / "train.py", *parameters.trained_by())
    assert {training["code"] for _, training in study.targets.planned()} == {code}


def test_of_runs_to_come_none_is_expected_to_compile_what_the_first_did(study):
    """By the first run of a cohort on two cores, and the others of its arm."""
    compiling = {"compile": 3.6, "train": 0.2, "evaluate": 0.8, "diagnose": 1.1}
    first = a_run(study, "baseline", compiling, "1 in turn")
    only = run_seconds(first.recipe, by_recipe([first]))
    assert (only.each, only.once) == pytest.approx((0.2 + 0.2, 3.6 + 1.9 - 0.2))
    others = [
        a_run(study, "baseline", {"compile": 0.02, "train": 0.2, "evaluate": 0.3}, "1 in turn", n) for n in (1, 2)
    ]
    all_three = run_seconds(first.recipe, by_recipe([first, *others]))
    assert all_three.each == pytest.approx(0.2 + 0.3 + 0.02), "also where evaluation takes longer than training"
    assert all_three.once == pytest.approx(3.6 + 1.9 - 0.3 - 0.02)


START = usual_start("butfor.jax_engine.jax_engine:JaxEngine")
NOW = 2e9  # later than any file of the test


@pytest.fixture
def study(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUTFOR_ENGINE", "jax")
    monkeypatch.setattr("time.time", lambda: NOW)
    return planned_study(STUDY, [])


def left_of(study, *jobs, **known):
    """The seconds that are left of the first look and at most, without what comes after the trainings, on two cores."""
    progress = StudyProgress([2, 4], 0, list(jobs), [], [], [], is_running=True, is_reported=False)
    left = TimeLeft(study.results, **known).of(progress)
    closing = CLOSING + AROUND_EACH_ARM * len(jobs)
    return left.look - closing, left.most - closing


def knowing(study):
    recipes = {name: (arm.recipe, None) for name, arm in study.plan.arms.items()}
    runs = [*alone(study), *among_others(study)]
    return {"recipes": recipes, "beside": runs, "side_by_side": 2, "shared": SharedJobs(study)}


def leave(study, arm, seed, ago):
    """The record of a run that has ended in a job with others, so many seconds ago; its own job waits for that one."""
    run = next(run for run in among_others(study) if run.arm == arm)
    timing = {"seconds": run.seconds, "started": NOW - ago - 1, "ended": NOW - ago}
    fields = {"arm": arm, "recipe": run.recipe, "data": {}, "history": [0] * run.epochs, "steps_per_epoch": 20}
    path = study.results / "runs" / arm / ".unfinished" / "mark" / f"seed_{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**fields, "status": "ok", "timing": timing, "machine": {"batched": run.batched}}))


def waiting(study, **done):
    return [JobProgress(arm, done.get(arm, 0), 2) for arm in study.plan.arms]


def test_the_time_left_is_that_of_the_jobs_that_train_arms_together(study):
    look, most = left_of(study, *waiting(study), **knowing(study))
    taking, whole = TAKING * 5 / 2, START + PROCESS + 6.0 + 8 * 1.0
    assert look == pytest.approx(whole + taking)
    assert most == pytest.approx(2 * look + BETWEEN_LOOKS), "the second look has as many runs"


def test_of_a_job_under_way_what_it_has_trained_and_compiled_is_not_left(study):
    leave(study, "baseline", 0, ago=3.0)
    leave(study, "baseline", 1, ago=2.0)
    leave(study, "slow", 0, ago=0.25)
    look, _ = left_of(study, *waiting(study, baseline=2, slow=1), **{**knowing(study), "side_by_side": 1})
    first, second = 5 * 1.0 - 0.25, START + PROCESS + 5.0 + 2 * 2.0
    assert look == pytest.approx(first + second + 5 * TAKING)


def test_arms_whose_job_has_failed_are_left_to_themselves(study):
    first, *others = waiting(study)
    job = JobProgress(first.arm, 0, 2, since=NOW - 1.0)
    look, _ = left_of(study, job, *others, **{**knowing(study), "side_by_side": 1})
    alone, together = 2.0 + 2 * 4.0, START + PROCESS + 5.0 + 2 * 2.0
    assert look == pytest.approx(alone - 1.0 + 3 * (START + alone) + together + TAKING)


def test_where_recipes_are_not_known_all_that_wait_are_one_job_if_runs_were_trained_together(study):
    leave(study, "slow", 0, ago=0.25)
    look, _ = left_of(study, *waiting(study, slow=1))
    assert look == pytest.approx(9 * 1.0 - 0.25 + 5 * TAKING)
