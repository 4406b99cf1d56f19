"""The job that builds the user's own models before they are trained, in a process that may be lost with any of them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.data.dataset import load
from butfor.forks.interpreter import module_command, module_environment
from butfor.process.failure_note import NO_MESSAGE, FailureNote, without_name
from butfor.process.log import log_path, log_to
from butfor.process.start_settings import announced
from butfor.process.time_limit import time_limit
from butfor.records.files import write_atomically
from butfor.records.results_folder import note_beside, runs_of_built
from butfor.training.built import failure
from butfor.training.engine_choice import engine_named
from butfor.user_code.files_read import noticed
from butfor.user_code.location import OwnCodeError

Recipe = dict[str, Any]
log = logging.getLogger(__name__)


def build_on_each(
    engine: str,
    recipes: dict[str, Recipe],
    arrays: Sequence[Path | str],
    manifests: Sequence[Path | str],
    built: Sequence[Path | str],
    look: str,
    reads: dict[str, list[str]],
    built_before: int = 0,
) -> None:
    """Build the models of the arms of each data set as `build_all` does; arrays, manifests, built: of each arm, in the order of
    `recipes`. built_before: how many other models the study has, which need no building. Raises OwnCodeError if none of all
    can be built, or if on some data set the building cannot begin.
    """
    places = dict(zip(recipes, zip(map(str, arrays), map(str, manifests), built, strict=True), strict=True))
    errors: list[OwnCodeError] = []
    failed: list[str] = []
    for data_set in dict.fromkeys(place[:2] for place in places.values()):
        own = {arm: place[2] for arm, place in places.items() if place[:2] == data_set}
        asked = {arm: recipes[arm] for arm in own}
        try:
            failed += build_all(engine, asked, *data_set, built=own.values(), look=look, reads=reads)
        except OwnCodeError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    if not built_before and len(failed) == len(recipes):
        raise OwnCodeError(f"none of the study's own models could be built ({', '.join(failed)}); see above.")


def build_all(
    engine: str,
    recipes: dict[str, Recipe],
    arrays: Path | str,
    manifest: Path | str,
    built: Iterable[Path | str],
    look: str,
    max_minutes: float | None = None,
    reads: dict[str, list[str]] | None = None,
) -> list[str]:
    """The arms whose models cannot be built. Each arm's is built by its recipe on the stored data, and the arm's file of `built`
    lists its layers; of a model that cannot be built it says why, and so does a note beside the records of the arm's first
    `look`.

    engine: what builds, see engine_choice. max_minutes: see time_limit, for each model. reads: by arm, the file in which to
    note the files that the model reads, and what stands for them. Raises OwnCodeError if the building cannot begin.
    """
    files = {arm: str(Path(path).absolute()) for arm, path in zip(recipes, built, strict=True)}
    asked = {
        "engine": engine,
        "arrays": str(arrays),
        "manifest": str(manifest),
        "log": str(log_path()),
        "reads": reads or {},
    }
    for path in files.values():
        Path(path).unlink(missing_ok=True)
    while left := {arm: recipe for arm, recipe in recipes.items() if not Path(files[arm]).exists()}:
        task = json.dumps({**asked, "recipes": left, "files": files, "max_minutes": max_minutes})
        words, where = module_command("butfor.training.build_job"), module_environment()
        subprocess.run(words, input=task, env=where, text=True, check=False)
        if not any(Path(files[arm]).exists() for arm in left):
            raise OwnCodeError(f"the process that builds {', '.join(left)} could not begin; see above.")
    failed = {arm: why for arm, path in files.items() if (why := failure(Path(path)))}
    for arm, why in failed.items():
        note = note_beside(runs_of_built(Path(files[arm]), arm, look))
        FailureNote(note, arm, look, log_path()).say(None, why)
    return list(failed)


def _build_in_turn(asked: dict[str, Any]) -> None:
    """Leave a file for each arm, which says that its process was lost until the model is built or refused."""
    log_to(asked["log"])
    engine = engine_named(asked["engine"])
    engine.device(threads=1)  # which takes no more of a GPU than it needs
    stream = announced().streams(data_set_of(next(iter(asked["recipes"]))))
    dataset = load(Path(asked["arrays"]), Path(asked["manifest"]), stream).of_seed(0)
    problems: dict[str, str] = {}  # what was wrong, and with which arm first
    for arm, recipe in asked["recipes"].items():
        path, what = Path(asked["files"][arm]), f"building {arm}"
        lost = {"why": f"{recipe['model']['name']}: {what}, {NO_MESSAGE}."}
        write_atomically(path, json.dumps(lost))
        try:
            limit = time_limit(asked["max_minutes"], what, {"path": str(path), "note": {}})
            with limit, noticed(recipe["model"]["name"]) as read:
                built: Any = engine.build_user_model(recipe, dataset.scaled(recipe), arm)
            if arm in asked["reads"]:
                noted, token = asked["reads"][arm]
                read.write(Path(noted), token)
        except OwnCodeError as error:
            first = problems.setdefault(without_name(str(error), arm), arm)
            words = "".join(getattr(error, "__notes__", [])), error
            log.error("%s%s", *words) if first == arm else log.error("%s: the same as of %s", arm, first)
            built = {"why": str(error)}
        write_atomically(path, json.dumps(built, indent=1))


if __name__ == "__main__":
    _build_in_turn(json.load(sys.stdin))
