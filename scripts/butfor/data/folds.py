"""Folds: the division of a data set's examples by which a seed is tested on some of them and trained on the others.

What is fitted on training examples when a table or texts are read (what fills gaps, which categories and words there are) is
fitted here again, on those of the fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from butfor.data.counted_words import CountedWords
from butfor.data.several_inputs import Inputs, mapped
from butfor.fold_numbers import place_of
from butfor.recipe.categories import UNSEEN

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]
GROUPS = "groups"  # what the array of what stays together is called


@dataclass(frozen=True)
class Folds:
    """How examples are divided.

    count: of folds. stratified: by class. groups: `(examples,)`, what stays together, if anything does. fill: what stands for a
    missing number, mean or median; empty where there is none. hot: from which column to before which one the categories are.
    numbered: the columns that hold numbers of categories. words: those of texts.
    """

    count: int
    stratified: bool = False
    groups: Array | None = None
    fill: str = ""
    hot: tuple[tuple[int, int], ...] = ()
    numbered: tuple[int, ...] = ()
    words: CountedWords | None = None

    @classmethod
    def of(cls, manifest: dict[str, Any], stored: Mapping[str, Any]) -> Folds:
        """Those that a manifest describes. stored: what else is stored of the data."""
        about, size = manifest["folds"], manifest["folds"].get("vocabulary")
        hot = tuple((int(start), int(end)) for start, end in about["hot"])
        words = CountedWords.of(stored, manifest["vocabulary"], size) if size else None
        fitted = about["fill"], hot, tuple(about.get("numbered", ())), words
        return cls(int(about["folds"]), bool(about["stratified"]), stored.get(GROUPS), *fitted)

    @property
    def about(self) -> dict[str, Any]:
        """What a manifest says of them."""
        fitted = {"fill": self.fill, "hot": list(map(list, self.hot))}
        numbered = {"numbered": list(self.numbered)} if self.numbered else {}
        words = {"vocabulary": self.words.size, "words": self.words.digest} if self.words else {}
        return {"folds": self.count, "stratified": self.stratified, **fitted, **numbered, **words}

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

    def fitted(self, inputs: Inputs, kept: Rows, official: int) -> Inputs:
        """Inputs `(n, columns)`, one or several by name, with their gaps filled, and with categories and words of which no
        training row is as of none. kept: the rows that a seed is trained on, of which the last `official` only validate."""
        train = kept[: len(kept) - official]
        ready: Inputs = mapped(lambda each: self._fitted(each, train), inputs)
        return ready

    def _fitted(self, inputs: Array, train: Rows) -> Array:
        if self.words:
            return self.words.renumbered(inputs, train)
        if not self.fill and not self.hot and not self.numbered:
            return inputs
        ready = inputs.copy()
        for start, end in self.hot:
            ready[:, start:end] *= ready[train, start:end].any(axis=0)
        for place in self.numbered:
            ready[~np.isin(ready[:, place], ready[train, place]), place] = UNSEEN
        if self.fill:
            of = np.nanmedian if self.fill == "median" else np.nanmean
            middle = of(inputs[train].astype(np.float64), axis=0)
            ready = np.where(np.isnan(ready), middle, ready).astype(np.float32)
        return ready

    def vocabulary(self, train: Rows) -> tuple[str, ...]:
        """The words that have numbers where these rows are trained on."""
        words = self.words
        return tuple(words.vocabulary[word] for word in words.most_frequent(train)) if words else ()

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
