"""The status of a job as Snakemake's executor reads it: running, success or failed.

A job is never failed while the controller does not answer or gives an unknown answer: then it is asked again. One call of
squeue serves all requests of the same moment.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Any

from butfor.cluster import folder, slurm
from butfor.cluster.folder import FOLDER
from butfor.errors import StudyError

FRESH = 2.0  # seconds for which an answer of Slurm's, or none, serves further requests
GRACE = 60.0  # seconds after which a job that Slurm no longer knows, and that wrote no exit code, is lost
NEVER_BEGINS = (  # parts of the reasons for which a job waits until somebody changes something
    *("held", "partitiontimelimit", "partitionnodelimit"),
    *("badconstraints", "invalidaccount", "invalidqos"),
)
LAST_ANSWER = FOLDER / "squeue.json"


def status(number: str) -> str:
    """`running`, `success` or `failed`. A failure is reported once on the error output."""
    if number.startswith(folder.KEPT_PREFIX):
        return "success"
    jobs = current_jobs()
    if jobs is None:
        return "running"
    job = jobs.get(number)
    if job is None:
        return _status_of_unknown(number)
    if not job.ended:
        (FOLDER / f"{number}.gone").unlink(missing_ok=True)
        return _status_of_waiting(job)
    if job.state == slurm.COMPLETED or folder.exit_code(number) == 0:
        return _succeeded(number)
    return _failed(number, f"{job.state} on {job.nodes or 'no node'}", job)


def current_jobs() -> dict[str, slurm.Job] | None:
    """All jobs by number, by an answer that is at most FRESH seconds old; None while the controller does not answer."""
    try:
        answer = json.loads(LAST_ANSWER.read_text())
        if 0 <= time.time() - answer["at"] < FRESH:  # not by the file's date, which is that of a server's clock
            rows: dict[str, Any] | None = answer["jobs"]
            return None if rows is None else {number: slurm.Job(**job) for number, job in rows.items()}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    try:
        jobs = slurm.jobs()
    except StudyError:  # no answer, or one without the jobs
        jobs = None
    answer = {
        "at": time.time(),
        "jobs": None if jobs is None else {number: asdict(job) for number, job in jobs.items()},
    }
    folder.write(LAST_ANSWER, json.dumps(answer))
    return jobs


def _succeeded(number: str) -> str:
    task = folder.task_of(number)
    folder.forget(number)
    if task:
        (FOLDER / f"{task.mark}.task").unlink(missing_ok=True)
    return "success"


def _failed(number: str, ending: str, job: slurm.Job | None = None) -> str:
    begun = (FOLDER / f"{number}.begun").exists()
    if job and job.nodes and job.state == "FAILED" and not begun:
        _exclude_node(job)
    print(f"Slurm's job {number} ({_name(number)}): {ending}; see {FOLDER / f'{number}.log'}", file=sys.stderr)
    return "failed"


def _exclude_node(job: slurm.Job) -> None:
    """Let no more jobs go to the node of a job that failed before it wrote anything here, and report that."""
    path = FOLDER / f"{job.nodes}.unfit"
    if not path.exists():
        reason = f"job {job.number} failed ({job.reason}) before it wrote anything into {job.folder}"
        remedy = "head node and nodes must share that folder; if the node has it, look in Slurm's log (prolog, account)"
        folder.write(path, f"{reason}; {remedy}")
    print(f"Node {job.nodes} gets no more jobs: {path.read_text().strip()}", file=sys.stderr)


def _status_of_waiting(job: slurm.Job) -> str:
    """Report once a job that Slurm will never begin by itself."""
    note = FOLDER / f"{job.number}.said"
    if any(word in job.reason.lower() for word in NEVER_BEGINS) and not note.exists():
        folder.write(note, job.reason)
        print(
            f"Slurm does not begin job {job.number} ({job.name}): {job.reason}. If it is held, release it by `scontrol"
            f" release {job.number}`; if it requests too much, end this start, and request less in the study's `job` or in"
            " profiles/slurm/profile.yaml.",
            file=sys.stderr,
        )
    return "running"


def _status_of_unknown(number: str) -> str:
    """The status of a job that Slurm has forgotten or does not know yet: by its exit code; without one it gets some time."""
    code = folder.exit_code(number)
    if code == 0:
        return _succeeded(number)
    if code is None and _seconds_gone(number) < GRACE:
        return "running"
    return _failed(number, f"exit code {code}" if code else "Slurm no longer knows it, and it wrote no exit code")


def _seconds_gone(number: str) -> float:
    """For how long Slurm has not known a job, by this machine's clock; counted anew where that was put back."""
    note, now = FOLDER / f"{number}.gone", time.time()
    try:
        gone = now - float(note.read_text())
    except (FileNotFoundError, ValueError):
        gone = -1.0
    if gone < 0:
        folder.write(note, str(now))
    return max(0.0, gone)


def _name(number: str) -> str:
    task = folder.task_of(number)
    return task.name if task else "unknown"
