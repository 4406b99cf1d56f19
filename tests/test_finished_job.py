"""Jobs whose records are all there: their folders are made without an engine, and a cohort that fails fails no job."""

import io
import json
import shutil

import pytest

from butfor.languages.folder_language import note_language
from butfor.records import earlier, files, job_folder
from butfor.records.results_folder import record_in
from butfor.training import arm_job, cohort_job
from butfor.training.arm_job import train_arm
from butfor.training.finished_job import finished
from conftest import NUMPY, resolved

SEEDS = [0, 1]


@pytest.fixture
def training():
    recipe = resolved(model={"name": "mlp", "widths": [8]}, epochs=1, batch_size=64)
    return {"arm": "a", "recipe": recipe, "seeds": SEEDS, "validation": 0.1, "engine": NUMPY, "token": "t"}


@pytest.fixture
def killed(training, digits, tmp_path, monkeypatch):
    """The folder of a job that was killed after its last seed; from here on there is no engine."""
    runs = tmp_path / "results" / "runs" / "a" / "look1"
    train_arm(training, *digits, threads=1, runs=runs)
    mark = job_folder.read(runs).mark
    runs.rename(made_parent(job_folder.waiting(runs, mark)))
    monkeypatch.setattr(arm_job, "engine_named", lambda name: pytest.fail("an engine was loaded"))
    return runs


def made_parent(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def waiting(runs):
    (folder,) = (runs.parent / ".unfinished").glob("*/")
    return folder


def test_a_job_whose_seeds_are_all_finished_loads_no_engine(killed, training, digits):
    before = {path.name: path.read_bytes() for path in waiting(killed).glob("seed_*.json")}
    (waiting(killed) / "models").mkdir()
    train_arm(training, *digits, threads=1, runs=killed)
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == before and len(before) == 2
    receipt = job_folder.read(killed)
    assert (receipt.seeds, receipt.token) == (SEEDS, "t")
    assert receipt.mark == earlier.mark(receipt.origin, json.loads(before["seed_0.json"])["machine"]["device"])


@pytest.mark.parametrize("how", ["gone", "damaged", "another recipe", "no predictions"])
def test_one_that_lacks_anything_does(killed, training, digits, how):
    record = record_in(waiting(killed), 1)
    if how == "gone":
        record.unlink()
    elif how == "damaged":
        record.write_bytes(record.read_bytes()[:-9])
    elif how == "another recipe":
        training["recipe"] = {**training["recipe"], "dropout": 0.1}
    else:
        training["predictions"] = ["test"]
    assert finished(killed, training, digits[1]) is None
    with pytest.raises(pytest.fail.Exception, match="an engine was loaded"):
        train_arm(training, *digits, threads=1, runs=killed)


def test_records_of_earlier_trainings_count(killed, training, digits):
    results, record = killed.parents[2], record_in(waiting(killed), 1)
    origin = earlier.origin(training, json.loads(digits[1].read_text())["fingerprint"])
    place = made_parent(earlier.place_of(results, origin, 1))
    fields = json.loads(record.read_bytes())
    del fields["sha256"]
    place.write_text(files.sealed(json.dumps({**fields, "arm": "under another name"})))
    record.unlink()
    train_arm(training, *digits, threads=1, runs=killed)
    assert json.loads(record_in(killed, 1).read_text())["arm"] == "a" and not place.exists()


def test_earlier_ones_alone_do_too(killed, training, digits):
    results = killed.parents[2]
    origin = earlier.origin(training, json.loads(digits[1].read_text())["fingerprint"])
    shutil.move(waiting(killed), made_parent(results / "earlier" / origin))
    train_arm(training, *digits, threads=1, runs=killed)
    assert sorted(path.name for path in killed.iterdir()) == ["seed_0.json", "seed_1.json"]


@pytest.mark.parametrize(("language", "said"), [("en", "ended with exit status 1"), ("ko", "(종료 코드 1)")])
def test_a_cohort_that_fails_fails_nothing_and_is_said(training, digits, tmp_path, monkeypatch, language, said):
    monkeypatch.setattr(cohort_job, "PROCESS", "no.such.module")
    results, terminal = tmp_path / "results", io.StringIO()
    note_language(made_parent(results / "any").parent, language)
    runs, receipt = [str(results / "runs" / "a" / "look1")], results / "cohorts" / "look1" / "m.json"
    cohort_job.train_cohort([training], runs, *digits, 1, {}, receipt, terminal)
    assert json.loads(receipt.read_text())["failed"] == "its process ended with exit status 1"
    assert said in terminal.getvalue() and terminal.getvalue().count("\n") == 1


def test_a_cohort_that_lacks_nothing_starts_no_process(killed, training, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(cohort_job, "PROCESS", "no.such.module")
    receipt = tmp_path / "receipt.json"
    cohort_job.train_cohort([training], [str(killed)], *digits, 1, {}, receipt)
    assert json.loads(receipt.read_text())["failed"] == ""
