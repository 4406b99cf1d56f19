"""Whether a data set's task is one that every recipe of a study can be trained for: asked as data are made, and at each start of
the data that are there, which another arm may not suit. Standard library only."""

from __future__ import annotations

from typing import Any, Protocol

from butfor.data.data_error import DataError
from butfor.recipe.tasks import MULTILABEL, OWN, REGRESSION, TASKS
from butfor.recipe.watched_figures import TRAINED

OF_CLASSES = ("cross_entropy", "focal", "dice")
OF_NUMBERS = ("huber", "log_cosh", "pinball")
OF_SIZES = "MeanAbsolutePercentageError"  # which asks how large a target is, and not on which side of 0


class Aim(Protocol):
    """What a model is to give: the `task` by its name, the shape of the `outputs` for one example, and whether the task was
    `guessed` by the targets."""

    @property
    def task(self) -> str: ...
    @property
    def outputs(self) -> tuple[int, ...]: ...
    @property
    def guessed(self) -> bool: ...


def check_inputs(inputs: object, needs: dict[str, Any], source: str) -> None:
    """Raise DataError if recipes cannot be trained on several inputs. needs: see Plan.largest."""
    if not isinstance(inputs, dict):
        return
    names = ", ".join(inputs)
    if needs["models"] != "own":
        raise DataError(
            f"{source}: expected a model of your own, since each example has the inputs {names}, and built-in models take one"
            f' array, received {needs["models"]} models. Write recipe: {{model: "my_model:build"}}, a function that gets their'
            " shapes by name."
        )
    if any(way == "cutmix" for way, _ in needs["mixed"]):
        raise DataError(
            f"{source}: expected one input with cutmix, which takes a piece of another image, received {names}. Leave it out, or"
            " write mixup."
        )


def check_suits(targets: Aim, needs: dict[str, Any], source: str) -> None:
    """Raise DataError unless the recipes can be trained for the task of these targets. needs: see Plan.largest."""
    task = TASKS[targets.task]
    what = _task_of(targets, source)
    if "own" not in needs["models"] and len(targets.outputs) > 1:
        raise DataError(
            f"{what}: expected a model of your own, since each example has targets of shape {targets.outputs}, and built-in"
            f' models give one row of outputs; received {needs["models"]} models. Write recipe: {{model: "my_model:build"}}.'
        )
    if task is OWN and needs["models"] != "own":
        raise DataError(
            f"{what}: expected models of your own with a loss of their own, received {needs['models']} ones."
        )
    for figure in needs["watched"]:
        known = ["loss"] if task is OWN else ["loss", TRAINED, task.figure]
        if figure not in known:
            own = ", which is the model's own loss there" if figure == TRAINED else ""
            raise DataError(
                f"{what}: expected early_stopping and schedule to watch {_either(known)}{own}, received monitor: {figure}."
            )
    for name in needs["losses"]:
        if task is OWN or name in (OF_NUMBERS if task.classes else OF_CLASSES):
            kind = "the model's own alone" if task is OWN else f"one of {'classes' if task.classes else 'numbers'}"
            raise DataError(
                f"{what}: expected a loss that is {kind}, received loss: {name}. Leave it out, or name another."
            )
    if needs["smoothed"] and not task.classes:
        raise DataError(f"{what}: expected label_smoothing where targets are classes. Leave it out.")
    if needs["moved"] and len(targets.outputs) > 1:
        raise DataError(
            f"{what}: expected one target per example where images are moved, received targets of shape {targets.outputs}, which"
            f" would stay where they are. Leave out {', '.join(needs['moved'])}."
        )
    if needs["given_weights"] and task is OWN:
        raise DataError(
            f"{what}: expected no sample_weight, since the model's own loss is not known to take any. Leave it out."
        )
    _check_mixing(targets, needs["mixed"], what)
    counts = [count for count in needs["weighted"] if count >= 0]
    if needs["weighted"] and (not task.classes or task is MULTILABEL):
        raise DataError(f"{what}: expected class_weight where each target is one class. Leave it out.")
    classes = 2 if targets.outputs == (1,) else targets.outputs[-1]
    if wrong := [count for count in counts if count != classes]:
        raise DataError(
            f"{what}: expected class_weight with a weight for each of {classes} classes, received {wrong[0]}."
        )


def _task_of(targets: Aim, source: str) -> str:
    return f"{source}: task {targets.task}{' (by its targets)' if targets.guessed else ''}"


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def check_positive(targets: Aim, lowest: float, needs: dict[str, Any], source: str) -> None:
    """Raise DataError for losses that are made for targets above 0 where some are below, or are scaled to be around it: they
    would train without a word, by numbers that mean nothing. lowest: the least of the targets. needs: see Plan.largest."""
    if targets.task != REGRESSION.name:
        return
    what = _task_of(targets, source)
    for name, is_scaled in needs["positive"]:
        if is_scaled:
            raise DataError(
                f"{what}: expected recipe.target_scaling: none with the loss {name}, which is made for targets above 0, received"
                " standard, which makes many of them negative. Write recipe: {target_scaling: none}, or another loss, such as"
                " huber."
            )
        if name != OF_SIZES and lowest < 0:
            raise DataError(
                f"{what}: expected targets of 0 or more with the loss {name}, which has no meaning below, received {lowest:g}."
                " Name another loss, such as mean_absolute_error or huber."
            )


def _check_mixing(targets: Aim, mixed: list[list[str]], what: str) -> None:
    """mixed: ways of mixing batches, each with the loss of the user's own that it is to be trained by, if any."""
    task = TASKS[targets.task]
    for way, own_loss in mixed:
        if task is OWN:
            raise DataError(
                f"{what}: expected no {way}, since only the model knows what its targets are. Leave it out."
            )
        if way == "cutmix" and (not task.classes or len(targets.outputs) > 1):
            raise DataError(
                f"{what}: expected cutmix where an image has one target of classes, which count by their areas, received targets"
                f" of shape {targets.outputs}. Leave it out, or write mixup."
            )
        if own_loss and task.classes:
            raise DataError(
                f"{what}: expected a loss that butfor or Keras has with {way}, which mixes classes, received loss: {own_loss}."
                " Name another, or leave it out."
            )
