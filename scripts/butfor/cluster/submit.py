"""One job of Snakemake's handed to Slurm, at most once.

A job that does the same task already, from a start that was killed or a submission whose answer was lost, is taken
over; one that did it from other settings is cancelled first.
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

PATIENCE = 3600.0  # seconds for which a silent controller is asked again
PAUSE = 10.0
SMALL = 1 << 20  # files up to this size are known by their content, larger ones by size and time
SCRIPT = Path(__file__).with_name("job.sh")


def submit(jobscript: Path) -> str:
    """The number of the Slurm job that does what Snakemake's `jobscript` says. Raises StudyError if Slurm refuses it."""
    text = jobscript.read_text()
    asked = properties(text)
    task = task_for(asked)
    if folder.take_back(task):
        return folder.KEPT + task.key
    again = folder.asked(task.mark) is not None
    folder.ask_for(task)
    words = sbatch(asked, task)
    script = job_script(task, text)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            number = (_taken_over(task) if again else None) or _sbatch(words, script)
            folder.submitted(number, task)
            return number
        except slurm.Silent as silence:
            if time.monotonic() > until:
                raise
            print(f"{task.name} waits for Slurm: {silence}", file=sys.stderr)
            time.sleep(PAUSE)
            again = True  # the job may have been accepted though no answer came


def properties(jobscript: str) -> dict[str, Any]:
    """What Snakemake says of a job at the head of its script."""
    found = re.search(r"^# properties = (.*)$", jobscript, re.MULTILINE)
    if not found:
        raise StudyError("this is no job script of Snakemake's: it has no line `# properties = …`")
    said: dict[str, Any] = json.loads(found.group(1))
    return said


def task_for(asked: dict[str, Any]) -> Task:
    """The task of a job: a mark by its outputs, and a key by what they depend on, the text of the code included."""
    outputs = tuple(asked["output"] or ())
    place = f"{Path.cwd()}:{outputs or asked['jobid']}"
    decides = [place, asked["rule"], asked.get("params"), {path: _content(Path(path)) for path in asked["input"] or ()}]
    mark, key = (hashlib.sha256(json.dumps(part).encode()).hexdigest()[:12] for part in (place, decides))
    name = ".".join(["butfor", asked["rule"], *asked["wildcards"].values(), mark, key])
    return Task(mark, key, name, outputs)


def sbatch(asked: dict[str, Any], task: Task) -> list[str]:
    """The command that submits a job with the resources that its rule, the study and the profile ask for.

    A further attempt asks for more time, but takes less (`runtime_least`): more than the partition grants would wait for
    ever.
    """
    log = Path.cwd() / folder.FOLDER / "%j.log"
    need = asked["resources"]
    words = ["sbatch", "--parsable", "--requeue", "--open-mode=append", "--ntasks=1", f"--job-name={task.name}"]
    words += [f"--chdir={Path.cwd()}", f"--output={log}", f"--cpus-per-task={asked['threads']}"]
    flags = {"mem_mb": "--mem={}M", "runtime": "--time={}", "runtime_least": "--time-min={}"}
    flags |= {"slurm_partition": "--partition={}", "slurm_account": "--account={}", "gpu": "--gres=gpu:{}"}
    words += [flag.format(need[name]) for name, flag in flags.items() if need.get(name)]
    if unfit := folder.unfit():
        words.append(f"--exclude={','.join(unfit)}")
    return words + shlex.split(str(need.get("slurm_extra", "")))


def job_script(task: Task, jobscript: str) -> str:
    """What the node runs: job.sh with its names filled in, around Snakemake's own script."""
    here = Path.cwd()
    names = {"folder": str(here), "state": str(here / folder.FOLDER), "task": task.mark, "python": sys.executable}
    given = "\n".join(f"{name}={shlex.quote(value)}" for name, value in names.items())
    return SCRIPT.read_text().replace("# NAMES", given).replace("# JOB", jobscript)


def _taken_over(task: Task) -> str | None:
    """The number of a job that does this task already. Others with the same outputs are cancelled, and gone then."""
    while True:
        here = [job for job in slurm.jobs().values() if job.folder == str(Path.cwd()) and not job.ended]
        rivals = [job for job in here if job.name.split(".")[-2:-1] == [task.mark]]
        if not rivals:
            return None
        for job in rivals:
            if job.name == task.name and job.state != slurm.ENDING:
                return job.number
        slurm.ask(["scancel", *(job.number for job in rivals)])
        time.sleep(1)


def _sbatch(words: list[str], script: str) -> str:
    return slurm.ask(words, script).strip().split(";")[0]


def _content(path: Path) -> str:
    try:
        found = path.stat()
        if path.is_file() and found.st_size <= SMALL:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{found.st_size} {found.st_mtime_ns}"
    except OSError as failure:
        return type(failure).__name__
