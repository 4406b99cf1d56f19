"""The state of the cluster's jobs in a working folder: small files that the head node and the jobs share.

<mark>.task       the last task requested under this mark; a task makes certain outputs
<number>.job      the task of a Slurm job
<mark>.owner      which copy of a task's job may write
<number>.begun    written by the job when it begins; `<number>.ended`: its exit code, when it ends
<number>.log      what the job printed
<number>.gone     since when Slurm does not know a job; `<number>.said`: that the user was told of a job that waits
<node>.unfit      why a node cannot run jobs here

The outputs of a job that ended while no start was there to take note of it are kept beside where they were, as
`.kept-<key>-<name>`.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(".snakemake") / "cluster"
KEPT_PREFIX = "kept-"  # of the number of a job that is not submitted, because its outputs were kept


@dataclass(frozen=True)
class Task:
    """What a job is to make. mark: a digest of its outputs. key: a digest of all that decides their content."""

    mark: str
    key: str
    name: str
    outputs: tuple[str, ...]


def write(path: Path, text: str) -> None:
    """Write a small file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def last_task(mark: str) -> Task | None:
    """The task that was last requested under this mark, if any."""
    return _task(FOLDER / f"{mark}.task")


def note_task(task: Task) -> None:
    """Note a task before it is submitted."""
    write(FOLDER / f"{task.mark}.task", json.dumps(asdict(task)))


def note_job(number: str, task: Task) -> None:
    """Note the task of a job that was submitted."""
    write(FOLDER / f"{number}.job", json.dumps(asdict(task)))


def task_of(number: str) -> Task | None:
    """The task of a job, if it was noted."""
    return _task(FOLDER / f"{number}.job")


def _task(path: Path) -> Task | None:
    try:
        fields = json.loads(path.read_text())
        return Task(**{**fields, "outputs": tuple(fields["outputs"])})
    except (FileNotFoundError, ValueError):
        return None


def exit_code(number: str) -> int | None:
    """The exit code that a job has written; None if it has written none."""
    try:
        return int((FOLDER / f"{number}.ended").read_text())
    except (FileNotFoundError, ValueError):
        return None


def unfit_nodes() -> dict[str, str]:
    """The nodes that cannot run jobs here, each with the reason."""
    return {path.stem: path.read_text().strip() for path in sorted(FOLDER.glob("*.unfit"))}


def forget(number: str) -> None:
    """Delete the files of a job whose end Snakemake knows."""
    for kind in ("job", "begun", "ended", "gone", "said", "log"):
        (FOLDER / f"{number}.{kind}").unlink(missing_ok=True)


def keep_outputs(number: str) -> bool:
    """Keep the outputs of a job that ended well while no start was there, for `restore_outputs`; whether it left them all.
    Beside where they were, because the results may lie on another file system than this folder."""
    task = task_of(number)
    if task is None or exit_code(number) != 0 or not all(Path(output).exists() for output in task.outputs):
        return False
    for output, kept in _kept(task):
        _remove(kept)
        output.replace(kept)
    return True


def restore_outputs(task: Task) -> bool:
    """Put the outputs that were kept of exactly this task in their place; whether there were any."""
    if not all(kept.exists() for _, kept in _kept(task)):
        return False
    for output, kept in _kept(task):
        _remove(output)
        kept.replace(output)
    return True


def _kept(task: Task) -> list[tuple[Path, Path]]:
    """Each output of a task with the place where it is kept."""
    return [(path, path.with_name(f".kept-{task.key}-{path.name}")) for path in map(Path, task.outputs)]


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
