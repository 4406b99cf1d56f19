"""Where a result comes from: code, versions and machine. Standard library only."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent

# The modules whose text decides what a training computes: a change to any of them trains anew.
TRAINING_CODE = (
    "anatomy",
    "arm_job",
    "chance_layers",
    "checkpoint",
    "checksum",
    "course",
    "data",
    "diagnostics",
    "durations",
    "early_stopping",
    "epoch",
    "initialisers",
    "losses",
    "models",
    "optimisers",
    "own_code",
    "parts",
    "plateau",
    "receipt",
    "record",
    "schedules",
    "streams",
    "training",
)
# The libraries whose numbers it is.
TRAINING_LIBRARIES = ("tensorflow", "keras", "numpy")


def code_fingerprint(own: Iterable[Path] = ()) -> str:
    """16 hexadecimal digits that stand for the text of the training code, and of the user's `own` files."""
    digest = hashlib.sha256()
    for path in (*(HERE / f"{module}.py" for module in TRAINING_CODE), *own):
        digest.update(path.stem.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def version(library: str) -> str:
    """The installed version of a library, under whichever of its names it is installed."""
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

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changes = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def gpus() -> int:
    """How many Nvidia GPUs a training here can use: none unless TensorFlow's GPU libraries are installed too."""
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
