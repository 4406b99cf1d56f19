"""A study with what only its records tell: the task of its data, and margins that are shares of what the baseline reaches."""

from __future__ import annotations

from statistics import fmean
from typing import TypeVar

from butfor.arm_names import data_set_of
from butfor.records.record import Record
from butfor.study.arm import is_baseline
from butfor.study.study_metrics import default_of, metrics_of
from butfor.study.summary import MetricTerms, Study

Known = TypeVar("Known", bound=Study)


def as_recorded(study: Known, records: list[Record]) -> Known:
    """The study with its task, with a metric to decide by that the task has, and with every margin as a number.

    A margin that is a share is one of the mean over the baseline's runs of the first look, so that it stays what it is when
    there are more; of several data sets, each has a margin of its own baseline's mean, and what is shown for all is the smallest.
    """
    task = next((str(r.data["task"]) for r in records if r.data and r.data.get("task")), None)
    known: Known = {**study, "task": task} if task else study  # type: ignore[assignment]
    if known["verdict"]["metric"] not in metrics_of(known):
        known = {**known, "verdict": {**known["verdict"], "metric": default_of(known)}}  # type: ignore[assignment]
    metrics: dict[str, MetricTerms] = known.get("metrics", {})  # type: ignore[assignment]
    margins = {name: _with_margin(terms, known, records) for name, terms in metrics.items()}
    return {**known, "metrics": margins} if margins else known  # type: ignore[return-value]


def _with_margin(terms: MetricTerms, study: Study, records: list[Record]) -> MetricTerms:
    if terms["relative_margin"] is None:
        return terms
    metric, verdict, first = metrics_of(study)[f"test/{terms['name']}"], study["verdict"], study["looks"][0]["seeds"]
    figures: dict[str, list[float]] = {}
    for record in records:
        is_known = record.seed in first and not record.failed(verdict["must_learn"], verdict["metric"])
        if is_baseline(record.arm) and is_known:
            figures.setdefault(record.arm, []).append(metric.figure(record.metrics))
    share = terms["relative_margin"]
    margins = {data_set_of(arm): share * abs(fmean(own)) for arm, own in figures.items()}
    known: MetricTerms = {**terms, "margin": min(margins.values(), default=0.0) or None}
    if several := {name: margin for name, margin in margins.items() if name and margin}:
        known["margins"] = several
    return known
