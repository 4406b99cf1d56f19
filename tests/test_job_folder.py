"""What lies beside a job's records: nothing that a killed process has left, once they are there."""

import json
from pathlib import Path

import pytest

from butfor.records import earlier, job_folder
from butfor.records.results_folder import note_beside
from butfor.training import rate_search, seed_job
from butfor.training.arm_job import train_arm
from butfor.training.arm_runs import ArmRuns
from butfor.workflow import recovery
from conftest import NUMPY, SMALL, resolved

JOB = {"arm": "a", "seeds": [0], "recipe": resolved(**SMALL), "validation": 0.1, "engine": NUMPY}


@pytest.fixture
def train(digits, tmp_path):
    """Trains one arm, into the folder that is given."""
    runs = tmp_path / "runs" / "a" / "look1"

    def once():
        train_arm(JOB, *digits, threads=1, runs=runs)
        return runs

    return once


def unfinished(runs):
    return [path.name for path in note_beside(runs).parent.iterdir()]


def test_a_note_that_was_half_written_is_gone_with_the_records_there(train, monkeypatch):
    """A process killed while it wrote the note leaves a part of it."""

    def killed(note, seed, why):
        note._path.parent.mkdir(parents=True, exist_ok=True)
        for end in ("x7_q", "part"):
            note._path.with_name(f".{note._path.name}.{end}").write_text("{")

    monkeypatch.setattr(seed_job.FailureNote, "say", killed)
    assert unfinished(train()) == []


def test_a_job_killed_once_its_folder_is_made_leaves_no_note(train, monkeypatch):
    """Before it could remove the note; the next finds the folder made."""
    with monkeypatch.context() as patch:
        patch.setattr(seed_job.FailureNote, "remove", lambda note: None)
        runs = train()
    assert unfinished(runs) == ["look1.failure.json"]
    made = (runs / "seed_0.json").stat().st_mtime_ns
    assert unfinished(train()) == [] and (runs / "seed_0.json").stat().st_mtime_ns == made


def rates(runs):
    return {json.loads(path.read_text())["recipe"]["learning_rate"] for path in runs.glob("seed_*.json")}


def at(rate, **more):
    """A training at a learning rate."""
    return {**JOB, "recipe": {**JOB["recipe"], "learning_rate": rate}, **more}


@pytest.mark.parametrize("killed_in", ["write", "rename"])
def test_records_never_lie_beside_the_receipt_of_others(digits, tmp_path, monkeypatch, killed_in):
    """Killed while another recipe's records take the old ones' place; then the change is taken back."""
    runs = tmp_path / "runs" / "a" / "look1"
    train_arm(at(0.001), *digits, threads=1, runs=runs)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*{"write": (job_folder, "write"), "rename": (Path, "rename")}[killed_in], killed)
        train_arm(at(0.05), *digits, threads=1, runs=runs)
    assert not runs.exists()
    train_arm(at(0.001), *digits, threads=1, runs=runs)
    assert rates(runs) == {0.001}


def test_a_tuned_folder_holds_records_of_one_rate_whatever_was_in_it(digits, tmp_path):
    rates_file, fixed, runs = (
        tmp_path / "rates.json",
        tmp_path / "runs" / "a" / "look1",
        tmp_path / "tuned" / "a" / "look1",
    )
    train_arm(at(0.001, seeds=[0, 1]), *digits, threads=1, runs=fixed)
    (fixed / ".snakemake_timestamp").touch()
    for best in (0.01, 0.001, 0.01):
        tried = [
            {
                "rate": rate,
                "seed": 9,
                "validation/accuracy": float(rate == best),
                "validation/loss": 1.0,
                "seconds": 0.0,
            }
            for rate in (0.001, 0.01)
        ]
        rates_file.write_text(json.dumps({"arm": "a", "tried": tried}))
        rate_search.train_tuned(at(0.001, seeds=[0, 1]), "test/accuracy", rates_file, fixed, *digits, 1, runs)
        (runs / "seed_1.json").unlink()  # damaged, and found by the next start
        (runs / ".snakemake_timestamp").touch()
        list(recovery._remove_damaged_records(tmp_path))
        rate_search.train_tuned(at(0.001, seeds=[0, 1]), "test/accuracy", rates_file, fixed, *digits, 1, runs)
        assert rates(runs) == {best} and len(list(runs.glob("seed_*"))) == 2


def test_the_records_of_an_arm_follow_from_no_name_and_are_taken_over_under_another(digits, tmp_path, monkeypatch):
    first, second = tmp_path / "runs" / "a" / "look1", tmp_path / "runs" / "b" / "look2"
    train_arm(JOB, *digits, threads=1, runs=first)
    train_arm({**JOB, "arm": "b"}, *digits, threads=1, runs=second)
    before, after = (json.loads((runs / "seed_0.json").read_text()) for runs in (first, second))
    assert {key for key in before if before[key] != after[key]} <= {"arm", "timing", "sha256"}
    earlier.keep(first, job_folder.read(first))
    monkeypatch.setattr(ArmRuns, "train", None)  # whatever would be trained now raises
    train_arm({**JOB, "arm": "c"}, *digits, threads=1, runs=tmp_path / "runs" / "c" / "look1")
    taken = json.loads((tmp_path / "runs" / "c" / "look1" / "seed_0.json").read_text())
    assert {**taken, "arm": "a", "sha256": ""} == {**before, "sha256": ""}
    with pytest.raises(TypeError):
        train_arm({**JOB, "arm": "c", "seeds": [1]}, *digits, threads=1, runs=tmp_path / "runs" / "c" / "look2")
