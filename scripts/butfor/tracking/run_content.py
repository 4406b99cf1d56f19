"""The content of a run in MLflow: its tags, parameters, metrics and data set."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Param
from mlflow.entities import Metric as Point

from butfor.records.record import Record
from butfor.study.arm import is_baseline
from butfor.study.metrics import METRICS, Metric
from butfor.study.recipe_words import in_short
from butfor.tracking import metric_names, tracked_metrics
from butfor.tracking.model_artifacts import chosen_by

Line = dict[str, Any]  # a line of a progress file; the first, the header, says which training it is
SETTLING = [metric for metric in METRICS.values() if metric.settles]
DIGITS = 7  # that count, of final figures; pages show all that there are
SOURCE = {"mlflow.source.name": "butfor", "mlflow.source.type": "PROJECT"}


def tags(record: Record, tracking: dict[str, Any], look: str) -> dict[str, str]:
    """The tags of a record's run: what made it, what it is in one sentence, and its place in the study."""
    return {
        **_common_tags(tracking, record.arm, record.seed, look),
        "mlflow.source.git.commit": record.machine["revision"],
        "mlflow.note.content": describe(record, tracking),
        "butfor.status": record.status,
        "butfor.usable": "no" if failed(record, tracking) else "yes",
        "butfor.unusable": record.reason,
        "butfor.fingerprint": record.fingerprint,
        **_fold(record),
        **chosen_by(record.recipe),
    }


def _fold(record: Record) -> dict[str, str]:
    """The tags that say which fold was tested on, if one was."""
    fold = record.data.get("fold") or {}
    return {f"butfor.{key}": str(fold[key]) for key in ("fold", "repeat") if key in fold}


def failed(record: Record, tracking: dict[str, Any]) -> bool:
    """Whether a run counts as failed in the study."""
    return record.failed(tracking["must_learn"], tracking["metric"])


def tags_while_training(header: Line, tracking: dict[str, Any]) -> dict[str, str]:
    """The tags of a run that is still training; the time at which it `started` identifies the training."""
    epochs = header["recipe"]["epochs"]
    return {
        **_common_tags(tracking, header["arm"], header["seed"], header["look"]),
        "mlflow.note.content": f"Seed {header['seed']} of {header['arm']} is training, up to {epochs} epochs.",
        "butfor.live": str(header["started"]),
        "butfor.status": "training",
        "butfor.usable": "training",
    }


def tags_when_broken_off(header: Line, status: str, epochs: int) -> dict[str, str]:
    """The tags that change when a training ends without a record, with MLflow's `status`, after so many `epochs`."""
    outcome = {"FAILED": "crashed", "KILLED": "killed"}[status]
    after = f"after {epochs} of up to {header['recipe']['epochs']} epochs; its job's log is among the artifacts"
    return {
        "mlflow.note.content": f"Seed {header['seed']} of {header['arm']} was broken off ({outcome}) {after}.",
        "butfor.status": outcome,
        "butfor.usable": "no",
        "butfor.unusable": outcome,
    }


def _common_tags(tracking: dict[str, Any], arm: str, seed: int, look: str) -> dict[str, str]:
    place = {
        "butfor.identity": tracking["identity"],
        "butfor.study": tracking["experiment"],
        "butfor.arm": arm,
        "butfor.look": look,
        "butfor.seed": str(seed),
    }
    return {**SOURCE, "mlflow.user": getpass.getuser(), **place}


def dataset(record: Record) -> DatasetInput:
    """The data set of a record: its name, its fingerprint, and the number of images in each part."""
    profile = {key: record.data[key] for key in ("train", "validation", "test", "classes") if key in record.data}
    source = json.dumps({"name": record.data["name"]})
    data = Dataset(record.data["name"], record.data["fingerprint"], "local", source, profile=json.dumps(profile))
    return DatasetInput(data, [InputTag("mlflow.data.context", "training")])


def deltas(record: Record, reference: Record | None, metrics: Iterable[Metric] = SETTLING) -> dict[str, float]:
    """The run minus the reference's run with the same seed, in every metric that verdicts can use and both have, in its unit;
    empty if there is no reference or one of them has diverged.
    """
    if reference is None or not record.metrics or not reference.metrics:
        return {}
    differences = {}
    for metric in metrics:
        with suppress(KeyError):  # of which the run leaves it undefined, or is not measured yet
            difference = metric.figure(record.metrics) - metric.figure(reference.metrics)
            differences[metric_names.delta(metric)] = round(difference, 6)
    return differences


def metrics(record: Record, differences: dict[str, float], loads: bool) -> list[Point]:
    """A record's curves, a point per epoch, the final metrics of each part, and the `differences` to its reference (see
    deltas); with `loads`, the machine's load as well.
    """
    curves = []
    timing = record.timing["epochs_ended"], record.timing.get("loads") or [{}] * len(record.history)
    for row, ended, load in zip(record.history, *timing, strict=True):
        rate = float(str(record.learning_rate[: row["epoch"] * record.steps_per_epoch][-1]))
        curves += points({**row, "learning_rate": rate, "ended": ended, "load": load}, loads)
    end = round(record.timing["ended"] * 1000)
    finals = {metric_names.final(key): float(f"{value:.{DIGITS}g}") for key, value in record.metrics.items()}
    finals |= differences
    return curves + [Point(key, value, end, 0) for key, value in finals.items()]


def measured(values: dict[str, float], differences: dict[str, float], now: float) -> list[Point]:
    """The points of what a run is worth by the metrics that the study asks for: they come after the run, whose end they may be
    measured long after, so that of two the later counts. now: in seconds since 1970."""
    finals = {metric_names.final(key): float(f"{value:.{DIGITS}g}") for key, value in values.items()}
    return [Point(key, value, round(now * 1000), 0) for key, value in {**finals, **differences}.items()]


def points(line: Line, loads: bool) -> list[Point]:
    """An epoch's points: its metrics and, with `loads`, the machine's load. A record and a training under way give the same
    points, to the millisecond.
    """
    values = {metric_names.curve(key): line[key] for key in line if "/" in key}
    values |= {f"train/{key}": line[key] for key in ("objective", "learning_rate")}
    if loads:
        values |= {f"system/{key}": value for key, value in line["load"].items()}
    return [Point(key, value, round(line["ended"] * 1000), line["epoch"]) for key, value in values.items()]


def parameters(arm: str, seed: int, recipe: dict[str, Any], tracking: dict[str, Any]) -> list[Param]:
    """A run's parameters: arm, family, seed, and the settings in which the study's arms differ."""
    values = {"arm": arm, "family": tracking["arms"][arm]["family"], "seed": seed, **settings(recipe, tracking)}
    return [Param(key, str(value)) for key, value in values.items()]


def settings(recipe: dict[str, Any], tracking: dict[str, Any]) -> dict[str, str]:
    """The settings of a recipe in which the study's arms differ, as short texts."""
    return {key: in_short(recipe[key]) for key in tracking["varying"]}


def describe(record: Record, tracking: dict[str, Any]) -> str:
    """A run in one plain sentence, with its value of the metric that verdicts are asked of, or why it failed."""
    reference, judged = tracking["arms"][record.arm]["reference"], tracked_metrics.judged(tracking)
    without_reference = "the full recipe" if is_baseline(record.arm) else "a reference for other arms"
    role = f"an ablation of {reference}" if reference else without_reference
    outcome = record.reason if failed(record, tracking) else f"{judged.title} {_recorded(judged, record)}"
    return f"Seed {record.seed} of {record.arm}, {role}: {outcome}."


def _recorded(metric: Metric, record: Record) -> str:
    try:
        return f"{metric.recorded(record.metrics):.4f}"
    except KeyError:
        return "is measured when the look's runs are all there"
