"""What the runs that a figure shows are measured by, after every epoch and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from butfor.recipe.tasks import task_of
from butfor.records.record import Record
from butfor.study.metrics import NATS, TRAINED_LOSS, Quantity, quantities_in

IN_NATS = ("auto", "cross_entropy", "focal")  # losses of classes


def quantities_of(records: Sequence[Record]) -> tuple[Quantity, ...]:
    """Those of the records' task: accuracy and loss where there are none."""
    return quantities_in(name for record in records[:1] for row in record.history[:1] for name in row)


def trained_loss_of(records: Sequence[Record]) -> list[Quantity]:
    """The loss that trains, where every run has it after each epoch since it is watched; in nats where all of these are."""
    if not records or not all(
        f"validation/{TRAINED_LOSS.name}" in row for record in records for row in record.history[:1]
    ):
        return []
    losses = [record.recipe["loss"]["name"] if task_of(record.data).classes else "" for record in records]
    return [replace(TRAINED_LOSS, recorded_unit=NATS.name) if {*losses} <= {*IN_NATS} else TRAINED_LOSS]
