"""What the runs that a figure shows are measured by, after every epoch and at the end."""

from __future__ import annotations

from collections.abc import Sequence

from butfor.records.record import Record
from butfor.study.metrics import Quantity, quantities_in


def quantities_of(records: Sequence[Record]) -> tuple[Quantity, ...]:
    """Those of the records' task: accuracy and loss where there are none."""
    return quantities_in(name for record in records[:1] for row in record.history[:1] for name in row)
