"""What learning curves show up their side: the metric that decides first, as far as runs tell it after every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from butfor.figures.panels import Measure
from butfor.figures.quantities import quantities_of, trained_loss_of, watched_metrics_of
from butfor.languages.phrases import level_term, phrase, term
from butfor.records.record import Record
from butfor.records.tables import epoch_rows
from butfor.study.metrics import SQUARES, Metric, Quantity
from butfor.study.study_metrics import on_part

PART = "validation"
TRAINED = "objective"  # of a history: the loss that the optimiser saw
DECIDING = "deciding"  # the metric that decides, where no history has it but all tell it


@dataclass(frozen=True)
class Course:
    """The epochs of some runs as a table with a row each, the measures of it that are drawn, and which of them decides, in
    sentences."""

    table: pd.DataFrame
    measures: list[Measure]
    note: str


def course_of(records: Sequence[Record], metric: Metric | None) -> Course:
    """What runs are measured by after every epoch. metric: the one that verdicts are asked of: the first measure, if histories
    have it or tell it, as the mean squared error tells its root; else the loss that was trained is. Beside one of these that
    histories do not have, no mean squared error is drawn: of two losses, nobody would know which was meant. Last comes the loss
    that trains, where it is watched, and metrics that are.
    """
    rows = [row for record in records for row in epoch_rows(record)]
    quantities = [*quantities_of(records), *trained_loss_of(records), *watched_metrics_of(records)]
    recorded = next((each for each in quantities if metric and metric.name == f"test/{each.name}"), None)
    if metric is None or recorded:
        quantities.sort(key=lambda each: each is not recorded)
        return _course(rows, [], quantities, _on_deciding(metric))
    values, others = [_value(metric, row) for row in rows], [each for each in quantities if each is not SQUARES]
    if None in values:
        trained = Measure(TRAINED, phrase("training loss (as the optimiser saw it)"), focus=True)
        return _course(rows, [trained], others, _on_trained(metric))
    rows_with_metric = [{**row, DECIDING: value} for row, value in zip(rows, values, strict=True)]
    deciding = Measure(DECIDING, _label(metric.short, metric.unit.level), focus=True)
    return _course(rows_with_metric, [deciding], others, _on_deciding(metric))


def _course(rows: list[dict[str, Any]], first: list[Measure], quantities: list[Quantity], note: str) -> Course:
    measures = [
        *first,
        *(Measure(f"{PART}/{q.name}", _label(q.title, q.recorded_unit), focus=True) for q in quantities),
    ]
    columns = ["arm", "seed", "epoch", *(measure.column for measure in measures)]
    squares = phrase("The loss is the mean squared error.") if SQUARES in quantities else ""
    return Course(pd.DataFrame(rows, columns=columns), measures, " ".join(filter(None, [note, squares])))


def _label(title: str, unit: str) -> str:
    return phrase("validation {quantity} ({unit})", quantity=term(title), unit=level_term(unit))


def _value(metric: Metric, row: dict[str, Any]) -> float | None:
    """The metric on validation examples after an epoch, in its unit; None if what is recorded then does not tell it."""
    try:
        return on_part(PART, metric).figure({name: value for name, value in row.items() if name.startswith(PART)})
    except KeyError:
        return None


def _on_deciding(metric: Metric | None) -> str:
    if metric is None:
        return ""
    return phrase("Verdicts are on {metric}; its course on validation examples comes first.", metric=term(metric.title))


def _on_trained(metric: Metric) -> str:
    return phrase(
        "Verdicts are on {metric}, which is measured at the end alone. First comes the loss that was trained, each arm's own, as"
        " the optimiser saw it: with dropout, penalty terms and, of a regression, scaled targets.",
        metric=term(metric.title),
    )
