"""The designs in a study's plan that can show interactions: grids, and parts both left out and added. Standard library only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from butfor.study.arm import BASELINE, baseline_of
from butfor.study.summary import ArmPlan, PlanSummary, reference_of, setting


@dataclass(frozen=True)
class Grid:
    """A full factorial of at least two factors with at least two levels each.

    factors: by recipe key its levels, the base first: the reference's own level, or the first that was declared. cells:
    by the levels in the order of the factors, the arm; the reference is one of them if it lies on the grid.
    """

    name: str
    family: str
    reference: str
    factors: dict[str, list[str]]
    cells: dict[tuple[str, ...], str]

    @property
    def arms(self) -> list[str]:
        """The arms of all cells, the one of all base levels first."""
        return [self.cells[cell] for cell in itertools.product(*self.factors.values())]


@dataclass(frozen=True)
class PartBothWays:
    """A part of the recipe that one arm leaves out of the baseline (`without`) and another (`only`) adds to `bare`."""

    part: str
    without: str
    only: str
    bare: str
    full: str = BASELINE

    @property
    def arms(self) -> list[str]:
        """The four arms."""
        return [self.full, self.without, self.only, self.bare]


def grids(study: PlanSummary) -> list[Grid]:
    """The study's grids whose arms are compared, in the order of the plan; a grid of one factor is a family like others."""
    by_name: dict[str, list[ArmPlan]] = {}
    for arm in study["arms"]:
        if arm["grid"] and arm["reference"]:
            by_name.setdefault(arm["grid"], []).append(arm)
    made = (_grid(name, arms) for name, arms in by_name.items())
    return [grid for grid in made if grid]


def parts_both_ways(study: PlanSummary) -> list[PartBothWays]:
    """The parts that are both left out of the baseline and added to another recipe that lacks them, judged by recipes,
    so that arms written out by hand count as well."""
    arms = {arm["name"]: arm for arm in study["arms"]}
    alone: dict[tuple[str, str], list[ArmPlan]] = {}
    for arm in study["arms"]:
        if arm["reference"] and len(arm["changed"]) == 1:
            alone.setdefault((arm["changed"][0], baseline_of(arm["name"])), []).append(arm)
    parts = []
    for (part, full), of_part in alone.items():
        present = setting(arms[full], part)
        adding = [arm for arm in of_part if setting(arm, part) == present]
        parts += [
            PartBothWays(part, without["name"], only["name"], reference_of(only), full)
            for without in (of_part if adding else [])
            for only in adding
            if without["reference"] == full and setting(arms[reference_of(only)], part) == setting(without, part)
        ]
    places = {name: place for place, name in enumerate(arms)}
    return sorted(parts, key=lambda both: (places[both.without], places[both.only]))


def short(factor: str, level: str) -> str:
    """A level's name without the factor's, for where that stands beside it."""
    return level.removeprefix(f"{factor.rsplit('.', 1)[-1]}_")


def _grid(name: str, arms: list[ArmPlan]) -> Grid | None:
    factors: dict[str, list[str]] = {key: [] for key in arms[0]["levels"]}
    for key, levels in factors.items():
        at_base = [arm["levels"][key] for arm in arms if key not in arm["changed"]]
        levels += dict.fromkeys([*at_base, *(arm["levels"][key] for arm in arms)])
    factors = {key: levels for key, levels in factors.items() if len(levels) > 1}
    if len(factors) < 2:
        return None
    cells = {tuple(arm["levels"][key] for key in factors): arm["name"] for arm in arms}
    for cell in itertools.product(*factors.values()):
        cells.setdefault(cell, reference_of(arms[0]))  # the one cell that makes no arm, because it is the reference
    return Grid(name, arms[0]["family"], reference_of(arms[0]), factors, cells)
