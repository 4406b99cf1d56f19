"""Whether a data set can be divided into the folds that a study asks for: asked before anything trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from butfor.data.dataset import Array, DataError
from butfor.data.folds import GROUPS, Folds, Rows
from butfor.data.several_inputs import Inputs
from butfor.data.sources.brought import Brought
from butfor.fold_numbers import ONE_CLASS, is_stratified, place_of

Settings = dict[str, Any]


def folds_of(asked: Settings, brought: Brought, task: str, source: str) -> Folds:
    """The folds of a data set. asked: `folds`, `stratified`, `groups` and `seeds`. Raises DataError."""
    given, stratified = brought.arrays.get(GROUPS), asked["stratified"]
    if asked["groups"] and given is None:
        raise DataError(
            f"{source}: replicates.groups: expected a table with that column, or arrays with one of that name, received"
            f" {asked['groups']}. Leave it out."
        )
    if stratified and task not in ONE_CLASS:
        raise DataError(
            f"{source}: replicates.stratified: expected a class for each example, received task {task}. Write stratified: false."
        )
    groups = None if given is None else np.unique(given, return_inverse=True)[1].astype(np.int32)
    by_class = is_stratified(stratified, task)
    return Folds(asked["folds"], by_class, groups, brought.fill, brought.hot, brought.numbered, brought.words)


def seeds_of(asked: Settings) -> range:
    """The seeds of a study of folds."""
    first, count = asked["seeds"]
    return range(first, first + count)


def smallest_part(folds: Folds, asked: Settings, x: Inputs, y: Array, task: str, source: str) -> int:
    """The number of training examples of the fold that has the fewest. x, y: what is divided. Raises DataError."""
    _check_counts(folds, y, source)
    sizes = []
    for seed in seeds_of(asked):
        train, test = folds.rows(y, seed)
        sizes.append(len(train))
        for problem in _problems(folds, x, train, y[train], y, task, len(test)):
            repeat, fold = place_of(seed, folds.count)
            raise DataError(f"{source}: replicates: fold {fold + 1} of repeat {repeat + 1}: {problem}")
    return min(sizes)


def _check_counts(folds: Folds, y: Array, source: str) -> None:
    groups = len(y) if folds.groups is None else len(np.unique(folds.groups))
    what = "examples" if folds.groups is None else "groups"
    if folds.groups is not None and len(folds.groups) != len(y):
        raise DataError(
            f"{source}: replicates.groups: expected one for each of {len(y)} training examples, received {len(folds.groups)}."
        )
    if groups < folds.count:
        raise DataError(
            f"{source}: replicates.folds: expected at most the {groups} {what}, received {folds.count}. Write folds: {groups}."
        )
    if folds.stratified and folds.groups is None and (fewest := int(np.bincount(y).min())) < folds.count:
        fewer = f"Write folds: {fewest}, or stratified: false" if fewest > 1 else "Write stratified: false"
        raise DataError(
            f"{source}: replicates.folds: expected at most the {fewest} examples of the rarest class, so that each fold has one,"
            f" received {folds.count}. {fewer}."
        )


def _problems(folds: Folds, x: Inputs, train: Rows, y: Array, every: Array, task: str, tested: int) -> Iterator[str]:
    if task in ONE_CLASS and len(lost := np.setdiff1d(every, y)):
        yield f"expected training examples of every class, received none of {lost[0]}. Write fewer folds, or stratified: true."
    if not tested:
        yield "expected examples to be tested on, received none. Write fewer folds."
    if folds.fill and not isinstance(x, dict) and (empty := np.flatnonzero(np.isnan(x[train]).all(axis=0))).size:
        yield (
            f"expected a value in each column of the training rows, received none in column {empty[0]}, counted from 0. Write"
            " fewer folds, or drop the column."
        )
