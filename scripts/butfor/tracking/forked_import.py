"""The imports of records into MLflow while a start is at work, by forks of what has imported mlflow for the last import: of a
start that lasts, as its jobs end; of every start, once it has trained, while its verdicts, figures and report are made, so that
little is left for the last import. Where there is nothing to be forked, an interpreter of its own does the first, and the last
import the second.

Standard library only, because the Snakefile imports it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from butfor.forks.client import FORKED_IMPORT, MIRROR, TRAINED
from butfor.forks.interpreter import SERVERS, interpreter, module_environment, thread_variables
from butfor.records.results_folder import RUNS_FOLDER, TRACKED, Job

NICENESS = 19  # the highest: a core that a training fills is left to it to 98.5 %
OWN_SESSION = Path("/proc/self/autogroup")


def can_begin() -> bool:
    """Whether all trainings of a start are over, and mlflow has been imported for its last import, which can be forked."""
    folder = os.environ.get(SERVERS, "")
    return folder != "" and all((Path(folder) / name).exists() for name in (MIRROR, TRAINED))


def import_trained(tracking: dict[str, Any], results: Path, jobs: Iterable[Job]) -> bool:
    """Import the records of jobs, and wait for that; whether nothing is left of them but to the last import, at whose beginning
    this ends, as with this process.

    tracking: see parameters.mirrored. results: the study's results folder.
    """
    process = _begun({"tracking": tracking, "results": str(results), "folders": [str(folder) for folder, _ in jobs]})
    process.communicate()
    return process.returncode == 0


class Following:
    """The process that imports the records of jobs as they end, and shows long trainings as they go. It ends with this one, or
    when the last import begins."""

    def __init__(self, settings: dict[str, Any], earlier: Iterable[Job], tracked: int | None) -> None:
        """settings: of the follower. earlier: jobs that are left to `track`. tracked: when `track` was done last, see
        time_of_change."""
        jobs = [(str(folder), changed) for folder, changed in earlier]
        self._process = _begun({**settings, "earlier": jobs, "tracked": tracked})

    def end_with_start(self) -> None:
        """Tell it that the start is over, and wait until it has written what there is."""
        self._process.communicate()

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def _begun(request: dict[str, Any]) -> subprocess.Popen[str]:
    variables = {**module_environment(), **thread_variables(1)}

    def by(command: str) -> subprocess.Popen[str]:
        return subprocess.Popen([command, *FORKED_IMPORT], stdin=subprocess.PIPE, env=variables, text=True)

    try:
        process = by(interpreter())
    except FileNotFoundError:  # the start's servers end with it
        process = by(sys.executable)
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):  # it has been killed
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
    return process


def time_of_change(path: Path) -> int | None:
    """The time of a file's last change, in ns; None if there is no file."""
    return path.stat().st_mtime_ns if path.exists() else None


def lower_priority(niceness: int) -> None:
    """Leave the processors to the trainings, and use what they leave.

    Linux divides a core between sessions before it divides it between the processes of a session (autogroup, sched(7)), and
    a niceness counts only within its session: this process, in a session of its own, would get half of every core.
    """
    with contextlib.suppress(OSError):  # it leads one already
        os.setsid()
    os.nice(niceness)
    with contextlib.suppress(OSError):  # a system without autogroups, or a container that forbids it
        OWN_SESSION.write_text(str(niceness))


def main() -> None:
    import logging
    import threading

    request = json.loads(sys.stdin.readline())
    results, tracking, folders = Path(request["results"]), request["tracking"], request.get("folders")
    is_following = folders is None
    if is_following and _is_running():  # otherwise there are no trainings to disturb
        lower_priority(request["niceness"])
    from butfor.tracking import follower, job_imports

    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    threading.Thread(target=follower.give_way, args=[results], daemon=True).start()
    if not is_following:
        sys.exit(not job_imports.import_ended(tracking, results, [Path(folder) for folder in folders]))

    def is_tracked() -> bool:
        return time_of_change(results / TRACKED) not in (None, request["tracked"])

    earlier = {(Path(folder), changed) for folder, changed in request["earlier"]}
    live, share = request["live"], request["share"]
    job_imports.follow(tracking, results / RUNS_FOLDER, results, live, _is_running, earlier, share, is_tracked)


def _is_running() -> bool:
    """Whether the follower has not said that the start is over."""
    return not select.select([sys.stdin], [], [], 0)[0]


if __name__ == "__main__":
    main()
