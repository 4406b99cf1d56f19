"""The memory that a process may use: the machine's, or less where a control group or `ulimit -v` allows less. Standard
library only.
"""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def memory_limit() -> int:
    """The bytes that this process may use."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_group_limits()]
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    return min(limits if own == resource.RLIM_INFINITY else [*limits, own])


def _group_limits() -> list[int]:
    """The limits of the process's control group and of those that it lies in; none where there are no such groups."""
    limits = []
    with contextlib.suppress(OSError, IndexError, ValueError):  # another system, or groups of the old kind
        group = CGROUPS / OWN_GROUPS.read_text("utf-8").splitlines()[-1].partition("::")[2].lstrip("/")
        for folder in (group, *group.parents):
            with contextlib.suppress(OSError, ValueError):  # the topmost has none; "max" is no limit
                limits.append(int((folder / "memory.max").read_text("utf-8")))
    return limits
