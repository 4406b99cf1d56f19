"""Which of several trained models is the best: by validation images, since the test set is not for choosing."""

from __future__ import annotations

from collections.abc import Iterable

from butfor.records.record import Record


def best(records: Iterable[Record]) -> Record | None:
    """The run with the highest final validation accuracy, of equals with the lowest validation loss, then the first seed; where
    there is no accuracy, that with the lowest loss. None if there is none whose training succeeded.
    """
    usable = [record for record in records if record.status in ("ok", "commonest_class")]
    return min(usable, key=_rank) if usable else None


def _rank(record: Record) -> tuple[float, float, int]:
    return -record.metrics.get("validation/accuracy", 0.0), record.metrics["validation/loss"], record.seed
