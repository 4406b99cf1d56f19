"""The arms of a study on each of its data sets. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from butfor.arm_names import on
from butfor.errors import Errors
from butfor.study.ablations import Entry, PlanError
from butfor.study.arm import Arm
from butfor.study.data_sets import ONLY


def crossed(arms: dict[str, Arm], made_by: Mapping[str, Entry], sets: list[str], errors: Errors) -> dict[str, Arm]:
    """Every arm on every data set, or on those that its entry asks for, in the order of the data sets; each is compared with its
    reference on the same data set. made_by: the entry of every arm but the baseline. errors: takes what is wrong.

    The arms of a study of one data set are what they are.
    """
    wanted = {name: _wanted(name, arm, made_by, sets, errors) for name, arm in arms.items()}
    if sets == [ONLY]:
        return arms
    each = [(name, arm) for name in sets for arm in arms.values() if name in wanted[arm.name]]
    return {made.name: made for made in (_placed(arm, name) for name, arm in each)}


def _placed(arm: Arm, data_set: str) -> Arm:
    return replace(
        arm,
        name=on(arm.name, data_set),
        reference=on(arm.reference, data_set) if arm.reference else None,
        grid=on(arm.grid, data_set) if arm.grid else "",
    )


def _wanted(name: str, arm: Arm, made_by: Mapping[str, Entry], sets: list[str], errors: Errors) -> list[str]:
    """The data sets of an arm: those of its entry, all of which its reference must have."""
    entry = made_by.get(name)
    if entry is None or not entry.only:
        asked = sets
    elif sets == [ONLY]:
        errors.add(
            PlanError(
                _expectation(entry, "with several data sets, received it with one. Leave it out."), (*entry.at, "only")
            )
        )
        return sets
    elif unknown := [each for each in entry.only if each not in sets]:
        errors.add(
            PlanError(
                _expectation(
                    entry, f"names of data sets, received {', '.join(unknown)}. Data sets: {', '.join(sets)}."
                ),
                (*entry.at, "only"),
            )
        )
        return sets
    else:
        asked = [each for each in sets if each in entry.only]
    reference = made_by.get(entry.reference) if entry else None
    if entry and reference and reference.only and (lacking := [each for each in asked if each not in reference.only]):
        errors.add(
            PlanError(
                f"ablations.{entry.name}: expected a reference on each of its data sets, received from: {entry.reference}, which"
                f" is not trained on {', '.join(lacking)}. Write only: [{', '.join(reference.only)}] here too.",
                entry.at,
            )
        )
    return asked


def _expectation(entry: Entry, words: str) -> str:
    return f"ablations.{entry.name}.only: expected {words}"
