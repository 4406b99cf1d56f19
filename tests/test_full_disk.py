"""A disk that is full: what is said names it, whatever was to be written."""

import errno
import json
import os

import pytest

from butfor.process.failure_note import NO_MESSAGE, FailureNote
from butfor.records import files
from butfor.tracking import schema_version


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("why", [NO_MESSAGE, "short"])
def test_a_job_s_note_names_the_full_disk_and_no_other_reason(tmp_path, monkeypatch, why):
    path = tmp_path / "look1.failure.json"
    note = FailureNote(path, "baseline", "look1", tmp_path / "log")
    with pytest.raises(OSError, match="No space left"), note.of(3):
        note.say(3, why)
        monkeypatch.setattr(files, "write_atomically", full)
        full()
    said = json.loads(path.read_text())
    remedy = "Free some, and the same command goes on from here."
    assert (said["seed"], said["why"]) == (3, f"[Errno 28] No space left on device. {remedy}")


def test_a_job_whose_first_note_finds_no_room_ends_with_that(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "write_atomically", full)
    note = FailureNote(tmp_path / "look1.failure.json", "baseline", "look1", tmp_path / "log")
    with pytest.raises(OSError, match="No space left"), note.of(0):
        pass


def test_a_database_of_runs_that_finds_no_room_leaves_nothing_behind(tmp_path, monkeypatch):
    def copied_in_part(source, target):
        target.write_bytes(b"SQLite")
        full()

    monkeypatch.setattr(schema_version.shutil, "copyfile", copied_in_part)
    with pytest.raises(OSError, match="No space left"):
        schema_version.prepare(f"sqlite:///{tmp_path}/mlflow.db", own=True)
    assert list(tmp_path.iterdir()) == []
