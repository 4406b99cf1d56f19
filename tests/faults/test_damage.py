"""Files damaged, disks full, clocks put back, memory short: noticed, said in one line, and mended by the same command."""

import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager

import pytest
from harness import check, finished, resume, study, undisturbed

from conftest import need


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path, place=0.5):
    """Flip the lowest bit of a digit, or of a byte where there are none."""
    whole = bytearray(path.read_bytes())
    at = int(len(whole) * place)
    digit = re.compile(rb"(?<=\d)\d").search(bytes(whole), at) if path.suffix == ".json" else None
    whole[digit.start() if digit else at] ^= 1
    path.write_bytes(whole)


FILES = [
    ("arrays.npz", flip),
    pytest.param("arrays.npz", cut, marks=pytest.mark.long),
]


def records(study, arm):
    return [study.results / "runs" / arm / "look1" / f"seed_{seed}.json" for seed in (0, 1)]


def test_damaged_and_missing_records_are_made_anew_and_no_others(finished, undisturbed):
    (whole, flipped), (short, missing) = records(finished, "baseline"), records(finished, "no_dropout")
    before = whole.stat().st_mtime_ns
    flip(flipped)
    cut(short)
    missing.unlink()
    status, out = finished.run("-n")
    assert status == 0 and out.count(" is damaged or missing: a start makes it anew.") == 3
    seconds = resume(finished)
    assert whole.stat().st_mtime_ns == before
    check(finished, undisturbed, "record cut, flipped, missing", seconds, 3)


@pytest.mark.parametrize("damage", [flip, pytest.param(cut, marks=pytest.mark.long)])
def test_what_others_are_made_from_is_made_anew_if_damaged(finished, undisturbed, damage):
    before = records(finished, "baseline")[0].stat().st_mtime_ns
    (finished.results / "claims.json").unlink()
    for name in ("contrasts.json", "comparison.json", "checks.json"):
        damage(finished.results / name)
    seconds = resume(finished)
    assert records(finished, "baseline")[0].stat().st_mtime_ns == before
    check(finished, undisturbed, f"contrasts, comparison, checks {damage.__name__}", seconds, 3)


@pytest.mark.parametrize("damage", [flip, pytest.param(cut, marks=pytest.mark.long)])
def test_a_damaged_register_is_said_and_restored_by_hand(finished, undisturbed, damage):
    register = finished.results / "register.json"
    kept = register.read_bytes()
    damage(register)
    (finished.results / "tracked.json").unlink()
    status, out = finished.run()
    assert status == 1 and "register.json is no whole register of a study" in out and "Traceback" not in out
    register.write_bytes(kept)
    check(finished, undisturbed, f"register {damage.__name__}", resume(finished))


@pytest.mark.parametrize(("file", "damage"), FILES)
def test_damaged_data_are_never_trained_on(finished, undisturbed, file, damage):
    before = records(finished, "baseline")[0].stat().st_mtime_ns
    shutil.rmtree(finished.results / "runs" / "no_dropout")
    damage(finished.results / "data" / file)
    status, out = finished.run()
    assert status == 1 and "arrays.npz or manifest.json was damaged; the arrays have been deleted." in out
    assert "Traceback" not in out
    seconds = resume(finished, "results/small/data/arrays.npz") + resume(finished)
    assert records(finished, "baseline")[0].stat().st_mtime_ns == before
    check(finished, undisturbed, f"{file} {damage.__name__}", seconds)


@pytest.mark.parametrize("damage", [cut, pytest.param(flip, marks=pytest.mark.long)])
def test_a_damaged_manifest_is_restored_and_trains_nothing_anew(finished, undisturbed, damage):
    trained = [path for arm in ("baseline", "no_dropout") for path in records(finished, arm)]
    before = [path.stat().st_mtime_ns for path in trained]
    damage(finished.results / "data" / "manifest.json")
    seconds = resume(finished)
    assert [path.stat().st_mtime_ns for path in trained] == before
    check(finished, undisturbed, f"manifest {damage.__name__}", seconds)


@pytest.mark.long
@pytest.mark.parametrize("place", [0.0, 0.4])
def test_a_damaged_mlflow_database_is_made_anew(finished, undisturbed, place):
    database = finished.results / "mlflow" / "mlflow.db"
    whole = bytearray(database.read_bytes())
    at = int(len(whole) * place)
    whole[at : at + 9000] = os.urandom(9000)
    database.write_bytes(whole)
    (finished.results / "tracked.json").unlink()
    check(finished, undisturbed, f"MLflow database damaged at {place:.0%}", resume(finished))


@pytest.mark.long
def test_files_from_the_future_train_nothing_anew(finished, undisturbed):
    trained = [path for arm in ("baseline", "no_dropout") for path in records(finished, arm)]
    made, later = [path.stat().st_ino for path in trained], time.time() + 86400
    for path in finished.results.rglob("*"):
        os.utime(path, (later, later))
    status, out = finished.run("-n")
    assert status == 0 and "Nothing to be done" in out and "were from the future" not in out, out
    status, out = finished.run()
    assert status == 0 and "Nothing to be done" in out and "were from the future" in out, out
    for path in finished.results.rglob("*"):
        os.utime(path, (later, later))
    shutil.rmtree(finished.results / "runs" / "no_dropout")
    seconds = resume(finished)
    assert [path.stat().st_ino for path in trained][:2] == made[:2]
    check(finished, undisturbed, "files a day in the future", seconds)


@pytest.mark.long
def test_a_clock_that_is_put_back_changes_nothing(study, undisturbed):
    study.edit(
        "butfor/process/clock.py", "self._epochs.append(self._now())", "self._epochs.append(self._now() - 86400)"
    )
    study.edit("butfor/process/clock.py", '"ended": self._now()', '"ended": self._now() - 2 * 86400')
    check(study, undisturbed, "clock put back twice in a run", resume(study))


SHORT = """import os, resource
if not os.path.exists(snakemake.output.runs + ".tried"):
    open(snakemake.output.runs + ".tried", "w").close()
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**20,) * 2)

from butfor.training.arm_job"""


@pytest.mark.long
def test_a_job_out_of_memory_is_tried_again(study, undisturbed):
    study.edit("train.py", "from butfor.training.arm_job", SHORT)
    began = time.monotonic()
    status, out = study.run()
    assert status == 0 and out.count("Trying to restart job") == 2, out
    for flag in study.results.rglob("*.tried"):
        flag.unlink()
    check(study, undisturbed, "out of memory, tried again", time.monotonic() - began, 2)


@contextmanager
def disk(folder, kib=64 * 1024):
    """A small file system of its own on a folder."""
    folder.mkdir(parents=True)
    options = f"size={kib}k"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False)
    need(done.returncode == 0, "the right to mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder, left):
    """Fill the file system up to some bytes."""
    state = os.statvfs(folder)
    (folder / "ballast").write_bytes(bytes(max(0, state.f_bavail * state.f_frsize - left)))


@pytest.mark.long
def test_a_full_disk_loses_nothing(study, undisturbed):
    with disk(study.results):
        for stage, until, left in (
            ("record", "data", 20_000),
            ("figure", "compare", 60_000),
            ("MLflow import", "report", 60_000),
        ):
            resume(study, "--until", until)
            fill(study.results, left)
            status, out = study.run()
            assert status == 1 and re.search("No space left|disk is full", out), (stage, out)
            (study.results / "ballast").unlink()
        check(study, undisturbed, "disk full at a record, a figure, the import", resume(study), 3)
