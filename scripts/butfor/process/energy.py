"""The energy that this machine uses, where it tells it: processors by RAPL, GPUs by nvidia-smi. Standard library only."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter:
    """Counts from when it is made. `source`: what tells it, empty where nothing does."""

    def __init__(self, on_gpu: bool = False) -> None:
        self._began, self._watts = time.perf_counter(), _gpu_watts() if on_gpu else None
        self._before = {} if on_gpu else _counters()
        self.source = "nvidia-smi" if self._watts is not None else "RAPL" if self._before else ""

    def joules(self) -> float | None:
        """What the whole machine, or its GPUs, used since; None where nothing tells it."""
        if self._watts is not None:
            now = _gpu_watts()
            return None if now is None else (self._watts + now) / 2 * (time.perf_counter() - self._began)
        after = _counters()
        spent = [_risen(self._before[name], after[name]) for name in self._before if name in after]
        return sum(spent) / 1e6 if spent else None


def _risen(before: tuple[int, int], after: tuple[int, int]) -> int:
    """By how many microjoules a counter rose that begins anew beyond its range."""
    return after[0] - before[0] if after[0] >= before[0] else after[0] - before[0] + after[1]


def _counters() -> dict[str, tuple[int, int]]:
    """Of each package of processors its counter and the range of that; none where they may not be read."""
    counters = {}
    for folder in sorted(POWERCAP.glob("intel-rapl:*")):
        if folder.name.count(":") == 1:  # those below are parts of it
            with contextlib.suppress(OSError, ValueError):
                counters[folder.name] = tuple(
                    int((folder / f"{file}_uj").read_text()) for file in ("energy", "max_energy_range")
                )
    return counters  # type: ignore[return-value]


def _gpu_watts() -> float | None:
    """What the GPUs draw at the moment."""
    if not (tool := shutil.which("nvidia-smi")):
        return None
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        asked = [tool, "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True).stdout
        return sum(map(float, answer.split()))
    return None
