"""What the seeds of an arm came to together: means, spreads, and curves with a band from the smallest to the largest."""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from butfor.records.record import Record
from butfor.study.metrics import Metric


@dataclass(frozen=True)
class Band:
    """A curve over seeds, by epoch from the first: mean, smallest and largest, and how many seeds got so far."""

    mean: list[float]
    low: list[float]
    high: list[float]
    seeds: list[int]


@dataclass(frozen=True)
class ArmStatistics:
    """An arm's `seeds`, how many `failed`, and of the others: `mean` and `sd` by metric, in the metric's unit (sd of one seed
    is not known), and `curves` by their names in a record, the learning rate among them.

    started, ended: of the first and the last training, in seconds since 1970.
    """

    seeds: int
    failed: int
    mean: dict[str, float]
    sd: dict[str, float | None]
    curves: dict[str, Band]
    started: float
    ended: float


def statistics_of(
    records: Sequence[Record], must_learn: bool, metric: str, settling: Iterable[Metric]
) -> ArmStatistics:
    """The statistics of an arm's records; must_learn, metric: what decides whether a run counts as failed. settling: the metrics
    that verdicts could be asked of."""
    usable = [record for record in records if not record.failed(must_learn, metric)]
    values = {metric.name: figures for metric in settling if (figures := _values(metric, usable))}
    return ArmStatistics(
        seeds=len(records),
        failed=len(records) - len(usable),
        mean={name: statistics.fmean(each) for name, each in values.items()},
        sd={name: statistics.stdev(each) if len(each) > 1 else None for name, each in values.items()},
        curves={name: _band(curves) for name, curves in _curves(usable).items()},
        started=min(record.timing["started"] for record in records),
        ended=max(record.timing["ended"] for record in records),
    )


def recorded(metric: Metric, value: float) -> float:
    """A metric's value or spread as records and runs give it, rounded to as many decimals as are shown in its unit."""
    return round(value / metric.unit.scale, metric.unit.decimals + round(math.log10(metric.unit.scale)))


def _values(metric: Metric, records: Iterable[Record]) -> list[float]:
    """The metric of each record that has it: one that another engine left may not."""
    values = []
    for record in records:
        with contextlib.suppress(KeyError):
            values.append(metric.figure(record.metrics))
    return values


def _curves(records: Iterable[Record]) -> dict[str, list[list[float]]]:
    """The curves of records by name, one of each record."""
    curves: dict[str, list[list[float]]] = {}
    for record in records:
        names = [key for key in record.history[0] if "/" in key] if record.history else []
        for name in names:
            curves.setdefault(name, []).append([row[name] for row in record.history if name in row])
        steps = record.steps_per_epoch
        rates = [record.learning_rate[: row["epoch"] * steps][-1] for row in record.history]
        for name, points in (("objective", [row["objective"] for row in record.history]), ("learning_rate", rates)):
            curves.setdefault(f"train/{name}", []).append(points)
    return curves


def _band(curves: list[list[float]]) -> Band:
    epochs = [[curve[n] for curve in curves if n < len(curve)] for n in range(max(map(len, curves)))]
    means = [sum(values) / len(values) for values in epochs]
    return Band(means, [min(v) for v in epochs], [max(v) for v in epochs], [len(v) for v in epochs])
