"""What a run holds in MLflow."""

from __future__ import annotations

import getpass
import json
from typing import Any

from mlflow.entities import Dataset, Metric, Param

from butfor.ablations import BASELINE
from butfor.record import Record

SOURCE = {"mlflow.source.name": "butfor", "mlflow.source.type": "PROJECT"}


def tags(record: Record, tracking: dict[str, Any], look: str) -> dict[str, str]:
    """Who and what made the run, what it is in one sentence, and where it belongs."""
    return {
        **SOURCE,
        "mlflow.user": getpass.getuser(),
        "mlflow.source.git.commit": record.machine["revision"],
        "mlflow.note.content": describe(record, tracking["arms"][record.arm]["reference"]),
        "butfor.study": tracking["experiment"],
        "butfor.arm": record.arm,
        "butfor.look": look,
        "butfor.seed": str(record.seed),
        "butfor.status": record.status,
        "butfor.usable": "yes" if record.status == "ok" else "no",
        "butfor.fingerprint": record.fingerprint,
    }


def dataset(record: Record) -> Dataset:
    """The data set by its name and fingerprint."""
    return Dataset(record.data["name"], record.data["fingerprint"], "local", json.dumps({"name": record.data["name"]}))


def deltas(record: Record, reference: Record | None) -> dict[str, float]:
    """The run minus its reference's with the same seed, on test images: accuracy in points, loss in nats."""
    if reference is None or not record.metrics or not reference.metrics:
        return {}
    accuracy, loss = (record.metrics[key] - reference.metrics[key] for key in ("test/accuracy", "test/loss"))
    return {"delta/test_accuracy_points": round(100 * accuracy, 6), "delta/test_loss": round(loss, 6)}


def metrics(record: Record, compared: dict[str, float]) -> list[Metric]:
    """The record's curves, a point per epoch, its final figures under `test/` and `final/`, and its `deltas`."""
    found = []
    for row, ended in zip(record.history, record.timing["epochs_ended"], strict=True):
        last = record.learning_rate[row["epoch"] * record.steps_per_epoch - 1]
        values = {key: row[key] for key in row if "/" in key} | {"objective": row["objective"], "learning_rate": last}
        found += [Metric(key, value, round(ended * 1000), row["epoch"]) for key, value in values.items()]
    at = round(record.timing["ended"] * 1000)
    for key, value in record.metrics.items():
        part, _, name = key.partition("/")
        found.append(Metric(key if part == "test" else f"final/{part}_{name}", value, at, 0))
    return found + [Metric(key, value, at, 0) for key, value in compared.items()]


def parameters(record: Record, tracking: dict[str, Any]) -> list[Param]:
    """Arm, family, seed, and those settings in which the study's arms differ."""
    settings = {key: _in_short(record.recipe[key]) for key in tracking["varying"]}
    named = {"arm": record.arm, "family": tracking["arms"][record.arm]["family"], "seed": record.seed, **settings}
    return [Param(key, str(value)) for key, value in named.items()]


def describe(record: Record, reference: str | None) -> str:
    """The run in one plain sentence."""
    alone = "the full recipe" if record.arm == BASELINE else "a reference for other arms"
    role = f"an ablation of {reference}" if reference else alone
    outcome = record.reason or f"test accuracy {record.metrics['test/accuracy']:.4f}"
    return f"Seed {record.seed} of {record.arm}, {role}: {outcome}."


def _in_short(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "name" not in value:
        return ", ".join(f"{key}: {_in_short(item)}" for key, item in value.items()) or "none"
    settings = ", ".join(f"{key}={item}" for key, item in value.items() if key != "name")
    return f"{value['name']}({settings})" if settings else str(value["name"])
