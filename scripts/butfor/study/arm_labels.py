"""Labels: what arms are called in the report, the figures, the tables and MLflow, where a study file says so.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from butfor.arm_names import anywhere, data_set_of, on
from butfor.errors import Place
from butfor.study.arm import Arm
from butfor.study.summary import ArmPlan, PlanSummary

Labels = str | Mapping[str, str]  # of the only arm of an entry, or by arm


def label_of(arm: ArmPlan) -> str:
    """What an arm is called: its label, with the data set if there are several, or else its name."""
    return on(arm["label"], data_set_of(arm["name"])) if arm.get("label") else arm["name"]


def labels_of(study: PlanSummary) -> dict[str, str]:
    """What each arm is called, by name."""
    return {arm["name"]: label_of(arm) for arm in study["arms"]}


def label_in(labels: Labels, arm: str) -> str:
    """The label that an entry gives one of its arms; empty if none."""
    return labels if isinstance(labels, str) else labels.get(arm, "")


def wrong_labels(entry: str, labels: Labels, made: list[str]) -> str:
    """What is wrong with the labels of an entry that makes these arms; empty if nothing is."""
    if isinstance(labels, str):
        several = bool(labels) and len(made) > 1
        example = f"{{{made[0]}: {labels}}}" if made else ""
        return (
            f"ablations.{entry}.label: expected a label for each of its {len(made)} arms, received one for all. Write"
            f" label: {example}, with the others."
            if several
            else ""
        )
    unknown = [name for name in labels if name not in made]
    if not unknown or not made:
        return ""
    return f"ablations.{entry}.label: expected names of its arms, received {', '.join(unknown)}. Its arms: {', '.join(made)}."


def same_labels(arms: Mapping[str, Arm]) -> Iterator[tuple[str, Place]]:
    """A message, and the place, for every label that is another arm's already, or its name."""
    taken = {name: name for name in arms}
    for arm in arms.values():
        if not arm.label:
            continue
        other = taken.setdefault(arm.label, arm.name)
        if anywhere(other) != anywhere(arm.name):
            yield (
                f"ablations: {other} and {arm.name} would both be called {arm.label}. Give {arm.name} another label.",
                ("ablations", arm.name),
            )
