"""A probe: a process of its own that tries some compiled steps of the baseline, where no record tells how long its runs take, and
builds what arms have of the user's own.

It is trained and thrown away: nothing is written but into a temporary folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.errors import StudyError
from butfor.outlook.job_start import start_by_probe
from butfor.outlook.known_runs import KnownRun
from butfor.outlook.trial_builds import TrialBuilds, built_in, take_back

LONGEST = 30.0  # seconds that steps are tried for, the finding of data aside
FINDING = 300.0  # seconds that the data may take to be found and stored
TOO_LONG = "it took too long"
PREFIX = "butfor_probe_"  # of its folder's name
PROBE, BUILDS = "probe.json", "builds.json"  # what its steps and what its builds tell
REFUSAL = "refusal"  # the file in which a probe says why a start would refuse the study
LIBRARY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Probed:
    """What a probe tells: a run as it would be, and the seconds from the end of one job to the first step of the next. why: why
    there is none, in a sentence, else empty. builds: what came of the models that it was asked to build."""

    run: KnownRun | None
    start: float = 0.0
    why: str = ""
    builds: TrialBuilds = field(default_factory=TrialBuilds)


def probed(
    training: dict[str, Any],
    builds: Mapping[str, dict[str, Any]],
    data: dict[str, Any],
    paths: Sequence[str],
    threads: int,
    beside: Sequence[str],
) -> Probed:
    """What one seed of a training would take. training: see parameters.training. builds: by arm, the recipes of which it is tried
    whether they can be built. data: the settings of its data set with what recipes need of it (see Plan.largest). paths: the
    stored arrays and their manifest; none where they are not stored yet: they are then found as a start finds them, and thrown
    away. beside: the study's files, beside which modules may lie. Raises StudyError where a start would refuse the study."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        why = _tried(Path(folder), training, builds, data, paths, threads, beside)
        steps, made = Path(folder) / PROBE, built_in(Path(folder) / BUILDS, builds)
        if not steps.is_file():
            return Probed(None, why=why, builds=made)
        fields = json.loads(steps.read_text())
    run = KnownRun(job=Path(), started=0.0, ended=0.0, usable=True, **fields["run"])
    return Probed(run, start_by_probe(fields["start"], fields["imported"], run.engine), builds=made)


def trial_builds(
    training: dict[str, Any],
    builds: Mapping[str, dict[str, Any]],
    data: dict[str, Any],
    paths: Sequence[str],
    threads: int,
    beside: Sequence[str],
) -> TrialBuilds:
    """What comes of building alone, where no steps are to be tried. The rest as of `probed`."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        _tried(Path(folder), training, builds, data, paths, threads, beside, steps=False)
        return built_in(Path(folder) / BUILDS, builds)


def _tried(
    folder: Path,
    training: dict[str, Any],
    builds: Mapping[str, dict[str, Any]],
    data: dict[str, Any],
    paths: Sequence[str],
    threads: int,
    beside: Sequence[str],
    steps: bool = True,
) -> str:
    """Run the process, which leaves its files in the folder. The last line that it said, or how it ended. Raises StudyError."""
    asked = {"training": training, "builds": builds, "steps": steps, "data": data, "threads": threads}
    asked |= {
        "data_set": data_set_of(training["arm"]),
        "paths": list(map(os.path.abspath, paths)),
        "beside": list(beside),
    }
    (folder / "task.json").write_text(json.dumps({**asked, "began": time.time(), "longest": LONGEST}))
    with (folder / "log").open("w") as log:
        ended = _run([sys.executable, "-m", "butfor.outlook.probed_steps", str(folder)], log)
    if ended == TOO_LONG and (folder / BUILDS).is_file():
        take_back(folder / BUILDS)
    if (refusal := folder / REFUSAL).is_file():
        raise StudyError(refusal.read_text(encoding="utf-8"))
    last = (folder / "log").read_text(errors="replace").strip().rpartition("\n")[2]
    return last or f"it did not come to its first step ({ended})"


def _run(command: list[str], log: Any) -> str:
    path = os.pathsep.join(filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2"}
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return f"exit status {process.wait(FINDING + 2 * LONGEST)}"
    process.kill()
    process.wait()
    return TOO_LONG
