"""The submission of one of Snakemake's jobs to Slurm, at most once.

A job that does the same task already, from a start that was killed or a submission whose answer was lost, is taken
over; one that makes the same outputs from other settings is cancelled first.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from butfor.cluster import folder, slurm
from butfor.cluster.folder import Task
from butfor.errors import StudyError

PATIENCE = 3600.0  # seconds for which a controller that does not answer is asked again
PAUSE = 10.0  # seconds between two attempts
SMALL = 1 << 20  # bytes: inputs up to this size count by their content, larger ones by size and time
SCRIPT = Path(__file__).with_name("job.sh")


def submit(jobscript: Path) -> str:
    """The number of the Slurm job that runs Snakemake's `jobscript`. Raises StudyError if Slurm refuses it."""
    text = jobscript.read_text()
    job = properties(text)
    task = task_for(job)
    if folder.restore_outputs(task):
        return folder.KEPT_PREFIX + task.key
    may_be_submitted = folder.last_task(task.mark) is not None
    folder.note_task(task)
    command = sbatch_command(job, task)
    script = job_script(task, text)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            number = (_running_job(task) if may_be_submitted else None) or _sbatch(command, script)
            folder.note_job(number, task)
            return number
        except slurm.NoAnswerError as failure:
            if time.monotonic() > until:
                raise
            print(f"{task.name} waits for Slurm: {failure}", file=sys.stderr)
            time.sleep(PAUSE)
            may_be_submitted = True  # Slurm may have accepted the job although no answer came


def properties(jobscript: str) -> dict[str, Any]:
    """The properties of a job, which Snakemake writes at the head of its script. Raises StudyError."""
    line = re.search(r"^# properties = (.*)$", jobscript, re.MULTILINE)
    if not line:
        raise StudyError("expected a job script of Snakemake's, received one without a line `# properties = …`")
    job: dict[str, Any] = json.loads(line.group(1))
    return job


def task_for(job: dict[str, Any]) -> Task:
    """The task of a job, by its properties: the mark by its outputs, the key by all that their content depends on."""
    outputs = tuple(job["output"] or ())
    place = f"{Path.cwd()}:{outputs or job['jobid']}"
    decisive = [place, job["rule"], job.get("params"), {path: _content(Path(path)) for path in job["input"] or ()}]
    mark, key = (hashlib.sha256(json.dumps(part).encode()).hexdigest()[:12] for part in (place, decisive))
    name = ".".join(["butfor", job["rule"], *job["wildcards"].values(), mark, key])
    return Task(mark, key, name, outputs)


def sbatch_command(job: dict[str, Any], task: Task) -> list[str]:
    """The command that submits a job with the resources that its rule, the study and the profile request.

    A second attempt requests more time, but accepts less (`runtime_least`): with more than the partition grants it would
    wait for ever.
    """
    log = Path.cwd() / folder.FOLDER / "%j.log"
    resources = job["resources"]
    command = ["sbatch", "--parsable", "--requeue", "--open-mode=append", "--ntasks=1", f"--job-name={task.name}"]
    command += [f"--chdir={Path.cwd()}", f"--output={log}", f"--cpus-per-task={job['threads']}"]
    flags = {"mem_mb": "--mem={}M", "runtime": "--time={}", "runtime_least": "--time-min={}"}
    flags |= {"slurm_partition": "--partition={}", "slurm_account": "--account={}", "gpu": "--gres=gpu:{}"}
    command += [flag.format(resources[name]) for name, flag in flags.items() if resources.get(name)]
    if unfit := folder.unfit_nodes():
        command.append(f"--exclude={','.join(unfit)}")
    return command + shlex.split(str(resources.get("slurm_extra", "")))


def job_script(task: Task, jobscript: str) -> str:
    """The script that the node runs: job.sh with its variables set, around Snakemake's own script."""
    here = Path.cwd()
    variables = {"folder": str(here), "state": str(here / folder.FOLDER), "task": task.mark, "python": sys.executable}
    assignments = "\n".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    return SCRIPT.read_text().replace("# NAMES", assignments).replace("# JOB", jobscript)


def _running_job(task: Task) -> str | None:
    """The number of a job that does this task already, if any. Other jobs with the same outputs are cancelled, and waited
    for.
    """
    while True:
        here = [job for job in slurm.jobs().values() if job.folder == str(Path.cwd()) and not job.ended]
        rivals = [job for job in here if job.name.split(".")[-2:-1] == [task.mark]]
        if not rivals:
            return None
        for job in rivals:
            if job.name == task.name and job.state != slurm.ENDING:
                return job.number
        slurm.run(["scancel", *(job.number for job in rivals)])
        time.sleep(1)


def _sbatch(command: list[str], script: str) -> str:
    """The number of the job that the command submits."""
    return slurm.run(command, script).strip().split(";")[0]


def _content(path: Path) -> str:
    """A text that stands for the content of an input; for one that cannot be read, the name of the error."""
    try:
        status = path.stat()
        if path.is_file() and status.st_size <= SMALL:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{status.st_size} {status.st_mtime_ns}"
    except OSError as failure:
        return type(failure).__name__
