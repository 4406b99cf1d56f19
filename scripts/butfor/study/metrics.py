"""The metrics that every run of a classifier records, in one table: words, unit, direction, figure and margin.

What a study asks for beside them, and the metrics of other tasks, are in study/metrics_of. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from butfor.study.summary import VerdictSettings

Figures = Mapping[str, float]  # a record's metrics
OnMetric = TypeVar("OnMetric", bound=Mapping[str, Any])


@dataclass(frozen=True)
class Unit:
    """What differences are given in: its name, a shorter one for where the metric stands beside it, and that of the figure
    itself. `scale` of it make one of what a record holds; tables and sentences show so many `decimals`."""

    name: str
    short: str
    level: str
    scale: float
    decimals: int


POINTS = Unit("accuracy points", "points", "%", scale=100.0, decimals=2)
NATS = Unit("nats", "nats", "nats", scale=1.0, decimals=4)


def _plain(name: str) -> Unit:
    """A unit by one name everywhere, of which one is what records hold."""
    return Unit(name, name, name, scale=1.0, decimals=4)


UNITS = _plain("units")
UNITS_OF = "units of {}"  # of a metric that has no unit, by its title: those of the targets are others
OF_TARGET = _plain("units of the target")
SQUARED = _plain("squared units of the target")
OF_LOSS = _plain("units of the loss")


@dataclass(frozen=True)
class Quantity:
    """What each part of the data is measured by, after every epoch and at the end: its name in records, its title, and its unit
    in records.

    unit: that of differences.
    """

    name: str
    title: str
    recorded_unit: str
    unit: Unit
    higher_is_better: bool


ACCURACY = Quantity("accuracy", "accuracy", "share", POINTS, higher_is_better=True)
LOSS = Quantity("loss", "loss", "nats", NATS, higher_is_better=False)
QUANTITIES = {quantity.name: quantity for quantity in (ACCURACY, LOSS)}
MAE = Quantity("mae", "MAE", OF_TARGET.name, OF_TARGET, higher_is_better=False)
SQUARES = Quantity("loss", "loss", SQUARED.name, SQUARED, higher_is_better=False)
OWN_LOSS = Quantity("loss", "loss", UNITS.name, UNITS, higher_is_better=False)
TRAINED_LOSS = Quantity("trained_loss", "loss that trains", OF_LOSS.name, OF_LOSS, higher_is_better=False)
TITLES = {quantity.name: quantity.title for quantity in (ACCURACY, LOSS, MAE, TRAINED_LOSS)}


def quantities_in(figures: Iterable[str]) -> tuple[Quantity, ...]:
    """What a part of the data is measured by, told by the names of figures such as `validation/mae`."""
    names = {name.rpartition("/")[2] for name in figures}
    if ACCURACY.name in names or not names & {MAE.name, LOSS.name}:
        return ACCURACY, LOSS
    return (MAE, SQUARES) if MAE.name in names else (OWN_LOSS,)


@dataclass(frozen=True)
class Metric:
    """A figure of a finished run that arms are compared by.

    name: as in a study file. title, short, plural: in a sentence, at the head of a column, and of several runs. recorded:
    the figure as a record's metrics give it. share: whether it is one of test examples, so that it moves in steps of one.
    lowest, highest: what it can be, in `unit`. margin: the verdict setting that holds the metric's margin, if there is one;
    own_margin: its margin, if the study gives it one by name, and relative: of the baseline's mean, as a share; margins: what
    that is on each of several data sets, the smallest of which is own_margin. settles: whether `verdict.metric` may name it; all
    may be named by claims.
    """

    name: str
    title: str
    short: str
    plural: str
    unit: Unit
    higher_is_better: bool
    recorded: Callable[[Figures], float]
    share: bool = False
    lowest: float = -math.inf
    highest: float = math.inf
    margin: Literal["margin", "loss_margin"] | None = None
    own_margin: float | None = None
    relative: float | None = None
    margins: Mapping[str, float] = field(default_factory=dict)
    settles: bool = False

    def figure(self, figures: Figures) -> float:
        """A run's figure in `unit`, from its record's metrics."""
        return self.unit.scale * self.recorded(figures)

    def possible(self, low: float, high: float) -> tuple[float, float]:
        """The part of an interval of differences that can be between any two figures, in `unit`.

        Where the reference's mean leaves less room, nothing is cut, since that mean is a draw too: of five runs around 98.5 and
        five at 99.99, intervals cut at 100 less the mean held the true difference in 50 % of studies, and whole ones in 95 %.
        """
        most = self.highest - self.lowest
        return max(low, -most), min(high, most)

    def margin_in(self, verdict: VerdictSettings) -> float | None:
        """The margin that a study gives the metric by name or by its verdict settings, in `unit`; None if it gives none."""
        if self.own_margin is not None:
            return self.own_margin
        return verdict[self.margin] if self.margin else None

    def margin_in_words(self, verdict: VerdictSettings) -> str:
        """The margin with its sign and unit, and what it is of; empty without one."""
        if (margin := self.margin_in(verdict)) is None:
            return ""
        if self.margins:
            return f"±{100 * self.relative:g} % of the baseline's mean on each data set{self._margins_in_words()}"  # type: ignore[operator]
        of = "" if self.relative is None else f", which is {100 * self.relative:g} % of the baseline's mean"
        return f"±{margin:{'.3g' if of else 'g'}} {self.unit.name}{of}"

    def _margins_in_words(self) -> str:
        margins = [f"{margin:.3g} on {name}" for name, margin in self.margins.items()]
        return f" ({', '.join(margins)} {self.unit.short})"

    @property
    def margin_setting(self) -> str:
        """Where a study file gives the metric its margin."""
        name = self.name.partition("/")[2]
        return f"verdict.{self.margin}" if self.margin else f"metrics.{name}.margin"

    def worth(self, effect: float | None) -> float:
        """An effect as a number that is larger for better; that of an ablation of which none is known is below any other."""
        if effect is None:
            return -math.inf
        return effect if self.higher_is_better else -effect

    def rows(self, rows: Iterable[OnMetric]) -> list[OnMetric]:
        """Those of the rows that are on this metric."""
        return [row for row in rows if row["metric"] == self.name]


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            name="test/accuracy",
            title="test accuracy",
            short="accuracy",
            plural="accuracies",
            unit=POINTS,
            higher_is_better=True,
            recorded=lambda m: m["test/accuracy"],
            share=True,
            lowest=0.0,
            highest=100.0,
            margin="margin",
            settles=True,
        ),
        Metric(
            name="test/loss",
            title="test loss",
            short="loss",
            plural="losses",
            unit=NATS,
            higher_is_better=False,
            recorded=lambda m: m["test/loss"],
            lowest=0.0,
            margin="loss_margin",
            settles=True,
        ),
        Metric(
            name="gap/accuracy",
            title="training accuracy minus test accuracy",
            short="accuracy gap",
            plural="accuracy gaps",
            unit=POINTS,
            higher_is_better=False,
            recorded=lambda m: m["train/accuracy"] - m["test/accuracy"],
            share=True,
            lowest=-100.0,
            highest=100.0,
        ),
        Metric(
            name="gap/loss",
            title="test loss minus training loss",
            short="loss gap",
            plural="loss gaps",
            unit=NATS,
            higher_is_better=False,
            recorded=lambda m: m["test/loss"] - m["train/loss"],
        ),
    )
}
DEFAULT = METRICS["test/accuracy"]  # what verdicts are asked of where a study does not say
OVER_FITTING = METRICS["gap/loss"]
MARGINS = {metric.name: metric.margin for metric in METRICS.values() if metric.margin}


def disagreements(schema: dict[str, Any]) -> list[str]:
    """Where config/schema.yaml and this table do not name the same metrics, default and units of margins; a message each."""
    verdict, claim = schema["properties"]["verdict"]["properties"], schema["$defs"]["claim"]["properties"]
    sides: dict[str, tuple[Any, Any]] = {
        "the default of verdict.metric": (verdict["metric"]["default"], None),
        "the default of claims.metric": (claim["metric"]["default"], None),
    }
    for metric in METRICS.values():
        if metric.margin:
            sides[f"the unit of verdict.{metric.margin}"] = verdict.get(metric.margin, {}).get("unit"), metric.unit.name
    return [
        f"{what}: expected config/schema.yaml and scripts/butfor/study/metrics.py to agree, received {written} and {row}."
        " Change one of them."
        for what, (written, row) in sides.items()
        if written != row
    ]
