"""What is counted of a study whose recipes have changed: the runs of the present ones, and not those of former ones."""

import json

import pytest

from butfor.records import earlier
from butfor.records.awaited_anew import await_anew
from butfor.records.results_folder import MANIFEST, ask_for, data_file
from butfor.report.headline import stopped
from butfor.report.study_progress import kept_runs, study_progress
from butfor.workflow.unfinished_jobs import outdated_jobs

DATA, DEVICE = "0123456789abcdef", "CPU, 1 thread"
PRESENT = {"arm": "a", "seeds": [0, 1], "recipe": {"l2": 0.1}}
FORMER = {**PRESENT, "recipe": {"l2": 0.2}}


def write_job(results, training, seeds=(0,), device=DEVICE):
    folder = results / "runs" / training["arm"] / ".unfinished" / earlier.mark(earlier.origin(training, DATA), DEVICE)
    folder.mkdir(parents=True)
    for seed in seeds:
        record = {"status": "ok", "machine": {"device": device} if device else {}}
        (folder / f"seed_{seed}.json").write_text(json.dumps(record))
    return folder


@pytest.fixture
def study(tmp_path):
    path = data_file(tmp_path, MANIFEST, "")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"fingerprint": DATA}))
    (tmp_path / "register.json").write_text('{"terms": [{"terms": {"looks": [2]}}]}')
    ask_for(tmp_path, ["a"], ["look1"])
    return tmp_path


def test_the_jobs_of_a_former_recipe_are_told_from_those_that_go_on(study):
    write_job(study, PRESENT)
    former = write_job(study, FORMER, seeds=(0, 1))
    assert outdated_jobs(study, [("look1", PRESENT)]) == {former}
    assert outdated_jobs(study, [("look1", FORMER), ("look2", PRESENT)]) == set()
    data_file(study, MANIFEST, "").unlink()  # then it is not known yet what records follow from
    assert outdated_jobs(study, [("look1", PRESENT)]) == set()


def test_a_job_without_a_whole_record_and_one_of_an_arm_that_is_gone(study):
    write_job(study, FORMER, device="")
    gone = write_job(study, {**PRESENT, "arm": "gone"})
    assert outdated_jobs(study, [("look1", PRESENT)]) == {gone}


def test_a_start_that_is_stopped_keeps_the_runs_of_the_present_recipes(study):
    write_job(study, PRESENT)
    write_job(study, FORMER, seeds=(0, 1))
    removed = study / "runs" / "removed" / "look1"
    removed.mkdir(parents=True)
    (removed / "seed_0.json").write_text("{}")
    assert kept_runs(study) == 3
    await_anew(study, outdated_jobs(study, [("look1", PRESENT)]))
    assert kept_runs(study) == 1 and study_progress(study).jobs[0].done == 1
    assert "keeps all that is finished, 1 run so far" in stopped(study, "Ctrl-C")
    done = study / "runs" / "a" / "look1"
    done.mkdir()
    for seed in (0, 1):
        (done / f"seed_{seed}.json").write_text("{}")
    assert kept_runs(study) == 3
    await_anew(study, [done, *outdated_jobs(study, [("look1", PRESENT)])])  # of a former recipe too
    assert kept_runs(study) == 1
