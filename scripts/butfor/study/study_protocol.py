"""The protocol of a study: all in its file that decides a verdict, as the register keeps it.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

from butfor.fingerprint import canonical, fingerprint
from butfor.recipe.recipe_mark import recipe_mark
from butfor.study import claims
from butfor.study.arm import Arm, Recipe, baseline_of, is_baseline
from butfor.study.claims import Claim
from butfor.study.plan import Plan

Settings = dict[str, Any]


class ArmTerms(TypedDict):
    """An arm: its recipe by fingerprint, its reference (None: it is compared with none), the family that it is corrected
    within (empty: all are corrected together), and what it sets in its reference's recipe, or in the baseline's if it has
    no reference; the baseline, all. `asks`: what it asks, by fingerprint: its own changes in those of its reference, whatever
    arms are called and whatever else the recipes hold.
    """

    recipe: str
    reference: str | None
    family: str
    sets: Recipe
    asks: str


@dataclass(frozen=True)
class Protocol:
    """claims and arms by name. terms: every setting that decides, by its place in the study file. because: why that was
    changed which the register holds otherwise; empty without a reason."""

    claims: dict[str, Claim] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    arms: dict[str, ArmTerms] = field(default_factory=dict)
    because: str = ""


def protocol(settings: Settings, plan: Plan, own_code: Mapping[str, Any] | None = None) -> Protocol:
    """The protocol of a completed study file and its plan. own_code: what stands for the user's own code, if there is any."""
    by_family = settings["verdict"]["corrected_over"] == "family"
    primary = sorted(arm.name for arm in plan.ablations if arm.primary)
    settled = {**terms(settings), "primary": primary, **({"own_code": own_code} if own_code else {})}
    return Protocol(settings["claims"], settled, arms(plan, by_family), settings["because"])


def terms(settings: Settings) -> dict[str, Any]:
    """What a study is judged by: data, seeds, looks, the search of learning rates, all settings of verdicts, and what the
    metrics are that it asks for."""
    verdict = {f"verdict.{key}": value for key, value in settings["verdict"].items()}
    metrics = {name: claims.deciding(terms) for name, terms in settings["metrics"].items()}
    return {**claims.fixed(settings), "tune": settings["tune"], **verdict, "metrics": metrics}


def arms(plan: Plan, by_family: bool) -> dict[str, ArmTerms]:
    """Every arm of a plan as the register keeps it. by_family: whether each family is corrected by itself."""
    by_arm: dict[str, ArmTerms] = {}
    for arm in plan.arms.values():  # a reference comes before the arms that are changed from it
        sets = _sets(arm, plan.arms[baseline_of(arm.name)].recipe)
        above = by_arm[arm.reference]["asks"] if arm.reference else arm.data_set
        by_arm[arm.name] = {
            "recipe": recipe_mark(arm.recipe),
            "reference": arm.reference,
            "family": arm.family if by_family else "",
            "sets": sets,
            "asks": arm.name if is_baseline(arm.name) else fingerprint([sets, above]),
        }
    return by_arm


def _sets(arm: Arm, baseline: Recipe) -> Recipe:
    if arm.reference:
        sets = {key: _at(arm.recipe, key) for key in arm.changed}
    else:
        sets = {key: value for key, value in arm.recipe.items() if is_baseline(arm.name) or value != baseline[key]}
    return cast(Recipe, json.loads(json.dumps(canonical(sets))))


def _at(recipe: Recipe, key: str) -> Any:
    value: Any = recipe
    for step in key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
