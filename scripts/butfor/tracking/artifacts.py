"""Where the files of runs are kept."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from mlflow import MlflowClient

from butfor.tracking.files import Kept


class Artifacts:
    """The artifacts of an experiment: in our own `folder` where no server is between, or sent to the user's.

    `location`: where the experiment says that they are. In our folder a place relative to the server that shows it, so
    that the folder may be moved.
    """

    def __init__(self, client: MlflowClient, folder: Path | None, location: str) -> None:
        self._client = client
        parts = urlsplit(location)
        relative = parts.scheme == "mlflow-artifacts"
        self._folder = folder / parts.path.lstrip("/") if folder and relative else None

    def keep(self, run_id: str, file: Kept) -> None:
        """Make a file the run's artifact."""
        if self._folder:
            place = self._folder / run_id / "artifacts" / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(file.source, Path):
                shutil.copyfile(file.source, place)
            else:
                place.write_text(file.source)
        elif isinstance(file.source, Path):
            inside = str(Path(file.name).parent)
            self._client.log_artifact(run_id, str(file.source), None if inside == "." else inside)
        else:
            self._client.log_text(run_id, file.source, file.name)
