"""What lies beside a job's records: nothing that a killed process has left, once they are there."""

import pytest

from butfor.records.results_folder import note_beside
from butfor.training import arm_job
from butfor.training.arm_job import train_arm
from conftest import NUMPY, SMALL, resolved


@pytest.fixture
def train(digits, tmp_path):
    """Trains one arm, into the folder that is given."""
    job = {"arm": "a", "seeds": [0], "recipe": resolved(**SMALL), "validation": 0.1, "engine": NUMPY}
    runs = tmp_path / "runs" / "a" / "look1"

    def once():
        train_arm(job, *digits, threads=1, runs=runs)
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

    monkeypatch.setattr(arm_job.FailureNote, "say", killed)
    assert unfinished(train()) == []


def test_a_job_killed_once_its_folder_is_made_leaves_no_note(train, monkeypatch):
    """Before it could remove the note; the next finds the folder made."""
    with monkeypatch.context() as patch:
        patch.setattr(arm_job.FailureNote, "remove", lambda note: None)
        runs = train()
    assert unfinished(runs) == ["look1.failure.json"]
    made = (runs / "seed_0.json").stat().st_mtime_ns
    assert unfinished(train()) == [] and (runs / "seed_0.json").stat().st_mtime_ns == made
