"""What a run holds in MLflow."""

from __future__ import annotations

import getpass
import json
from typing import Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

from butfor.ablations import BASELINE
from butfor.record import Record

Line = dict[str, Any]  # one of a progress file
SOURCE = {"mlflow.source.name": "butfor", "mlflow.source.type": "PROJECT"}


def tags(record: Record, tracking: dict[str, Any], look: str) -> dict[str, str]:
    """Who and what made the run, what it is in one sentence, and where it belongs."""
    return {
        **_place(tracking, record.arm, record.seed, look),
        "mlflow.source.git.commit": record.machine["revision"],
        "mlflow.note.content": describe(record, tracking["arms"][record.arm]["reference"]),
        "butfor.status": record.status,
        "butfor.usable": "yes" if record.status == "ok" else "no",
        "butfor.unusable": record.reason,
        "butfor.fingerprint": record.fingerprint,
    }


def tags_while_training(about: Line, tracking: dict[str, Any]) -> dict[str, str]:
    """The same of a run that is still training, which is known by the moment at which it `started`."""
    epochs = about["recipe"]["epochs"]
    return {
        **_place(tracking, about["arm"], about["seed"], about["look"]),
        "mlflow.note.content": f"Seed {about['seed']} of {about['arm']} is training, up to {epochs} epochs.",
        "butfor.live": str(about["started"]),
        "butfor.status": "training",
        "butfor.usable": "training",
    }


def tags_when_broken_off(about: Line, status: str, epochs: int) -> dict[str, str]:
    """What changes where a training ended, as MLflow's `status` says, and has left no record."""
    word = {"FAILED": "crashed", "KILLED": "killed"}[status]
    after = f"after {epochs} of up to {about['recipe']['epochs']} epochs; its job's log is among the artifacts"
    return {
        "mlflow.note.content": f"Seed {about['seed']} of {about['arm']} was broken off ({word}) {after}.",
        "butfor.status": word,
        "butfor.usable": "no",
        "butfor.unusable": word,
    }


def _place(tracking: dict[str, Any], arm: str, seed: int, look: str) -> dict[str, str]:
    where = {"butfor.study": tracking["experiment"], "butfor.arm": arm, "butfor.look": look, "butfor.seed": str(seed)}
    return {**SOURCE, "mlflow.user": getpass.getuser(), **where}


def dataset(record: Record) -> DatasetInput:
    """The data set by its name and fingerprint, with how many images each part has."""
    told = {key: record.data[key] for key in ("train", "validation", "test", "classes") if key in record.data}
    source = json.dumps({"name": record.data["name"]})
    found = Dataset(record.data["name"], record.data["fingerprint"], "local", source, profile=json.dumps(told))
    return DatasetInput(found, [InputTag("mlflow.data.context", "training")])


def deltas(record: Record, reference: Record | None) -> dict[str, float]:
    """The run minus its reference's with the same seed, on test images: accuracy in points, loss in nats."""
    if reference is None or not record.metrics or not reference.metrics:
        return {}
    accuracy, loss = (record.metrics[key] - reference.metrics[key] for key in ("test/accuracy", "test/loss"))
    return {"delta/test_accuracy_points": round(100 * accuracy, 6), "delta/test_loss": round(loss, 6)}


def metrics(record: Record, compared: dict[str, float], loads: bool) -> list[Metric]:
    """The record's curves, a point per epoch, the final figures of each part, and its `deltas`; with the machine's `loads`
    if they are asked for.
    """
    found = []
    noted = record.timing["epochs_ended"], record.timing.get("loads") or [{}] * len(record.history)
    for row, ended, load in zip(record.history, *noted, strict=True):
        rate = record.learning_rate[row["epoch"] * record.steps_per_epoch - 1]
        found += points({**row, "learning_rate": rate, "ended": ended, "load": load}, loads)
    at = round(record.timing["ended"] * 1000)
    last = {_final(key): value for key, value in record.metrics.items()} | compared
    return found + [Metric(key, value, at, 0) for key, value in last.items()]


def points(line: Line, loads: bool) -> list[Metric]:
    """An epoch's points: its figures, and the machine's load if asked for. The same from a record as while it trains."""
    values = {_shown(key): line[key] for key in line if "/" in key}
    values |= {f"train/{key}": line[key] for key in ("objective", "learning_rate")}
    if loads:
        values |= {f"system/{key}": value for key, value in line["load"].items()}
    return [Metric(key, value, round(line["ended"] * 1000), line["epoch"]) for key, value in values.items()]


def parameters(arm: str, seed: int, recipe: dict[str, Any], tracking: dict[str, Any]) -> list[Param]:
    """Arm, family, seed, and those settings in which the study's arms differ."""
    settings = {key: _in_short(recipe[key]) for key in tracking["varying"]}
    named = {"arm": arm, "family": tracking["arms"][arm]["family"], "seed": seed, **settings}
    return [Param(key, str(value)) for key, value in named.items()]


def describe(record: Record, reference: str | None) -> str:
    """The run in one plain sentence."""
    alone = "the full recipe" if record.arm == BASELINE else "a reference for other arms"
    role = f"an ablation of {reference}" if reference else alone
    outcome = record.reason or f"test accuracy {record.metrics['test/accuracy']:.4f}"
    return f"Seed {record.seed} of {record.arm}, {role}: {outcome}."


def _shown(name: str) -> str:
    """A record's name as MLflow has it: the part before the slash heads a section of charts."""
    return name.replace("validation/", "val/")


def _final(name: str) -> str:
    """A figure of the end, where the same is also a curve; of a curve, MLflow's tables show only the last point."""
    part, _, figure = _shown(name).partition("/")
    return f"{part}/{figure}" if part == "test" else f"{part}/final_{figure}"


def _in_short(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "name" not in value:
        return ", ".join(f"{key}: {_in_short(item)}" for key, item in value.items()) or "none"
    settings = ", ".join(f"{key}={item}" for key, item in value.items() if key != "name")
    return f"{value['name']}({settings})" if settings else str(value["name"])
