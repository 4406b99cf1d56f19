"""What has become of a job, in the three words that Snakemake's executor knows: running, success, failed.

Never failed while the controller is silent or says something unknown: then it is asked again. One squeue answers for all
jobs that are asked about in the same moment.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

from butfor.cluster import folder, slurm
from butfor.cluster.folder import FOLDER
from butfor.errors import StudyError

FRESH = 2.0  # seconds for which an answer of Slurm's, or its silence, is taken for that of all
GRACE = 60.0  # seconds after which a job that Slurm no longer knows, and that left no word, is lost
FOR_EVER = ("held", "partitiontimelimit", "partitionnodelimit", "badconstraints", "invalidaccount", "invalidqos")
ANSWERS = FOLDER / "squeue.json"


def status(number: str) -> str:
    """`running`, `success` or `failed`. What failed is said once on the error output."""
    if number.startswith(folder.KEPT):
        return "success"
    answer = latest()
    if answer is None:
        return "running"
    job = answer.get(number)
    if job is None:
        return _unknown(number)
    if not job.ended:
        (FOLDER / f"{number}.gone").unlink(missing_ok=True)
        return _waiting(job)
    if job.state == slurm.COMPLETED or folder.exit_code(number) == 0:
        return _succeeded(number)
    return _failed(number, f"{job.state} on {job.nodes or 'no node'}", job)


def latest() -> dict[str, slurm.Job] | None:
    """All jobs by number as of a moment ago; None while the controller is silent."""
    try:
        if 0 <= time.time() - ANSWERS.stat().st_mtime < FRESH:
            kept = json.loads(ANSWERS.read_text())
            return kept and {number: slurm.Job(**job) for number, job in kept.items()}
    except (FileNotFoundError, ValueError):
        pass
    try:
        found = slurm.jobs()
    except StudyError:  # silent, or saying something that tells nothing of the jobs
        found = None
    folder.write(ANSWERS, json.dumps(found and {number: asdict(job) for number, job in found.items()}))
    return found


def _succeeded(number: str) -> str:
    task = folder.task_of(number)
    folder.forget(number)
    if task:
        (FOLDER / f"{task.mark}.task").unlink(missing_ok=True)
    return "success"


def _failed(number: str, ending: str, job: slurm.Job | None = None) -> str:
    begun = (FOLDER / f"{number}.begun").exists()
    if job and job.nodes and job.state == "FAILED" and not begun:
        _unfit(job)
    print(f"Slurm's job {number} ({_name(number)}): {ending}; see {FOLDER / f'{number}.log'}", file=sys.stderr)
    return "failed"


def _unfit(job: slurm.Job) -> None:
    """Say once of a node that its job never began to write here, and let no other job go there."""
    path = FOLDER / f"{job.nodes}.unfit"
    if not path.exists():
        why = f"job {job.number} failed ({job.reason}) before it wrote anything into {job.folder}"
        remedy = "head node and nodes must share that folder; if this one does see it, ask Slurm why (prolog, account)"
        folder.write(path, f"{why}; {remedy}")
    print(f"Node {job.nodes} gets no more jobs: {path.read_text().strip()}", file=sys.stderr)


def _waiting(job: slurm.Job) -> str:
    """Say once of a job that Slurm will never begin by itself."""
    note = FOLDER / f"{job.number}.said"
    if any(word in job.reason.lower() for word in FOR_EVER) and not note.exists():
        folder.write(note, job.reason)
        print(
            f"Slurm does not begin job {job.number} ({job.name}): {job.reason}. If it is held, let it go with `scontrol"
            f" release {job.number}`; if it asks for too much, end this start, and ask for less in the study's `job` or in"
            " profiles/slurm/profile.yaml.",
            file=sys.stderr,
        )
    return "running"


def _unknown(number: str) -> str:
    """A job that Slurm has forgotten, or not yet heard of: its own word counts; without one it is given a while."""
    code = folder.exit_code(number)
    if code == 0:
        return _succeeded(number)
    since = FOLDER / f"{number}.gone"
    if not since.exists():
        folder.write(since, "")
    if code is None and time.time() - since.stat().st_mtime < GRACE:
        return "running"
    return _failed(number, f"ended with {code}" if code else "Slurm no longer knows it, and it left no word")


def _name(number: str) -> str:
    task = folder.task_of(number)
    return task.name if task else "unknown"
