"""A stored data set as metrics read it: truth, inputs and groups of the examples that a run was measured on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.dataset import Array, split
from butfor.data.folds import Folds
from butfor.data.limits import Validation
from butfor.data.several_inputs import Inputs, mapped, named, nested, taken
from butfor.data.whole_groups import TOGETHER
from butfor.metrics import own_metric
from butfor.metrics.fitting import numbered
from butfor.user_code.location import is_own


@dataclass
class StoredData:
    """A stored data set, of which only those arrays are read that are asked for. validation: the share to validate on."""

    arrays: Path
    manifest: Path
    validation: Validation

    @cached_property
    def about(self) -> dict[str, Any]:
        """The manifest."""
        return dict(json.loads(self.manifest.read_text()))

    def numbered(self, terms: dict[str, Any]) -> dict[str, Any]:
        """A metric's terms with the number of the class that it names, see fitting."""
        return terms if is_own(terms["score"]) else numbered(terms, self.about)

    @property
    def fingerprint(self) -> str:
        """That of the arrays."""
        return str(self.about["fingerprint"])

    @property
    def task(self) -> str:
        """What kind of targets there are."""
        return str(self.about.get("task") or "classification")

    @property
    def official(self) -> int:
        """How many of the training examples, the last ones, are an official validation part."""
        return int(self.about.get("official", 0))

    @cached_property
    def folds(self) -> Folds | None:
        """Those that the training examples are divided into, if they are."""
        with np.load(self.arrays, allow_pickle=False) as stored:
            return Folds.of(self.about, stored) if "folds" in self.about else None

    def divided(self, seed: int) -> tuple[Array | None, Array | None]:
        """The rows of y_train that are a seed's training and validation part, and those that it is tested on; none without
        folds."""
        if self.folds is None:
            return None, None
        return self.folds.parts(self.array("y_train"), self.official, seed)

    @property
    def groups_mark(self) -> list[str]:
        """What stands for the groups of examples, by which metrics vary, and of which a user's function may be told."""
        return [self.about["groups"]] if self.about.get("groups") else []

    @property
    def tested_groups(self) -> Array | None:
        """What each example of the test part belongs to, if the data say so; none of folds, which each are a test part."""
        return self.array("groups_test") if self.about.get("groups") and self.folds is None else None

    def array(self, name: str) -> Array:
        """A stored array, such as `y_test`, read once."""
        if name not in self._read:
            with np.load(self.arrays, allow_pickle=False) as stored:
                self._read[name] = stored[name]
        return self._read[name]

    def inputs(self, source: str, seed: int) -> Inputs:
        """The stored inputs of a part, one array or several by name, with what is fitted on a seed's training rows."""
        name, shapes = f"x_{source}", nested(self.about["shapes"])[f"x_{source}"]
        several = isinstance(shapes, dict)
        kept = self.divided(seed)[0]
        inputs = {each: self.array(named(name, each)) for each in shapes} if several else self.array(name)
        if self.folds is None or kept is None:
            return inputs
        return self.folds.fitted(inputs, kept, self.official)

    def rows(self, part: str, seed: int, train_size: int | None) -> tuple[Array | None, str]:
        """The examples of a part that a run of this seed has, all where they are none, and the stored part that they are of."""
        kept, tested = self.divided(seed)
        if part == "test":
            return tested, "test" if kept is None else "train"
        images = len(self.array("y_train")) if kept is None else len(kept)
        train, held = split(images, self.validation, train_size, seed, self.official, self._together(kept))
        rows = train if part == "train" else held
        return (rows if kept is None else kept[rows]), "train"

    def _together(self, kept: Array | None) -> Array | None:
        """The number of the group of each training example that a seed has, if they belong to groups."""
        if not self.about.get(TOGETHER):
            return None
        return self.array(TOGETHER) if kept is None else self.array(TOGETHER)[kept]

    def beside(self, source: str, rows: Array | None, seed: int) -> own_metric.Beside:
        """What a metric of the user's own may ask for of these examples."""

        def of_rows(given: Inputs) -> Inputs:
            asked: Inputs = mapped(np.copy, given) if rows is None else taken(given, rows)
            return asked

        beside: own_metric.Beside = {"inputs": lambda: of_rows(self.inputs(source, seed))}
        if not self.about.get("groups"):
            return beside
        return {**beside, "groups": lambda: of_rows(self.array(f"groups_{source}"))}

    @cached_property
    def _read(self) -> dict[str, Array]:
        return {}
