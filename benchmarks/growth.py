"""What a study costs as it grows: seconds and memory of each of its stages at 100, 1 000 and 10 000 arms.

    python benchmarks/growth.py [arms ...] [--keep FOLDER] [--only stage,stage] [--root CHECKOUT] [--profile FOLDER]

Trainings but those of the stage `run` are made in one process (see made_records), since growth is what surrounds them.
Processor seconds of all processes stand first: they depend least on what else the machine does. `--root` is a checkout of
another version, to compare with; `--keep` a folder that stays, and whose records are used again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import made_records

HERE = Path(__file__).parent.parent
STAGES = ("plan", "dry", "one", "made", "study", "noop", "again", "added")
SERVERS = "BUTFOR_FORK_SERVERS"
RUN_ARMS = 100  # trained as jobs, each a process
# Takes the place of the jobs' interpreter, and notes what each took.
INTERPRETER = """#!{python}
import json, os, re, resource, sys, time
script = next((m[1] for w in sys.argv[1:] if (m := re.search(r"\\.(\\w+)\\.py$", w))), "")
profile = os.environ.get("GROWTH_PROFILE")
with_profile = ["-m", "cProfile", "-o", f"{{profile}}/{{script}}.prof"] if profile and script else []
began, child = time.perf_counter(), os.fork()
if not child:
    os.execv({python!r}, [{python!r}, *with_profile, *sys.argv[1:]])
_, status, used = os.wait4(child, 0)
if script:
    row = [script, used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024]
    with open({notes!r}, "a") as notes:
        notes.write(json.dumps(row) + "\\n")
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of processors, seconds, and the largest process's MB."""

    cpu: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return f"{self.cpu:8.1f} {self.wall:8.1f} {self.memory:7.0f}"


class Growing:
    """A study of so many arms in a folder, with a checkout of butfor."""

    def __init__(self, folder: Path, arms: int, root: Path, profile: str = "") -> None:
        self.folder, self.arms, self.root, self.profile = folder, arms, root, profile
        folder.mkdir(parents=True, exist_ok=True)
        self._interpreter, self._notes = folder / "python", folder / "notes.jsonl"
        self._interpreter.write_text(INTERPRETER.format(python=sys.executable, notes=str(self._notes)))
        self._interpreter.chmod(0o700)
        made_records.write_study(folder / "study.yaml", arms)
        for name in ("profiles",):
            shutil.copytree(root / name, folder / name, dirs_exist_ok=True)

    def snakemake(self, *words: str, name: str = "") -> tuple[Cost, dict[str, Cost]]:
        """What Snakemake takes with these words, its jobs included, and what each kind of job takes."""
        start = f"import sys; sys.executable = {str(self._interpreter)!r}; from snakemake.cli import main; main()"
        if self.profile:
            dumped = f"{self.profile}/{name or 'start'}.prof"
            start = (
                f"import cProfile\np = cProfile.Profile()\np.enable()\ntry:\n    exec({start!r})\n"
                f"finally:\n    p.disable()\n    p.dump_stats({dumped!r})"
            )
        self._notes.write_text("")
        study = ["-s", str(self.root / "Snakefile"), "--configfile", "study.yaml", "--quiet", "all"]
        command = [sys.executable, "-c", start, *study, "--cores", "2", *words]
        paths = f"{self.root / 'tests'}"
        environment = {
            **os.environ,
            "BUTFOR_ENGINE": made_records.ENGINE,
            "PYTHONPATH": paths,
            SERVERS: "",  # each job a process, which can be measured
            "OPENBLAS_NUM_THREADS": "1",
            "GROWTH_PROFILE": self.profile,
        }
        began = time.perf_counter()
        log = (self.folder / "output.log").open("a")
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{' '.join(words)} failed: see {self.folder / 'output.log'}")
        total = Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)
        jobs: dict[str, Cost] = {}
        for line in self._notes.read_text().splitlines():
            script, cpu, wall, memory = json.loads(line)
            before = jobs.get(script, Cost(0, 0, 0))
            jobs[script] = Cost(before.cpu + cpu, before.wall + wall, max(before.memory, memory))
        return total, jobs

    def made(self) -> Cost:
        """Train every arm in one process."""
        self.snakemake("results/data/arrays.npz")
        began = time.perf_counter()
        command = [sys.executable, str(HERE / "benchmarks" / "made_records.py"), str(self.root)]
        environment = {**os.environ, "BUTFOR_ENGINE": made_records.ENGINE, "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(command, cwd=self.folder, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            sys.exit("the records could not be made")
        return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)

    def is_made(self) -> bool:
        """Whether there are records of every arm."""
        return len(list((self.folder / "results" / "runs").glob("*/look1"))) == self.arms


def measured(growing: Growing, stages: set[str]) -> None:
    """Print what each stage takes."""

    def say(stage: str, cost: Cost, jobs: dict[str, Cost] | None = None) -> None:
        print(f"{growing.arms:6d} {stage:14s} {cost}", flush=True)
        for script, its in (jobs or {}).items():
            print(f"{growing.arms:6d}   {script:12s} {its}", flush=True)

    if "dry" in stages:
        say("dry run", growing.snakemake("-n", name="dry")[0])
    if "plan" in stages:
        say("plan", *growing.snakemake("plan", "--nolock", name="plan"))
    if "run" in stages:
        say("trainings", *growing.snakemake("results/checks.json", name="run"))
    if "made" in stages and not growing.is_made():
        say("made records", growing.made())
    if "judged" in stages:
        say("to the report", *growing.snakemake("--", "results/report.html", "results/comment.md", name="judged"))
    if "study" in stages:
        say("study", *growing.snakemake(name="study"))
    if "noop" in stages:
        say("no-op", growing.snakemake(name="noop")[0])
    if "again" in stages:
        say("dry, done", growing.snakemake("-n", name="again")[0])
    if "one" in stages:
        say("dry, one arm", growing.snakemake("-n", "results/runs/arm_00001/look1", name="one")[0])
    if "report" in stages:
        say("report", *growing.snakemake("--forcerun", "check", "compare", "figures", "report", "track", name="report"))


def main() -> None:
    """Measure what the command line asks for."""
    words = argparse.ArgumentParser()
    words.add_argument("arms", nargs="*", type=int)
    words.add_argument("--keep", type=Path)
    words.add_argument("--only", default=",".join(STAGES))
    words.add_argument("--root", type=Path, default=HERE)
    words.add_argument("--profile", default="")
    asked = words.parse_args()
    print("  arms stage          CPU s   elapsed    MB")
    for arms in asked.arms or (100, 1000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            place = asked.keep / str(arms) if asked.keep else Path(folder)
            growing = Growing(place.absolute(), arms, asked.root.absolute(), asked.profile)
            measured(growing, set(asked.only.split(",")))


if __name__ == "__main__":
    main()
