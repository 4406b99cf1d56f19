"""Slurm's commands: the jobs of this user, and what its controller answers."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from butfor.errors import StudyError

# The states of a job that has ended. Any other state, known or not, means that it may still run.
COMPLETED = "COMPLETED"
FAILED = {
    "BOOT_FAIL",
    "CANCELLED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
}
ENDING = "COMPLETING"
FIELDS = "%A|%T|%N|%r|%j|%Z"
NO_ANSWER = (  # parts of the messages of Slurm's commands where the controller does not answer
    "unable to contact slurm controller",
    "communications connection failure",
    "connection refused",
    "temporarily unavailable",
    "timed out",
    "transport endpoint",
    "zero bytes were transmitted",
)
TIMEOUT = 60.0  # seconds within which Slurm must answer


class NoAnswerError(StudyError):
    """Slurm's controller does not answer, so the state of no job is known."""


@dataclass(frozen=True)
class Job:
    """A job as squeue lists it: its number, state, nodes, the reason for its state, name, and working folder."""

    number: str
    state: str
    nodes: str
    reason: str
    name: str
    folder: str

    @property
    def ended(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state == COMPLETED or self.state in FAILED


def jobs() -> dict[str, Job]:
    """This user's jobs by number, by one call of squeue: those that wait or run, and those that ended a short while ago.

    Raises NoAnswerError, and StudyError if squeue refuses.
    """
    command = ["squeue", "--noheader", "--states=all", f"--user={os.getuid()}", f"--format={FIELDS}"]
    lines = run(command).splitlines()
    listed = [Job(*line.split("|", FIELDS.count("|"))) for line in lines if line.count("|") >= FIELDS.count("|")]
    return {job.number: job for job in listed}


def run(command: list[str], text: str = "") -> str:
    """The output of one of Slurm's commands, with `text` as its input.

    Raises NoAnswerError if the controller does not answer, StudyError if it refuses.
    """
    try:
        process = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as expired:
        raise NoAnswerError(f"{command[0]} got no answer within {TIMEOUT:.0f} seconds") from expired
    except FileNotFoundError as missing:
        raise StudyError(
            f"{command[0]} was not found: start the study on a node that has Slurm's commands."
        ) from missing
    if process.returncode == 0:
        return process.stdout
    message = process.stderr.strip() or f"{command[0]} ended with exit code {process.returncode}"
    no_answer = any(part in message.lower() for part in NO_ANSWER)
    raise (NoAnswerError if no_answer else StudyError)(message)
