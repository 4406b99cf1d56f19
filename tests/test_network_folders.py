"""A checkout or a results folder on a network file system, which has other locks than a local one, or none, and is slow."""

import errno
import fcntl
import os

import pytest

from butfor import file_digests
from butfor.cluster import start
from butfor.errors import StudyError
from butfor.process import file_locks
from butfor.tracking import target
from butfor.workflow import recovery
from butfor.workflow.code_dependencies import CodeDependencies
from butfor.workflow.read_again import read_again_if_changed

FLOCK = fcntl.flock
_digest = file_digests.file_digest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    yield tmp_path
    recovery._locks.clear()
    recovery._held.clear()


def as_on_nfs(file, how):
    """Locks of files made of those of bytes (flock(2)): they ask for the same access as these do."""
    access = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
    if (how & fcntl.LOCK_EX and access == os.O_RDONLY) or (how & fcntl.LOCK_SH and access == os.O_WRONLY):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    FLOCK(file, how)


def without_locks(file, how):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def test_a_start_locks_what_it_uses_on_nfs(folder, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", as_on_nfs)
    results = folder / "results"
    assert recovery._is_free(results) and recovery.clear(results) == []
    with recovery.alone() as is_alone:
        assert is_alone
    recovery.claim(results)
    assert not recovery._is_free(results)
    with pytest.raises(StudyError, match="another start is at work"):
        recovery.claim(results)


def test_a_start_goes_on_where_there_are_no_locks(folder, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", without_locks)
    results = folder / "results"
    assert recovery._is_free(results) and recovery.clear(results) == []
    with recovery.alone() as is_alone:
        assert not is_alone
    recovery.claim(results)
    start._lock_folder().close()
    left = folder / ".snakemake" / "locks" / "0.output.lock"
    left.parent.mkdir()
    left.touch()
    (said,) = recovery.clear(results)
    assert "--unlock" in said and left.exists()


def test_a_database_of_runs_is_refused_where_there_are_no_locks_before_anything_trains(folder, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    target.refuse_missing_locks(folder / "results")
    monkeypatch.setattr(fcntl, "lockf", without_locks)
    with pytest.raises(StudyError, match=r"mlflow is on a file system without locks.*MLFLOW_TRACKING_URI"):
        target.refuse_missing_locks(folder / "results")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    target.refuse_missing_locks(folder / "results")


def test_what_is_no_lack_of_locks_is_not_taken_for_one(folder, monkeypatch):
    def unusable(file, how):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    with monkeypatch.context() as patch, file_locks.open_lock(folder / "file") as file:
        patch.setattr(fcntl, "flock", unusable)
        with pytest.raises(OSError, match="Bad file descriptor"):
            file_locks.lock(file, file_locks.ALONE)
    with file_locks.open_lock(folder / "file") as one, file_locks.open_lock(folder / "file") as other:
        assert file_locks.lock(one, file_locks.ALONE)
        with pytest.raises(BlockingIOError):
            file_locks.lock(other, file_locks.ALONE | file_locks.AT_ONCE)


def test_a_start_that_is_not_alone_still_holds_its_lock_afterwards(folder):
    recovery.clear(folder / "results")
    place = folder / ".snakemake" / "in_use.lock"
    with file_locks.open_lock(place) as second:
        assert file_locks.lock(second, file_locks.SHARED)
        with recovery.alone() as is_alone:
            assert not is_alone
    with file_locks.open_lock(place) as third, pytest.raises(BlockingIOError):
        file_locks.lock(third, file_locks.ALONE | file_locks.AT_ONCE)


def test_code_is_read_again_only_where_it_may_have_changed(tmp_path, monkeypatch):
    entry, kept, reads = tmp_path / "entry.py", tmp_path / "kept" / "code.json", []
    entry.write_text("x = 1\n")
    monkeypatch.setattr(file_digests, "SETTLED", -1.0)
    monkeypatch.setattr(file_digests, "file_digest", lambda path: reads.append(path) or _digest(path))

    def fingerprint():
        dependencies = CodeDependencies(kept)
        found = dependencies.fingerprint(entry)
        dependencies.save()
        return found

    before = fingerprint()
    assert (fingerprint(), len(reads)) == (before, 1)
    entry.write_text("x = 2\n")
    assert fingerprint() != before and len(reads) == 2


def test_a_small_file_is_read_again_only_where_it_may_have_changed(tmp_path):
    file, reads = tmp_path / "file", []

    def read(path):
        reads.append(path)
        return path.read_text() if path.exists() else ""

    text = read_again_if_changed(read, lambda path: path)
    assert (text(file), text(file), len(reads)) == ("", "", 2)  # a file that is not there yet is looked for each time
    file.write_text("one")
    assert (text(file), text(file), len(reads)) == ("one", "one", 3)
    os.replace(_written(tmp_path / "new", "two"), file)
    assert (text(file), len(reads)) == ("two", 4)
    file.unlink()
    assert text(file) == ""


def _written(path, text):
    path.write_text(text)
    return path
