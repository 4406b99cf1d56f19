"""The one number that an ablation changes in its reference's recipe, if it changes nothing else. Standard library only."""

from __future__ import annotations

from typing import Any, NamedTuple

from butfor.study.summary import ArmPlan, setting


class ChangedNumber(NamedTuple):
    """A setting by its path, such as `schedule.factor`, and its values."""

    key: str
    value: float
    before: float


def number_changed(arm: ArmPlan, reference: ArmPlan) -> ChangedNumber | None:
    """The number that is all an arm changes in its reference; None where it changes more, or something else."""
    if len(arm["changed"]) != 1:
        return None
    key = arm["changed"][0]
    return _within(key, setting(reference, key), setting(arm, key))


def numbers_changed(arms: list[ArmPlan], reference: ArmPlan) -> dict[str, dict[str, ChangedNumber]]:
    """By path, what arms change that number alone, where they and the reference have three values of it or more."""
    by_key: dict[str, dict[str, ChangedNumber]] = {}
    for arm in arms:
        if change := number_changed(arm, reference):
            by_key.setdefault(change.key, {})[arm["name"]] = change
    return {key: own for key, own in by_key.items() if len({change.value for change in own.values()}) > 1}


def _within(key: str, before: Any, after: Any) -> ChangedNumber | None:
    if isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        inner = [name for name in before if before[name] != after[name]]
        return _within(f"{key}.{inner[0]}", before[inner[0]], after[inner[0]]) if len(inner) == 1 else None
    if _is_number(before) and _is_number(after) and before != after:
        return ChangedNumber(key, float(after), float(before))
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
