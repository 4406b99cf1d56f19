"""The trial builds of a plan: what arms have of the user's own, built as a start builds it before it trains, and thrown away.

It is the probe's process that builds, whose libraries are imported and whose data are there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Dataset
from butfor.data.several_inputs import taken
from butfor.errors import StudyError
from butfor.process.failure_note import NO_MESSAGE
from butfor.records.files import write_atomically
from butfor.training.protocol import Engine
from butfor.user_code import call
from butfor.user_code.location import is_own

LOOKED_AT = 64  # examples for which a loss is worked out
# Processor seconds, which no load lengthens, after which no further arm is built: of those with another model or loss, of all.
DIFFERENT, ALL = 30.0, 5.0
Recipe = dict[str, Any]


@dataclass(frozen=True)
class TrialBuilds:
    """What came of them. refused: by arm, why it cannot be built. untried: the arms that were left out, for a plan is to be had
    soon."""

    refused: dict[str, str] = field(default_factory=dict)
    untried: list[str] = field(default_factory=list)

    def and_those(self, others: TrialBuilds) -> TrialBuilds:
        """These and others, as one."""
        return TrialBuilds({**self.refused, **others.refused}, [*self.untried, *others.untried])


def in_order(recipes: Mapping[str, Recipe], first: list[Recipe]) -> tuple[list[str], list[str]]:
    """The arms that have another model or another loss than any arm before them and than the recipes of `first`; and the rest."""
    seen = [(recipe["model"], recipe["loss"]) for recipe in first]
    different, rest = list[str](), list[str]()
    for arm, recipe in recipes.items():
        what = recipe["model"], recipe["loss"]
        (rest if what in seen else different).append(arm)
        seen.append(what)
    return different, rest


def build_in_turn(
    kind: type[Engine], recipes: Mapping[str, Recipe], first: list[Recipe], dataset: Dataset, path: Path
) -> None:
    """Build what each recipe has of the user's own, on raw data, and leave in the file what came of it, also of the arm with
    which this process ends. first: recipes that have been tried before."""
    refused, began = dict[str, str](), time.process_time()
    different, rest = in_order(recipes, first)
    turns = [*((arm, DIFFERENT) for arm in different), *((arm, ALL) for arm in rest)]
    for place, (arm, longest) in enumerate(turns):
        left = [name for name, _ in turns[place:]]
        if time.process_time() - began > longest:
            break
        lost = {arm: f"{recipes[arm]['model']['name']}: building {arm}, {NO_MESSAGE}."}
        _write(path, {**refused, **lost}, left[1:])
        try:
            _build(kind, recipes[arm], dataset.scaled(recipes[arm]), arm)
        except Exception as error:  # whatever one of Keras's raises, which would end the arm's training too
            message = str(error) if isinstance(error, StudyError) else f"{type(error).__name__}: {error}"
            refused[arm] = " ".join(message.split())
    else:
        left = []
    _write(path, refused, left)


def built_in(path: Path, asked: Mapping[str, Recipe]) -> TrialBuilds:
    """What a file of trial builds says; without one, none of the arms asked for was tried."""
    try:
        return TrialBuilds(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return TrialBuilds({}, list(asked))


def take_back(path: Path) -> None:
    """Have the file say of the arm that was being built as its process was stopped, for want of time, that it was not tried."""
    builds = built_in(path, {})
    unended = [arm for arm, why in builds.refused.items() if NO_MESSAGE in why]
    _write(path, {arm: why for arm, why in builds.refused.items() if arm not in unended}, [*unended, *builds.untried])


def _write(path: Path, refused: dict[str, str], untried: list[str]) -> None:
    write_atomically(path, json.dumps({"refused": refused, "untried": untried}))


def _build(kind: type[Engine], recipe: Recipe, scaled: Dataset, arm: str) -> None:
    """Raises StudyError. Of a built-in model it is the loss that is the user's own, or one of Keras's with settings."""
    if is_own(recipe["model"]["name"]):
        kind.build_user_model(recipe, scaled, arm)
        return
    with call.attribute_errors_to(recipe["loss"]["name"], f"working it out for {arm}"):
        engine = kind(recipe, scaled, np.full(1, recipe["learning_rate"], np.float32))
        engine.start(0)
        engine.probe.first_loss(taken(scaled.x_train, slice(LOOKED_AT)), scaled.y_train[:LOOKED_AT])
