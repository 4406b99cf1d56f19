"""The metrics that a study's arms are compared by: those that its task's runs record, and those that it asks for.

Standard library only.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from butfor.study.metric_catalogue import CATALOGUE, SYNONYMS
from butfor.study.metrics import METRICS, OF_TARGET, SQUARED, UNITS, Figures, Metric, Unit
from butfor.study.summary import MetricTerms, Study

OTHER_PARTS = ("train", "validation")
CLASSIFICATION = "classification"  # what a study's task is where nothing else is said
ELSEWHERE = "elsewhere"  # that of runs of other programs, which record nothing but what they are judged by


def _of_regression() -> dict[str, Metric]:
    """From the mean squared error and the mean absolute error that every run records."""

    def tested(quantity: str, short: str, recorded: Callable[[Figures], float], unit: Unit = OF_TARGET) -> Metric:
        name, title, plural = f"test/{quantity}", f"test {short}", f"test values of the {short}"
        return Metric(name, title, short, plural, unit, False, recorded, lowest=0.0, settles=True)

    def gap(quantity: str, short: str, recorded: Callable[[Figures], float], unit: Unit = OF_TARGET) -> Metric:
        title = f"test {short} minus training {short}"
        return Metric(f"gap/{quantity}", title, f"{short} gap", f"{short} gaps", unit, False, recorded)

    rows = (
        tested("rmse", "RMSE", lambda m: m["test/rmse"] if "test/rmse" in m else math.sqrt(m["test/loss"])),
        tested("mae", "MAE", lambda m: m["test/mae"]),
        tested("loss", "loss", lambda m: m["test/loss"], SQUARED),
        gap("rmse", "RMSE", lambda m: math.sqrt(m["test/loss"]) - math.sqrt(m["train/loss"])),
        gap("loss", "loss", lambda m: m["test/loss"] - m["train/loss"], SQUARED),
    )
    return {row.name: row for row in rows}


RECORDED = {  # by task, the one that decides where a study does not say first
    CLASSIFICATION: METRICS,
    "regression": _of_regression(),
    ELSEWHERE: {},
    "own": {n: dataclasses.replace(m, unit=UNITS) for n, m in METRICS.items() if n.endswith("/loss")},
}


def metrics_of(study: Mapping[str, Any]) -> dict[str, Metric]:
    """All metrics of a study by name, those that it asks for last. study: a Study, or a completed study file."""
    metrics = dict(recorded_by(study))
    for terms in (study.get("metrics") or {}).values():
        for part in terms["parts"]:
            metric = _asked(terms, part)
            known = metrics.get(metric.name)
            metrics[metric.name] = _named_again(known, metric) if known else metric
    for name in study.get("claimed") or ():
        part, _, quantity = name.partition("/")
        if name not in metrics and part in OTHER_PARTS and f"test/{quantity}" in metrics:
            metrics[name] = on_part(part, metrics[f"test/{quantity}"])
    return metrics


def nameable(study: Mapping[str, Any]) -> list[str]:
    """Every metric that a claim may name, on whichever part of the data."""
    asked = {f"{part}/{name}" for name in study.get("metrics") or {} for part in ("test", "gap")}
    tested = [
        name.partition("/")[2] for name in {**recorded_by(study), **dict.fromkeys(asked)} if name.startswith("test/")
    ]
    others = [f"{part}/{name}" for name in sorted(tested) for part in OTHER_PARTS]
    return [*recorded_by(study), *sorted(asked - set(recorded_by(study))), *others]


def meant(name: str, names: Sequence[str], asked: bool = True) -> str:
    """What to write for a metric that is none of these; asked: whether what the catalogue has may be asked for."""
    quantity = name.rpartition("/")[2].lower()
    known = SYNONYMS.get(quantity, quantity)
    if f"test/{known}" in names:
        return f" Did you mean test/{known}?"
    if similar := difflib.get_close_matches(name, names, n=1, cutoff=0.75):
        return f" Did you mean {similar[0]}?"
    if asked and (close := difflib.get_close_matches(known, CATALOGUE, n=1, cutoff=0.75)):
        return f" To have it measured, write metrics: {{{close[0]}: {{}}}} in the study."
    return ""


def recorded_by(study: Mapping[str, Any]) -> dict[str, Metric]:
    """Those that every run of the study's task records."""
    return RECORDED.get(study.get("task") or CLASSIFICATION, METRICS)


def default_of(study: Mapping[str, Any]) -> str:
    """The name of the metric that decides where a study does not say."""
    return next(iter(recorded_by(study)))


def judged_by(study: Study) -> Metric:
    """The metric that a study asks its verdicts of."""
    return metrics_of(study)[study["verdict"]["metric"]]


def beside(study: Study) -> list[Metric]:
    """The other metrics that verdicts could be asked of, which the report shows beside it."""
    return [other for other in metrics_of(study).values() if other.settles and other.name != study["verdict"]["metric"]]


def descriptive(study: Study) -> set[str]:
    """The metrics that have no verdicts, only effects: all but the one that decides and those of claims, if the study says so."""
    if study["verdict"].get("others", "corrected") == "corrected":
        return set()
    return set(metrics_of(study)) - {study["verdict"]["metric"], *study.get("claimed", [])}


def judged_beside(study: Study) -> list[Metric]:
    """The metrics that have verdicts and decide nothing: they share one alpha, on whichever part of the data."""
    described, decides = descriptive(study), study["verdict"]["metric"]
    return [one for name, one in metrics_of(study).items() if name != decides and name not in described]


def on_part(part: str, tested: Metric) -> Metric:
    """A recorded metric of the test set, on another part of the data: train or validation."""
    title = tested.title.replace("test", "training" if part == "train" else part, 1)

    def recorded(figures: Figures) -> float:
        return tested.recorded(
            {f"test/{key.partition('/')[2]}": v for key, v in figures.items() if key.startswith(f"{part}/")}
        )

    words: dict[str, Any] = {"title": title, "short": title, "plural": f"values of the {title}"}
    name = tested.name.replace("test", part, 1)
    return dataclasses.replace(tested, name=name, **words, recorded=recorded, margin=None, share=False, settles=False)


def _named_again(recorded: Metric, asked: Metric) -> Metric:
    """A recorded metric that a study names, for a margin or a unit of its own."""
    return dataclasses.replace(
        recorded,
        own_margin=asked.own_margin,
        relative=asked.relative,
        margins=asked.margins,
        unit=_unit_of(recorded, asked),
    )


def _unit_of(recorded: Metric, asked: Metric) -> Unit:
    same = (recorded.unit.name, recorded.unit.scale) == (asked.unit.name, asked.unit.scale)
    return dataclasses.replace(recorded.unit, decimals=asked.unit.decimals) if same else asked.unit


def _asked(terms: MetricTerms, part: str) -> Metric:
    name, title, scale = f"{part}/{terms['name']}", terms["title"], terms["scale"]
    unit = Unit(terms["unit"], terms["unit"], terms["unit"], scale, terms["decimals"])
    lowest = -math.inf if terms["lowest"] is None else scale * terms["lowest"]
    highest = math.inf if terms["highest"] is None else scale * terms["highest"]
    about: dict[str, Any] = {
        **{
            "title": terms.get("whole_title") or f"{'training' if part == 'train' else part} {title}",
            "short": title,
            "recorded": lambda m: m[name],
        },
        **{"higher_is_better": terms["higher_is_better"], "lowest": lowest, "highest": highest},
        **{"share": terms["share"], "settles": part == "test"},
        **{"own_margin": terms["margin"], "relative": terms["relative_margin"], "margins": terms.get("margins", {})},
    }
    if part == "gap":
        about |= _gap(terms, highest - lowest)
    elif part != "test":
        about["short"] = about["title"]
    return Metric(name, plural=f"values of the {about['title']}", unit=unit, **about)


def _gap(terms: MetricTerms, most: float) -> dict[str, Any]:
    """By how much a metric is worse on the test set than on training examples."""
    better, name, title = terms["higher_is_better"], terms["name"], terms["title"]
    first, second = ("training", "test") if better else ("test", "training")
    sign = 1 if better else -1
    return {
        "title": f"{first} {title} minus {second} {title}",
        "short": f"{title} gap",
        "higher_is_better": False,
        "lowest": -most if math.isfinite(most) else -math.inf,
        "highest": most if math.isfinite(most) else math.inf,
        "recorded": lambda m: sign * (m[f"train/{name}"] - m[f"test/{name}"]),
        **{"own_margin": None, "relative": None, "margins": {}},
    }
