"""Categories as inputs: columns of a table that hold the numbers of categories, and what a recipe makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

UNSEEN = 0  # the number of a category that no training row has
WIDEST = 600


class Categorical(NamedTuple):
    """A column of numbers of categories: its name, its place among the columns of its input, which has a name where there are
    several, and how many numbers there are, UNSEEN among them."""

    name: str
    place: int
    size: int
    input: str = ""


def widths(recipe: dict[str, Any], sizes: Sequence[int]) -> list[int]:
    """How long the vector of a category is, for columns of so many numbers; none where categories are columns of 0 and 1.

    By default 1.6 n^0.56 and at most 600, the rule of fastai (Howard and Gugger 2020; `emb_sz_rule` in its code).
    """
    chosen = recipe["categories"]
    if chosen["name"] == "one_hot":
        return []
    return [chosen["width"] or min(WIDEST, round(1.6 * size**0.56)) for size in sizes]


def places(categorical: Sequence[Categorical], inputs: Any) -> Any:
    """Where such columns stand in the inputs, of several by name."""
    if not isinstance(inputs, dict):
        return [column.place for column in categorical]
    return {name: [column.place for column in categorical if column.input == name] for name in inputs}


def left_numbers(scale: Callable[[Any], Any], kept: Sequence[int]) -> Callable[[Any], Any]:
    """A scaling that leaves the columns in these places as they are."""

    def scaled(rows: Any) -> Any:
        result = scale(rows)
        result[:, kept] = rows[:, kept]
        return result

    return scaled if kept else scale
