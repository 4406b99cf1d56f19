"""Runs that one program trains at once: a cohort is all (recipe, seed) pairs of one structure.

Recipes of a structure differ in numbers, in how their weights begin and in when a run ends (see given_numbers). A part that
only some of them have, such as dropout, is in the program of all, and does nothing where its number is 0. Standard library
only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from butfor.recipe.given_numbers import rest_of, switches_of

Recipe = dict[str, Any]


@dataclass(frozen=True)
class Cohort:
    """recipe: that of one of the runs, whose structure all have. switches: the parts that any of them has. runs: their places in
    the list that was asked about. planned: for how many runs its program has lanes, as far as a device has memory for them;
    also where some are trained already, so that each is trained as one of so many.
    """

    recipe: Recipe
    switches: frozenset[str]
    runs: tuple[int, ...]
    planned: int


def cohorts(runs: Sequence[tuple[Recipe, int]], apart: bool = False) -> list[Cohort]:
    """The cohorts of runs, given by recipe and seed, in the order of their first ones. apart: whether runs are kept apart that
    have not the same parts."""
    keys: dict[int, tuple[str, frozenset[str]]] = {}  # by recipe, which many seeds share
    for recipe, _ in runs:
        if id(recipe) not in keys:
            keys[id(recipe)] = rest_of(recipe), switches_of(recipe)
    alike: dict[tuple[str, frozenset[str]], list[int]] = {}
    for place, (recipe, _) in enumerate(runs):
        rest, switches = keys[id(recipe)]
        alike.setdefault((rest, switches if apart else frozenset()), []).append(place)
    return [
        Cohort(
            runs[places[0]][0],
            frozenset().union(*(keys[id(runs[place][0])][1] for place in places)),
            tuple(places),
            planned=len(places),
        )
        for places in alike.values()
    ]
