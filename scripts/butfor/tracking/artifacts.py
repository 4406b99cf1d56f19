"""The files of runs in MLflow, and where they are stored."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient


@dataclass(frozen=True)
class Artifact:
    """A file of a run: its name, with folders, and its content, as text or as a file, which then has the same name."""

    name: str
    content: Path | str


class ArtifactStore:
    """The artifacts of an experiment's runs: in our own `folder` where no server keeps them, else sent to the server.

    `location`: what the experiment gives as the place of its artifacts. In our folder it is relative to the server that
    shows it, so that the folder may be moved.
    """

    def __init__(self, client: MlflowClient, folder: Path | None, location: str) -> None:
        self._client = client
        parts = urlsplit(location)
        relative = parts.scheme == "mlflow-artifacts"
        self._folder = folder / parts.path.lstrip("/") if folder and relative else None

    def add(self, run_id: str, artifact: Artifact) -> None:
        """Make a file an artifact of the run."""
        if self._folder:
            path = self._folder / run_id / "artifacts" / artifact.name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(artifact.content, Path):
                shutil.copyfile(artifact.content, path)
            else:
                path.write_text(artifact.content)
        elif isinstance(artifact.content, Path):
            folder = str(Path(artifact.name).parent)
            self._client.log_artifact(run_id, str(artifact.content), None if folder == "." else folder)
        else:
            self._client.log_text(run_id, artifact.content, artifact.name)
