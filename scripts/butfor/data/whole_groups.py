"""The validation part of examples that belong together, such as those of a patient: whole groups of them, so that what is
validated on is as new as what is tested on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TOGETHER = "together"  # what the array of these groups is called

Groups = np.ndarray[Any, np.dtype[Any]]  # whole numbers


def group_numbers(members: Any) -> Groups:
    """The number of each example's group, `(n,)`. members: what each belongs to."""
    return np.unique(np.asarray(members), return_inverse=True)[1].astype(np.int32).reshape(-1)


def has_room(groups: Groups, count: int) -> bool:
    """Whether whole groups can fill half of `count` rows or more."""
    sizes = np.bincount(groups)
    return bool(sizes[_chosen(sizes, np.argsort(-sizes, kind="stable"), count)].sum() >= count / 2)


def parted(order: Groups, groups: Groups, count: int) -> tuple[Groups, Groups]:
    """The rows to train on, and those to validate on: whole groups, in the order in which their first rows were drawn, each that
    still fits into `count` rows; the largest first, where these would fill less than half of it. Of the rest as many are trained
    on as if `count` were reached, so that every seed trains on as many; what is left over, less than the largest group, is in
    neither.

    order: of all rows, as drawn. groups: the number of each row's group; they have room (see has_room).
    """
    sizes, drawn = np.bincount(groups), groups[order]
    turns = drawn[np.sort(np.unique(drawn, return_index=True)[1])]
    chosen = _chosen(sizes, turns, count)
    if sizes[chosen].sum() < count / 2:
        chosen = _chosen(sizes, turns[np.argsort(-sizes[turns], kind="stable")], count)
    held = chosen[drawn]
    return order[~held][count - int(held.sum()) :], order[held]


def _chosen(sizes: Groups, turns: Groups, count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each group is validated on, if each that still fits is taken in turn."""
    chosen, left = np.zeros(len(sizes), bool), count
    for group in turns.tolist():
        if 0 < sizes[group] <= left:
            chosen[group] = True
            left -= int(sizes[group])
        if not left:
            break
    return chosen
