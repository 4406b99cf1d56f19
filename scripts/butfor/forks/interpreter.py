"""What scripts are started by: this interpreter, or the client of servers of forks where there are any. Standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SERVERS = "BUTFOR_FORK_SERVERS"  # the variable that names the folder of servers; where it is empty, none are started


def interpreter() -> str:
    """The path of what is to be started."""
    folder = os.environ.get(SERVERS)
    return str(Path(folder) / "python") if folder else sys.executable


def are_forks_wanted() -> bool:
    """Whether a start on this machine would begin jobs as forks, as far as the environment says."""
    return os.environ.get(SERVERS) != ""
