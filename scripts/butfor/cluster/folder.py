"""What is known of the cluster's jobs in a working folder, as small files that the head node and the jobs share.

`<task>.task` says what was asked for last (a task is what makes certain outputs), `<number>.job` which task a Slurm job
does, `<task>.owner` which of its copies may write, `<number>.begun` and `<number>.ended` what the job says of itself,
`<number>.log` what it printed, `<node>.unfit` why a node cannot do jobs here, `kept/<key>` the outputs of a job that
ended while nobody was there to be told.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(".snakemake") / "cluster"
KEPT = "kept-"  # in place of a number: what was asked for is there already


@dataclass(frozen=True)
class Task:
    """What is asked of a job: `mark` stands for its outputs, `key` for all that decides what they hold."""

    mark: str
    key: str
    name: str
    outputs: tuple[str, ...]


def write(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)


def asked(mark: str) -> Task | None:
    """What was last asked for under this mark."""
    return _task(FOLDER / f"{mark}.task")


def ask_for(task: Task) -> None:
    """Note a task, before it is submitted."""
    write(FOLDER / f"{task.mark}.task", json.dumps(asdict(task)))


def submitted(number: str, task: Task) -> None:
    """Note which task a job does."""
    write(FOLDER / f"{number}.job", json.dumps(asdict(task)))


def task_of(number: str) -> Task | None:
    """The task that a job does."""
    return _task(FOLDER / f"{number}.job")


def _task(path: Path) -> Task | None:
    try:
        said = json.loads(path.read_text())
        return Task(**{**said, "outputs": tuple(said["outputs"])})
    except (FileNotFoundError, ValueError):
        return None


def exit_code(number: str) -> int | None:
    """What a job ended with by its own word; None if it has not said."""
    try:
        return int((FOLDER / f"{number}.ended").read_text())
    except (FileNotFoundError, ValueError):
        return None


def unfit() -> dict[str, str]:
    """The nodes that cannot do jobs here, and why."""
    return {path.stem: path.read_text().strip() for path in sorted(FOLDER.glob("*.unfit"))}


def forget(number: str) -> None:
    """Forget a job whose end has been told."""
    for kind in ("job", "begun", "ended", "gone", "said", "log"):
        (FOLDER / f"{number}.{kind}").unlink(missing_ok=True)


def keep(number: str) -> bool:
    """Put aside what a job made that ended well unseen, for `take_back`; whether there was such."""
    task = task_of(number)
    if task is None or exit_code(number) != 0 or not all(Path(output).exists() for output in task.outputs):
        return False
    place = FOLDER / "kept" / task.key
    place.mkdir(parents=True, exist_ok=True)
    for count, output in enumerate(task.outputs):
        Path(output).replace(place / str(count))
    return True


def take_back(task: Task) -> bool:
    """Put what was kept for exactly this task where it belongs; whether there was such."""
    place = FOLDER / "kept" / task.key
    if not all((place / str(count)).exists() for count in range(len(task.outputs))):
        return False
    for count, output in enumerate(task.outputs):
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        (place / str(count)).replace(output)
    place.rmdir()
    return True
