"""Compiled programs that the jobs of a study share, as files: what one has compiled, the next one takes. Standard library only.

Compilers believe whatever lies in their cache folder: a damaged file ends a job. So each job has a folder of its own, with links
to those kept programs whose checksums are right; what it adds is kept if it ends well. One that did not has left its lock file
behind, and the next job of the same recipe goes without. All of it can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from butfor.process.file_locks import ALONE, AT_ONCE, lock, open_lock

MOST_BYTES = 64 * 2**20  # of the programs that are kept: each job reads them once
CHECKSUM_LENGTH = 32  # at the beginning of a kept program's file name
PROGRAMS, LOCKS = "*.pb", ".lock"


@contextlib.contextmanager
def job_folder_of_programs(kept: Path, recipe: str) -> Iterator[Path | None]:
    """A context with a folder that holds the programs in `kept`, and whose further programs are kept if the context ends well;
    None where the last job of the recipe did not end well, or the folder cannot be written to.

    recipe: a word that stands for what is trained.
    """
    try:
        kept.mkdir(parents=True, exist_ok=True)
        begun = None if recipe in _cut_short(kept) else _begun(kept, recipe)
    except OSError:
        begun = None
    if begun is None:
        yield None
        return
    place, file, given = begun
    with file:
        yield place
        with contextlib.suppress(OSError):
            _keep(place, kept, given)
            shutil.rmtree(place, ignore_errors=True)
            place.with_suffix(LOCKS).unlink()
            kept.rmdir()  # where nothing was compiled
            kept.parent.rmdir()


def _begun(kept: Path, recipe: str) -> tuple[Path, TextIO, set[str]]:
    """The folder of a job, its lock, and the names of the programs in it."""
    place = Path(tempfile.mktemp(prefix=f".{recipe}-", dir=kept))  # noqa: S306 - the lock is made first
    file = open_lock(place.with_suffix(LOCKS))
    lock(file, ALONE)
    place.mkdir()
    return place, file, _bring(kept, place)


def _cut_short(kept: Path) -> set[str]:
    """The recipes of jobs that live no more and did not end well; what they left goes. One without a folder is just beginning."""
    recipes = set()
    for path in kept.glob(f".*{LOCKS}"):
        if not path.with_suffix("").is_dir():
            continue
        with contextlib.suppress(OSError), open_lock(path) as file:
            if lock(file, ALONE | AT_ONCE) and path.with_suffix("").is_dir():  # else it has just ended well
                recipes.add(path.name[1:].partition("-")[0])
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                path.unlink(missing_ok=True)
    return recipes


def _bring(kept: Path, place: Path) -> set[str]:
    """Put undamaged programs into the folder of a job, and drop the others; their names."""
    names = set()
    for path in _newest(kept):
        checksum, _, name = path.name.partition("-")
        with contextlib.suppress(FileNotFoundError):  # another job has just dropped it
            if _checksum(path) != checksum:
                path.unlink()
                continue
            try:
                os.link(path, place / name)
            except FileExistsError:  # kept by two jobs at once
                continue
            except OSError:  # a file system without links
                shutil.copy2(path, place / name)
            names.add(name)
    return names


def _keep(place: Path, kept: Path, given: set[str]) -> None:
    known = given | {path.name.partition("-")[2] for path in kept.glob(PROGRAMS)}  # by jobs beside this one
    for path in place.glob(PROGRAMS):
        if path.name not in known:
            path.replace(kept / f"{_checksum(path)}-{path.name}")
    for path in set(kept.glob(PROGRAMS)) - set(_newest(kept)):
        path.unlink(missing_ok=True)


def _newest(kept: Path) -> list[Path]:
    """The newest programs, of MOST_BYTES together at most."""
    states = []
    for path in kept.glob(PROGRAMS):
        with contextlib.suppress(FileNotFoundError):
            states.append((-path.stat().st_mtime_ns, path.name, path.stat().st_size))
    states.sort()
    total = itertools.accumulate(size for *_, size in states)
    return [kept / name for (_, name, _), size in zip(states, total, strict=True) if size <= MOST_BYTES]


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:CHECKSUM_LENGTH]
