"""The provenance of a result: code, versions and machine. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent

A_DEVICE = re.compile(r"\d+$|(GPU|MIG)-\w")  # Slurm writes NoDevFiles where it grants none
ENGINE_VARIABLE = "BUTFOR_ENGINE"
TRAINING_LIBRARIES = ("tensorflow", "keras", "numpy")  # a training's numbers depend on their versions


def version(library: str) -> str:
    """The installed version of a library, under any of its package names; "not installed" without it."""
    names = ("tensorflow", "tensorflow-cpu") if library == "tensorflow" else (library,)
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "not installed"


def training_versions() -> dict[str, str]:
    """The versions that a training's numbers depend on."""
    return {library: version(library) for library in TRAINING_LIBRARIES}


def revision() -> str:
    """The git commit of the code, with "+changes" where the tree differs from it; "unknown" outside git."""

    def git(*arguments: str) -> str:
        process = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=True)
        return process.stdout.strip()

    try:
        changes = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def visible_gpus(environment: Mapping[str, str] = os.environ, devices: Path = Path("/dev")) -> list[str]:
    """The Nvidia GPUs that this process may use, by their words in CUDA_VISIBLE_DEVICES: those named there, up to the first that
    is none, as CUDA reads it; without it all that the machine has."""
    present = sum(1 for _ in devices.glob("nvidia[0-9]*"))
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None or not present:
        return [str(place) for place in range(present)]
    names: list[str] = []
    for word in (word.strip() for word in named.split(",")):
        if not A_DEVICE.match(word) or word in names:
            break
        names.append(word)
    return names


def gpus() -> int:
    """The number of Nvidia GPUs that trainings can use here: 0 unless the engine's libraries for GPUs are installed too, for JAX
    its plugin, for TensorFlow those of Nvidia."""
    library = "jax_plugins" if "jax" in os.environ.get(ENGINE_VARIABLE, "") else "nvidia"
    return 0 if importlib.util.find_spec(library) is None else len(visible_gpus())


def machine() -> dict[str, str]:
    """Host, system and processor."""
    names = [line.split(":")[1].strip() for line in _cpu_lines() if line.startswith("model name")]
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": names[0] if names else platform.machine(),
    }


def _cpu_lines() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
