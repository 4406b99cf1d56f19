"""A disk that is full: what is said names it, whatever was to be written."""

import errno
import json
import os
from pathlib import Path

import pytest

from butfor.process.failure_note import NO_MESSAGE, FailureNote
from butfor.records import files
from butfor.tracking import schema_version
from butfor.user_code import call
from butfor.user_code.location import OwnCodeError


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


def test_a_full_disk_is_no_fault_of_a_model_of_ones_own_unless_its_code_wrote(tmp_path, monkeypatch):
    (tmp_path / "writing.py").write_text(
        "import errno\ndef build():\n    raise OSError(errno.ENOSPC, 'No space left')\n"
    )
    monkeypatch.chdir(tmp_path)
    attributed = call.attribute_errors_to("writing:build", "training a")
    with pytest.raises(OSError, match="No space left on device"):
        attributed(Path("/dev/full").write_text)("a note")
    with pytest.raises(OwnCodeError, match=r"it raised OSError: .* in .*writing.py, line 3"):
        attributed(call.load("writing:build"))()


def test_a_database_of_runs_that_finds_no_room_leaves_nothing_behind(tmp_path, monkeypatch):
    def copied_in_part(source, target):
        target.write_bytes(b"SQLite")
        full()

    monkeypatch.setattr(schema_version.shutil, "copyfile", copied_in_part)
    with pytest.raises(OSError, match="No space left"):
        schema_version.prepare(f"sqlite:///{tmp_path}/mlflow.db", own=True)
    assert list(tmp_path.iterdir()) == []
