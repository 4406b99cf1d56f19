"""The job that builds the user's own models before they are trained, in a process that may be lost with any of them."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from butfor import lean_keras
from butfor.failure_note import UNSAID, FailureNote, note_beside
from butfor.job_log import log_to
from butfor.own_code import OwnCodeError
from butfor.record import write_atomically
from butfor.time_limit import time_limit

Recipe = dict[str, Any]
log = logging.getLogger(__name__)


def build_all(
    recipes: dict[str, Recipe],
    arrays: Path,
    manifest: Path,
    built: list[Path],
    log_path: Path,
    look: str,
    log_level: int = 1,
    max_minutes: float | None = None,
) -> None:
    """Build the model of each arm's recipe on the stored data, and list its layers in the arm's file of `built`; of a
    model that cannot be built the file says why, and so does a note beside the records of the arm's first `look`.

    max_minutes: see time_limit, for each model. Raises OwnCodeError if no model at all can be built: nothing is written.
    """
    files = {arm: str(path.absolute()) for arm, path in zip(recipes, built, strict=True)}
    asked = {"arrays": str(arrays), "manifest": str(manifest), "log": str(log_path), "level": log_level}
    for path in built:
        path.unlink(missing_ok=True)
    while left := {arm: recipe for arm, recipe in recipes.items() if not Path(files[arm]).exists()}:
        told = json.dumps({**asked, "recipes": left, "files": files, "max_minutes": max_minutes})
        where = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])}
        subprocess.run([sys.executable, "-P", "-m", "butfor.build_job"], input=told, env=where, text=True, check=False)
        if not any(Path(files[arm]).exists() for arm in left):
            raise OwnCodeError(f"the process that builds {', '.join(left)} could not begin; see above.")
    failed = {arm: why for arm, path in files.items() if (why := failure(Path(path)))}
    for arm, why in failed.items():
        FailureNote(note_beside(built[0].parents[1] / "runs" / arm / look), arm, look, log_path).say(None, why)
    if len(failed) == len(recipes):
        raise OwnCodeError("\n".join(dict.fromkeys(failed.values())))


def failure(built: Path) -> str | None:
    """Why the model could not be built that a file of `built` is about; None where it could."""
    with contextlib.suppress(ValueError, FileNotFoundError):
        found = json.loads(built.read_text())
        return str(found["why"]) if isinstance(found, dict) else None
    return None


def refuse_unbuilt(built: str | None) -> None:
    """End a training whose model could not be built. Raises OwnCodeError."""
    if built and (why := failure(Path(built))):
        raise OwnCodeError(why)


def _build_in_turn(asked: dict[str, Any]) -> None:
    """Leave a file for each arm, which says that its process was lost until more is known."""
    log_to(asked["log"], asked["level"])
    lean_keras.load()
    from butfor import data
    from butfor.building import build

    dataset = data.load(Path(asked["arrays"]), Path(asked["manifest"]))
    for arm, recipe in asked["recipes"].items():
        path, what = Path(asked["files"][arm]), f"building {arm}"
        lost = {"why": f"{recipe['model']['name']}: {what}, {UNSAID}."}
        write_atomically(path, json.dumps(lost))
        try:
            with time_limit(asked["max_minutes"], what, {"path": str(path), "note": {}}):
                found: Any = build(recipe, dataset, arm)
        except OwnCodeError as error:
            log.error("%s%s", "".join(getattr(error, "__notes__", [])), error)
            found = {"why": str(error)}
        write_atomically(path, json.dumps(found, indent=1))


if __name__ == "__main__":
    _build_in_turn(json.load(sys.stdin))
