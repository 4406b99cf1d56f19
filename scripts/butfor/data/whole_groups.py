"""The validation part of examples that belong together, such as those of a patient: whole groups of them, so that what is
validated on is as new as what is tested on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TOGETHER = "together"  # what the array of these groups is called

Groups = np.ndarray[Any, np.dtype[np.int32]]


def group_numbers(members: Any) -> Groups:
    """The number of each example's group, `(n,)`. members: what each belongs to."""
    return np.unique(np.asarray(members), return_inverse=True)[1].astype(np.int32).reshape(-1)


def has_room(groups: Groups, count: int) -> bool:
    """Whether `count` rows have room for a whole group."""
    return bool(np.bincount(groups).min() <= count)


def parted(order: Groups, groups: Groups, count: int) -> tuple[Groups, Groups]:
    """The rows to train on, and those to validate on: whole groups, in the order in which their first rows were drawn, each that
    still fits into `count` rows. Of the rest as many are trained on as if `count` were reached, so that every seed trains on as
    many; what is left over, less than the largest group, is in neither. Where no group fits, as in a fold without the small ones,
    rows are validated on as they were drawn.

    order: of all rows, as drawn. groups: the number of each row's group.
    """
    sizes, left = np.bincount(groups), count
    chosen = np.zeros(len(sizes), bool)
    drawn = groups[order]
    for group in drawn[np.sort(np.unique(drawn, return_index=True)[1])].tolist():
        if sizes[group] <= left:
            chosen[group] = True
            left -= int(sizes[group])
        if not left:
            break
    if not chosen.any():
        return order[count:], order[:count]
    held = chosen[drawn]
    return order[~held][left:], order[held]
