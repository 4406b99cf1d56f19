"""Folds: the division of a data set's examples by which a seed is tested on some of them and trained on the others.

What is fitted on training examples when a table is read (what fills gaps, which categories there are) is fitted here again, on
those of the fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.fold_numbers import place_of

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]
GROUPS = "groups"  # what the array of what stays together is called


@dataclass(frozen=True)
class Folds:
    """How examples are divided.

    count: of folds. stratified: by class. groups: `(examples,)`, what stays together, if anything does. fill: what stands for a
    missing number, mean or median; empty where there is none. hot: from which column to before which one the categories are.
    """

    count: int
    stratified: bool = False
    groups: Array | None = None
    fill: str = ""
    hot: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, about: dict[str, Any], groups: Array | None) -> Folds:
        """Those that a manifest describes."""
        hot = tuple((int(start), int(end)) for start, end in about["hot"])
        return cls(int(about["folds"]), bool(about["stratified"]), groups, about["fill"], hot)

    @property
    def about(self) -> dict[str, Any]:
        """What a manifest says of them."""
        return {"folds": self.count, "stratified": self.stratified, "fill": self.fill, "hot": list(map(list, self.hot))}

    def rows(self, targets: Array, seed: int) -> tuple[Rows, Rows]:
        """The examples that a seed is trained on and those that it is tested on, in their order. targets: `(examples, …)`, by
        which they are stratified."""
        repeat, fold = place_of(seed, self.count)
        if repeat not in self._divided:
            self._divided[repeat] = list(self._splitter(repeat).split(targets, targets, self.groups))
        return self._divided[repeat][fold]

    def parts(self, targets: Array, official: int, seed: int) -> tuple[Rows, Rows]:
        """The same of examples whose last ones are an official validation part, which stays one."""
        divided = len(targets) - official
        train, test = self.rows(targets[:divided], seed)
        return np.concatenate([train, np.arange(divided, len(targets))]), test

    def fitted(self, inputs: Array, train: Rows) -> Array:
        """Inputs `(n, columns)` with their gaps filled, and with categories of which no training row is as of none."""
        if not self.fill and not self.hot:
            return inputs
        ready = inputs.copy()
        for start, end in self.hot:
            ready[:, start:end] *= ready[train, start:end].any(axis=0)
        if self.fill:
            of = np.nanmedian if self.fill == "median" else np.nanmean
            middle = of(inputs[train].astype(np.float64), axis=0)
            ready = np.where(np.isnan(ready), middle, ready).astype(np.float32)
        return ready

    def _splitter(self, repeat: int) -> Any:
        """Scikit-learn's, shuffled by the number of the division, so that further ones leave the first as they are."""
        from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

        kinds = {
            (False, False): KFold,
            (True, False): StratifiedKFold,
            (False, True): GroupKFold,
            (True, True): StratifiedGroupKFold,
        }
        return kinds[self.stratified, self.groups is not None](self.count, shuffle=True, random_state=repeat)

    @cached_property
    def _divided(self) -> dict[int, list[tuple[Rows, Rows]]]:
        return {}
