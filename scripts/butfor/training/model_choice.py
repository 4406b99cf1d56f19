"""Which of several trained models is the best: by validation images, since the test set is not for choosing."""

from __future__ import annotations

import math
from collections.abc import Iterable

from butfor.recipe.early_stopping import lower_is_better
from butfor.recipe.watched_figures import chooses, figure_name
from butfor.records.record import Record, validation_figures


def best(records: Iterable[Record]) -> Record | None:
    """The run that is best by the validation figure that early stopping is told to watch, if it is; of equals with the highest
    final validation accuracy, then with the lowest validation loss, then the first seed; where there is no accuracy, that with
    the lowest loss. None if there is none whose training succeeded.
    """
    usable = [record for record in records if record.status in ("ok", "commonest_class")]
    return min(usable, key=_rank) if usable else None


def _rank(record: Record) -> tuple[float, float, float, int]:
    return (
        _watched(record),
        -record.metrics.get("validation/accuracy", 0.0),
        record.metrics["validation/loss"],
        record.seed,
    )


def _watched(record: Record) -> float:
    """What is watched, the smaller the better; the same for all runs where that is the plain loss."""
    monitor = chooses(record.recipe)
    if monitor is None:
        return 0.0
    return lower_is_better({figure_name(monitor): math.nan, **validation_figures(record.metrics)}, monitor)
