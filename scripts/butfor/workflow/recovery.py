"""The repair of what earlier starts have left: locks of one that was killed, and damaged files. Standard library only.

Snakemake leaves its locks behind when it is killed, and trusts every file that it once made.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from butfor.errors import StudyError
from butfor.process.file_locks import ALONE, AT_ONCE, SHARED, lock, open_lock
from butfor.records import files, job_folder
from butfor.records.job_folder import Receipt
from butfor.records.results_folder import (
    MLFLOW_FOLDER,
    RESULTS_LOCK,
    built_files,
    files_with_checksums,
    jobs_with_receipts,
    record_in,
)

WAIT = (
    "Another start is at work on {0}, or one was killed while another study is at work here. Wait for it, or stop it."
)
HELD = "{0}: another start is at work in this results folder ({1}). Wait for it, or stop it; another study needs another folder."
WITHOUT_LOCKS = (
    "{0} is on a file system without locks, so that it cannot be known whether another start is at work here, or one was killed."
    " If none is at work, give the same command once with --unlock, and then again."
)
_locks: list[TextIO] = []  # of working folders; open, and so held, as long as the process lives
_held: list[TextIO] = []  # of results folders


def clear(results: Path, folder: Path = Path(".snakemake")) -> list[str]:
    """Unless another start is at work in Snakemake's `folder`: remove the locks of killed starts, and let damaged files in
    `results` be made anew. Damaged derived files are restored from a copy or deleted, undamaged records beside a damaged
    one are put where their job finds them, and files dated in the future are dated back. Returns a message for each.
    """
    if not _is_free(results):
        return _wait(results, folder)
    folder.mkdir(parents=True, exist_ok=True)
    in_use = open_lock(folder / "in_use.lock")
    _locks.append(in_use)
    try:
        if not lock(in_use, ALONE | AT_ONCE) and any(folder.glob("locks/*")):
            return [WITHOUT_LOCKS.format(Path.cwd())]
    except BlockingIOError:
        lock(in_use, SHARED)
        return _wait(results, folder)
    shutil.rmtree(folder / "locks", ignore_errors=True)
    _forget_failed_builds(results)
    messages = [*date_back(results), *_repair_derived(results), *_remove_damaged_records(results)]
    lock(in_use, SHARED)
    return messages


def damage(results: Path) -> list[str]:
    """What `clear` would repair of the files in `results`, a line each; nothing is changed."""
    if not _is_free(results):
        return []
    derived = [path for path in files_with_checksums(results) if path.exists() and not files.is_undamaged(path)]
    records = [path for _, _, damaged in _damaged_jobs(results) for path in damaged]
    return [f"{path} is damaged or missing: a start makes it anew." for path in (*derived, *records)]


@contextlib.contextmanager
def alone() -> Iterator[bool]:
    """A context that says whether no other start is at work in this working folder, nor begins while it lasts; after `clear`."""
    try:
        is_alone = bool(_locks) and lock(_locks[-1], ALONE | AT_ONCE)
    except BlockingIOError:
        is_alone = False
    yield is_alone
    if _locks:
        lock(_locks[-1], SHARED)  # also where it was not to be had alone, which gives up what was shared


def claim(results: Path) -> None:
    """Hold the results folder until this process ends. Raises StudyError if another start holds it, from whichever folder."""
    results.mkdir(parents=True, exist_ok=True)
    held = open_lock(results / RESULTS_LOCK)
    try:
        if not lock(held, ALONE | AT_ONCE):
            return
    except BlockingIOError:
        held.seek(0)
        raise StudyError(HELD.format(results, held.read().strip())) from None
    held.truncate(0)
    held.write(f"process {os.getpid()} on {platform.node()}, in {Path.cwd()}, since {time.strftime('%F %T %z')}\n")
    held.flush()
    _held.append(held)


def _wait(results: Path, folder: Path) -> list[str]:
    """What is said before Snakemake refuses a start, because its `folder` holds locks on files in `results`."""
    locked = any(f"{results}/" in os.fsdecode(path.read_bytes()) for path in folder.glob("locks/*.output.lock"))
    return [WAIT.format(results)] if locked else []


def _is_free(results: Path) -> bool:
    """Whether no start holds the results folder."""
    try:
        with (results / RESULTS_LOCK).open("r+") as held:  # makes none in a dry run
            lock(held, ALONE | AT_ONCE)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _forget_failed_builds(results: Path) -> None:
    """Let models that could not be built be built again: the user may have repaired the machine or the model."""
    for path in built_files(results):
        if b'"why"' in path.read_bytes():  # not a list of layers, nor a file of somebody else's
            path.unlink()


def date_back(results: Path) -> Iterator[str]:
    """Date files in the future, as a clock that was put back leaves them, to now and in the same order: Snakemake makes an
    output anew that is older than its input.
    """
    now, late_files = time.time_ns(), []
    for folder, inner, names in os.walk(results):
        inner[:] = [name for name in inner if name != MLFLOW_FOLDER]  # many, and Snakemake does not look at them
        for name in (*inner, *names):
            with contextlib.suppress(FileNotFoundError):  # a job on a cluster may outlive its start, and writes on
                path = os.path.join(folder, name)
                if (time_of_file := os.lstat(path).st_mtime_ns) > now:
                    late_files.append((time_of_file, path))
    late_times = sorted({time_of_file for time_of_file, _ in late_files}, reverse=True)
    new_times = {late_time: now - 1000 * place for place, late_time in enumerate(late_times)}
    for late_time, path in late_files:
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another user's file stays as it is
            os.utime(path, ns=(new_times[late_time],) * 2, follow_symlinks=False)
    if late_files:
        yield (
            f"{len(late_files)} files in {results} were from the future and are now of today: was the clock put back, or is"
            " that of a file server ahead?"
        )


def _repair_derived(results: Path) -> Iterator[str]:
    for path in files_with_checksums(results):
        copy = files.copy_of(path)
        if files.is_undamaged(path):
            continue
        if files.matches_checksum(copy, files.checksum_of(path)):
            shutil.copy2(copy, path)
            yield f"{path} was damaged or missing and is restored."
        elif path.exists():
            path.unlink()
            yield f"{path} was damaged and is made anew."


def _remove_damaged_records(results: Path) -> Iterator[str]:
    """Of a folder with damaged records, or one that Snakemake did not note as complete and would delete, move the undamaged
    records to where its job finds them.
    """
    for runs, receipt, damaged in list(_damaged_jobs(results)):
        timestamp = runs / ".snakemake_timestamp"
        for path in (*damaged, timestamp):
            path.unlink(missing_ok=True)
        waiting = job_folder.waiting(runs, receipt.mark)
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.parent.mkdir(exist_ok=True)
        runs.rename(waiting)
        yield from (f"{path} was damaged or missing and is made anew." for path in damaged)


def _damaged_jobs(results: Path) -> Iterator[tuple[Path, Receipt, list[Path]]]:
    """The folders of records some of which are damaged, with these; also those that Snakemake did not note as complete."""
    for runs in jobs_with_receipts(results):
        receipt = job_folder.read(runs)
        if receipt and runs.is_dir():
            damaged = [path for seed in receipt.seeds if not _is_undamaged(path := record_in(runs, seed))]
            if damaged or not (runs / ".snakemake_timestamp").exists():
                yield runs, receipt, damaged


def _is_undamaged(path: Path) -> bool:
    return path.is_file() and files.is_sealed(path.read_bytes())
