"""What a study's pictures are about: its families, or of very many all ablations together. Standard library only."""

from __future__ import annotations

from butfor.study.designs import Grid, grids
from butfor.study.summary import ArmPlan, PlanSummary, ablations_of, families, reference_of

MOST_FAMILIES = 20  # with pictures and a section of their own
MOST_REFERENCES = 3  # with pictures, where all ablations are pictured together
ALL = ""  # in the place of a family's name

ByReference = dict[str, list[ArmPlan]]


def are_pictured_together(study: PlanSummary) -> bool:
    """Whether a study has so many families that its pictures show the ablations with the largest effects of all of them."""
    return len(families(study)) > MOST_FAMILIES


def pictured_families(study: PlanSummary) -> dict[str, ByReference]:
    """The ablations of each family by their reference, in the order of the plan; where all are pictured together, those of the
    references that have the most."""
    together, by_family = are_pictured_together(study), dict[str, ByReference]()
    for arm in ablations_of(study):
        of_family = by_family.setdefault(ALL if together else arm["family"], {})
        of_family.setdefault(reference_of(arm), []).append(arm)
    if together:
        largest = sorted(by_family[ALL].items(), key=lambda item: -len(item[1]))[:MOST_REFERENCES]
        return {ALL: dict(largest)}
    return by_family


def pictured_grids(study: PlanSummary) -> dict[str, list[Grid]]:
    """The grids of each family; where all ablations are pictured together, the first of all."""
    together, by_family = are_pictured_together(study), dict[str, list[Grid]]()
    made = grids(study) if families(study) else []
    for grid in made[: MOST_FAMILIES if together else None]:
        by_family.setdefault(ALL if together else grid.family, []).append(grid)
    return by_family
