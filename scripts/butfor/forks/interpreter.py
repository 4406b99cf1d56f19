"""What scripts are started by: this interpreter, or the client of servers of forks where there are any. Standard library only."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2]
SERVERS = "BUTFOR_FORK_SERVERS"  # the variable that names the folder of servers; where it is empty, none are started


def interpreter() -> str:
    """The path of what is to be started."""
    folder = os.environ.get(SERVERS)
    return str(Path(folder) / "python") if folder else sys.executable


def module_command(module: str) -> list[str]:
    """The words that start a module of butfor's as a process, in module_environment."""
    return [interpreter(), "-P", "-m", module]


def module_environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of such a process, which finds the modules that this one finds; None: also those of this one."""
    path = os.pathsep.join([str(SCRIPTS), *filter(None, sys.path)])
    return {**(os.environ if variables is None else variables), "PYTHONPATH": path}


def thread_variables(threads: int) -> dict[str, str]:
    """The variables by which libraries know how many threads a process has, as Snakemake sets them for a job."""
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))


def are_forks_wanted() -> bool:
    """Whether a start on this machine would begin jobs as forks, as far as the environment says."""
    return os.environ.get(SERVERS) != ""
