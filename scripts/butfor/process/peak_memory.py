"""The most memory that this process has held since it was asked to count anew (Linux). Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from pathlib import Path

OWN = Path("/proc/self")


def restart() -> int | None:
    """Count anew from here, once what is no longer used is given back; the bytes that are held now, None where the system does
    not tell."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # else what comes next is made in what was left, and seems to take none
    with contextlib.suppress(OSError):
        (OWN / "clear_refs").write_text("5")
        return _field("VmRSS")
    return None


def peak() -> int | None:
    """The most bytes that were held since."""
    return _field("VmHWM")


def _field(name: str) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (OWN / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    return None
