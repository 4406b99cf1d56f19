"""Shares of GPUs: how jobs that train side by side on one machine come by a device each. Standard library only.

Each device has as many lock files as jobs may share it; a job holds one for as long as its process lives, so that the kernel
frees it whatever ends the job. What CUDA_VISIBLE_DEVICES names is all there is, and a single device that Slurm has granted is
the job's own. Where an MPS server runs, CUDA uses it by itself.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from butfor.process.file_locks import ALONE, AT_ONCE, lock, open_lock

VISIBLE = "CUDA_VISIBLE_DEVICES"
SLURM_JOB = "SLURM_JOB_ID"
MPS_FOLDER, MPS_DEFAULT = "CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps"  # noqa: S108 - Nvidia's own place
PAUSE = 0.2  # seconds between two looks at whether a share is free
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GpuShare:
    """A share of a device, held while `file` is open. device: its word in CUDA_VISIBLE_DEVICES. number: of the share, from 0."""

    device: str
    number: int
    file: TextIO


_held: list[GpuShare] = []  # by this process, to its end


def take_share(devices: Sequence[str], jobs: int, folder: Path | None = None) -> GpuShare | None:
    """Make one of the devices the only one that this process sees, until it ends; None where there is nothing to choose.

    jobs: how many share a device. folder: of the lock files. Devices with the fewest jobs come first; waits while all are taken.
    To be called before CUDA is asked for devices; the second call in a process gives what the first gave.
    """
    if _held or not devices or (len(devices) == 1 and os.environ.get(SLURM_JOB)):
        return _held[0] if _held else None
    share = _free_share(devices, jobs, folder or lock_folder())
    _held.append(share)
    os.environ[VISIBLE] = share.device
    mps = " by its MPS server" if mps_runs() else ""
    log.info("GPU %s, share %d of %d%s", share.device, share.number + 1, jobs, mps)
    return share


def lock_folder() -> Path:
    """The folder of this machine's lock files: of this user, and of a Slurm job, which counts its devices from 0."""
    job = os.environ.get(SLURM_JOB)
    return Path(tempfile.gettempdir()) / f"butfor-gpus-{os.getuid()}{f'-{job}' if job else ''}"


def mps_runs() -> bool:
    """Whether Nvidia's multi-process service is there, by which kernels of several processes run at once."""
    return (Path(os.environ.get(MPS_FOLDER, MPS_DEFAULT)) / "control").exists()


def _free_share(devices: Sequence[str], jobs: int, folder: Path) -> GpuShare:
    folder.mkdir(parents=True, exist_ok=True)
    waits = False
    while True:
        for device, number in _by_load(devices, jobs):
            file = open_lock(folder / f"{device.replace('/', '_')}.{number}.lock")
            try:
                lock(file, ALONE | AT_ONCE)
                return GpuShare(device, number, file)
            except BlockingIOError:
                file.close()
        if not waits:
            waits = True
            log.info("waits for a GPU: each of %s has %d jobs", ", ".join(devices), jobs)
        time.sleep(PAUSE)


def _by_load(devices: Sequence[str], jobs: int) -> Iterator[tuple[str, int]]:
    """The shares in the order in which they are to be taken: every device's first, then every device's second."""
    return ((device, number) for number in range(jobs) for device in devices)
