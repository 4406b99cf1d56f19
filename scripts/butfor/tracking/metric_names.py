"""The names that a run's metrics have in MLflow, where the part before the slash is the title of a section of charts."""

from __future__ import annotations

from butfor.study.metrics import Metric


def curve(name: str) -> str:
    """The name of a record's metric that there is one of for each epoch."""
    return name.replace("validation/", "val/")


def final(name: str) -> str:
    """The name of a metric of the final weights, which differs from that of a curve: of a curve, MLflow's tables show only
    the last point.
    """
    part, _, metric = curve(name).partition("/")
    return f"{part}/{metric}" if part == "test" else f"{part}/final_{metric}"


def delta(metric: Metric) -> str:
    """The name of a run's difference to its reference's run with the same seed; it names a unit other than the record's."""
    unit = "" if metric.unit.scale == 1.0 else f"_{metric.unit.short}"
    return f"delta/{metric.name.replace('/', '_')}{unit}"


def sd(metric: Metric) -> str:
    """The name of the spread of a metric over an arm's seeds."""
    return f"{metric.name}_sd"
