"""The provenance of a result: code, versions and machine. Standard library only."""

from __future__ import annotations

import importlib.util
import platform
import subprocess
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent

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


def gpus() -> int:
    """The number of Nvidia GPUs that a training can use here: 0 unless TensorFlow's GPU libraries are installed too."""
    if importlib.util.find_spec("nvidia") is None:
        return 0
    return len(list(Path("/dev").glob("nvidia[0-9]*")))


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
