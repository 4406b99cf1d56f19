"""What Slurm says of this user's jobs."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from butfor.errors import StudyError

# How a job can end, in Slurm's words. Any other word, known or not, means that it may still run.
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
SILENCE = (
    "unable to contact slurm controller",
    "communications connection failure",
    "connection refused",
    "temporarily unavailable",
    "timed out",
    "transport endpoint",
    "zero bytes were transmitted",
)
ANSWER = 60.0  # seconds within which Slurm is to answer


class Silent(StudyError):
    """Slurm's controller does not answer, so nothing is known of any job."""


@dataclass(frozen=True)
class Job:
    """A job as squeue has it: its number, state, nodes, the reason for its state, name, and working folder."""

    number: str
    state: str
    nodes: str
    reason: str
    name: str
    folder: str

    @property
    def ended(self) -> bool:
        """Whether it is over, for good or ill."""
        return self.state == COMPLETED or self.state in FAILED


def jobs() -> dict[str, Job]:
    """This user's jobs by number, in one question: all that wait or run, and those that ended a short while ago.

    Raises Silent.
    """
    words = ["squeue", "--noheader", "--states=all", f"--user={os.getuid()}", f"--format={FIELDS}"]
    lines = ask(words).splitlines()
    found = [Job(*line.split("|", FIELDS.count("|"))) for line in lines if line.count("|") >= FIELDS.count("|")]
    return {job.number: job for job in found}


def ask(words: list[str], given: str = "") -> str:
    """What a command of Slurm's prints, with `given` on its input.

    Raises Silent if the controller does not answer, StudyError if it refuses.
    """
    try:
        done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=ANSWER, check=False)
    except subprocess.TimeoutExpired as expired:
        raise Silent(f"{words[0]} had no answer in {ANSWER:.0f} seconds") from expired
    except FileNotFoundError as missing:
        raise StudyError(f"{words[0]} is not there: start the study where Slurm's commands are.") from missing
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip() or f"{words[0]} ended with {done.returncode}"
    silent = any(word in said.lower() for word in SILENCE)
    raise (Silent if silent else StudyError)(said)
