"""Where a study's runs are mirrored: MLFLOW_TRACKING_URI, or a database in the results folder.

Standard library only, because the Snakefile asks.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import urlsplit


def store(results: Path) -> tuple[str, Path | None]:
    """The tracking URI, and the folder of artifacts if the store is our own."""
    given = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if given:
        return given, None
    folder = (results / "mlflow").resolve()
    return f"sqlite:///{folder / 'mlflow.db'}", folder / "artifacts"


def mark() -> str:
    """A word that changes when the runs are to go elsewhere; it holds no password, as Snakemake keeps it."""
    given = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if not given:
        return "results"
    parts = urlsplit(given)
    place = f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
