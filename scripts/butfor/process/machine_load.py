"""The load of the machine: processor, memory and GPUs, by the names that MLflow's pages know."""

from __future__ import annotations

from typing import Any

import psutil

try:
    import pynvml
except ImportError:  # comes with the GPU extra
    pynvml = None

MEGABYTE = 1e6


class MachineLoad:
    """A meter of the machine's load; utilisation is averaged over the time since the last reading."""

    def __init__(self) -> None:
        self._gpus = _gpus()
        psutil.cpu_percent()

    def read(self) -> dict[str, float]:
        """The load by name: utilisation in percent, memory in megabytes."""
        memory = psutil.virtual_memory()
        load = {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": round(memory.used / MEGABYTE, 1),
            "system_memory_usage_percentage": memory.percent,
            "process_memory_usage_megabytes": round(psutil.Process().memory_info().rss / MEGABYTE, 1),
        }
        for number, gpu in enumerate(self._gpus):
            used = pynvml.nvmlDeviceGetMemoryInfo(gpu)
            load[f"gpu_{number}_utilization_percentage"] = float(pynvml.nvmlDeviceGetUtilizationRates(gpu).gpu)
            load[f"gpu_{number}_memory_usage_megabytes"] = round(used.used / MEGABYTE, 1)
            load[f"gpu_{number}_memory_usage_percentage"] = round(100 * used.used / used.total, 1)
        return load


class NoLoad(MachineLoad):
    """That of a machine which nobody looks at: where runs are told again, whose loads are known."""

    def __init__(self) -> None:
        """There is nothing to read."""

    def read(self) -> dict[str, float]:
        """Nothing."""
        return {}


def _gpus() -> list[Any]:
    if pynvml is None:
        return []
    try:
        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
