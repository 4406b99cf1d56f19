"""What a start finds of those before it: locks of one that was killed, and damaged files. Standard library only.

Snakemake leaves its locks behind when it is killed, and believes a file that it once made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from butfor import checksum, receipt

WAIT = (
    "Another start is at work on {0}, or one was killed while another study is at work here. Wait for it, or stop it."
)
_held: list[TextIO] = []  # for as long as the process lives


def clear(results: Path, folder: Path = Path(".snakemake")) -> list[str]:
    """Where no other start is alive in Snakemake's `folder`, remove the locks of dead ones, and have what is damaged in
    `results` made anew: derived files are restored from a copy or deleted, whole records go back to where a job finds
    them. Nothing stays from the future. Says what was done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    in_use = (folder / "in_use.lock").open("w")
    _held.append(in_use)
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(in_use, fcntl.LOCK_SH)
        locked = any(f"{results}/" in path.read_text() for path in folder.glob("locks/*.output.lock"))
        return [WAIT.format(results)] if locked else []
    except OSError:  # a file system without locks
        return []
    shutil.rmtree(folder / "locks", ignore_errors=True)
    _forget_failed_builds(results)
    said = [*_date_back(results), *_mend_damaged(results), *_set_damaged_aside(results)]
    fcntl.flock(in_use, fcntl.LOCK_SH)
    return said


def _forget_failed_builds(results: Path) -> None:
    """What could not be built is tried again, whatever has been mended meanwhile: the machine, or the model."""
    for path in results.glob("built/*.json"):
        if not path.read_bytes().startswith(b"["):
            path.unlink()


def _date_back(results: Path) -> Iterator[str]:
    """Files from the future, where the clock was put back, become files of now in the same order: Snakemake trusts no
    output that is older than what it was made from.
    """
    now, found = time.time_ns(), []
    for folder, inner, names in os.walk(results):
        inner[:] = [name for name in inner if name != "mlflow"]  # many, and Snakemake does not look at them
        for name in (*inner, *names):
            with contextlib.suppress(FileNotFoundError):  # a job on a cluster may outlive its start, and writes on
                path = os.path.join(folder, name)
                if (made := os.lstat(path).st_mtime_ns) > now:
                    found.append((made, path))
    later = sorted({made for made, _ in found}, reverse=True)
    dated = {made: now - 1000 * place for place, made in enumerate(later)}
    for made, path in found:
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another user's file stays as it is
            os.utime(path, ns=(dated[made],) * 2, follow_symlinks=False)
    if found:
        yield f"{len(found)} files in {results} were from the future and are now of today: was the clock put back?"


def _mend_damaged(results: Path) -> Iterator[str]:
    for note in sorted([*results.glob(".*.sha256"), *results.glob("[!.]*/.*.sha256")]):
        path = note.with_name(note.name.removeprefix(".").removesuffix(".sha256"))
        copy = checksum.copy_of(path)
        if checksum.is_as_noted(copy, path) and not checksum.is_as_noted(path, path):
            shutil.copy2(copy, path)
            yield f"{path} was damaged or missing and is restored."
        elif path.exists() and not checksum.is_noted(path):
            path.unlink()
            yield f"{path} was damaged and is made anew."


def _set_damaged_aside(results: Path) -> Iterator[str]:
    for hidden in sorted([*results.glob("runs/*/.look*"), *results.glob("tuned/*/.look*")]):
        runs = hidden.with_name(hidden.name.removeprefix("."))
        made = receipt.read(runs)
        if made is None or not runs.is_dir():
            continue
        damaged = [path for seed in made.seeds if not _is_whole(path := runs / f"seed_{seed}.json")]
        noted = runs / ".snakemake_timestamp"
        if noted.exists() and not damaged:
            continue
        for path in (*damaged, noted):  # what is whole is kept from Snakemake, which deletes what it has not noted
            path.unlink(missing_ok=True)
        waiting = receipt.waiting(runs, made.mark)
        shutil.rmtree(waiting, ignore_errors=True)
        waiting.parent.mkdir(exist_ok=True)
        runs.rename(waiting)
        yield from (f"{path} was damaged or missing and is made anew." for path in damaged)


def _is_whole(path: Path) -> bool:
    return path.is_file() and checksum.is_sealed(path.read_bytes())
