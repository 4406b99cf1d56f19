"""What the runs that a figure shows are measured by, after every epoch and at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from butfor.recipe.tasks import task_of
from butfor.recipe.watched_figures import figure_name, metrics_watched
from butfor.records.record import Record
from butfor.study.metric_catalogue import CATALOGUE, title_of
from butfor.study.metrics import ACCURACY, NATS, TRAINED_LOSS, UNITS, Quantity, quantities_in

IN_NATS = ("auto", "cross_entropy", "focal")  # losses of classes


def quantities_of(records: Sequence[Record]) -> tuple[Quantity, ...]:
    """Those of the records' task: accuracy and loss where there are none."""
    return quantities_in(name for record in records[:1] for row in record.history[:1] for name in row)


def watched_metrics_of(records: Sequence[Record]) -> list[Quantity]:
    """The metrics that every run has after each epoch, since they are watched."""
    if not records:
        return []
    metrics = {figure_name(metric): metric for record in records for metric in metrics_watched(record.recipe)}
    return [
        _quantity(metric)
        for name, metric in metrics.items()
        if all(f"validation/{name}" in row for record in records for row in record.history[:1])
    ]


def _quantity(metric: Mapping[str, Any]) -> Quantity:
    """A metric in the unit of what is computed, which of one that is given in hundredths is a share."""
    known = CATALOGUE.get(metric["score"])
    unit = known.unit if known and known.scale == 1 else UNITS.name if known is None else ACCURACY.recorded_unit
    return Quantity(metric["name"], title_of(metric["name"]), unit, UNITS, metric["higher_is_better"])


def trained_loss_of(records: Sequence[Record]) -> list[Quantity]:
    """The loss that trains, where every run has it after each epoch since it is watched; in nats where all of these are."""
    if not records or not all(
        f"validation/{TRAINED_LOSS.name}" in row for record in records for row in record.history[:1]
    ):
        return []
    losses = [record.recipe["loss"]["name"] if task_of(record.data).classes else "" for record in records]
    return [replace(TRAINED_LOSS, recorded_unit=NATS.name) if {*losses} <= {*IN_NATS} else TRAINED_LOSS]
