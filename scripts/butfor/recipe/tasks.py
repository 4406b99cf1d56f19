"""The tasks that models are trained for, in one table: what the targets are, and what is measured beside the loss. Standard
library only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """A kind of supervised task.

    targets: what an example's target is, in words. figure: what each part of the data is measured by beside the loss; empty
    where nothing can be known. loss: the plain loss, in words, and `unit` its unit. classes: whether targets are classes, one
    or several of them. places: whether there is a target at each place of an example, such as a pixel or a step of time.
    """

    name: str
    targets: str
    loss: str
    unit: str
    figure: str = "accuracy"
    classes: bool = True
    places: bool = False


CLASSIFICATION = Task("classification", "one class", "cross-entropy", "nats")
BINARY = Task("binary", "one of two classes, by a single output", "cross-entropy", "nats")
MULTILABEL = Task("multilabel", "any number of classes at once", "cross-entropy per class", "nats")
REGRESSION = Task(
    "regression", "numbers", "mean squared error", "squared units of the target", figure="mae", classes=False
)
SEGMENTATION = Task("segmentation", "a class per pixel", "cross-entropy per pixel", "nats", places=True)
SEQUENCE = Task("sequence", "a class per step", "cross-entropy per step", "nats", places=True)
OWN = Task("own", "whatever the model's own step takes", "the model's own loss", "units", figure="", classes=False)

TASKS = {task.name: task for task in (CLASSIFICATION, BINARY, MULTILABEL, REGRESSION, SEGMENTATION, SEQUENCE, OWN)}


def task_of(data: dict[str, object]) -> Task:
    """The task of a record's or a manifest's `data`; one that does not say is a classification."""
    return TASKS[str(data.get("task", CLASSIFICATION.name))]
