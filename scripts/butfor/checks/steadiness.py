"""What two runs of one seed have in common: everything that stays as it was unless a changed key moves it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from butfor.checks import numerics
from butfor.recipe.tasks import OWN
from butfor.recipe.watched_figures import measured_for_watching
from butfor.records.layer_names import renumbered
from butfor.records.record import Record

# What stays as it was unless a changed key moves it, in the words of the report.
WORDS = {
    "split": "split",
    "validation": "validation examples",
    "order": "batch order",
    "weights": "initial weights",
    "others": "other initial weights",
    "biases": "initial biases",
    "masks": "masks",
    "learning rate": "learning rate",
    "optimiser": "optimiser",
    "penalty": "penalties",
    "structure": "layers",
    "first loss": "first loss",
    "first outputs": "size of the first outputs",
}

OBJECTIVE = "objective"  # of an epoch, as training reports it


def steady(record: Record) -> dict[str, Any]:
    """Everything that must be the same for the same seed unless a changed key may move it, by name."""
    names = renumbered((row["layer"], row["class"]) for row in record.structure)
    fixed = {
        "data": record.data["fingerprint"],
        "split": record.draws["split"],
        "validation": record.draws["validation"],
        "order": [row["order"] for row in record.history],
        "steps per epoch": record.steps_per_epoch,
        "learning rate": record.learning_rate,
        "optimiser": record.optimiser,
        "structure": [(names[row["layer"]], row["class"], row["shape"]) for row in record.structure],
        "parameters": record.parameters,
        "penalty/kernels": record.penalty["start"]["kernels"],
        "penalty/activations": record.penalty["start"]["activations"],
        **_first(record),
        "loop": record.loop,
    }
    drawn = {f"masks/{name}": row["digest"] for name, row in record.chance.items()}
    kinds = {kind: record.draws.get(kind, {}) for kind in ("weights", "biases", "others")}
    initial = {f"{kind}/{names.get(name, name)}": row for kind, rows in kinds.items() for name, row in rows.items()}
    return {**fixed, **initial, **drawn}


def _first(record: Record) -> dict[str, float]:
    """What a model gives before any step, by a loss; one whose own step alone has a loss, by the mean size of its outputs."""
    if record.data.get("task") == OWN.name:
        return {"first outputs": record.first_loss["plain"]}
    return {"first loss": record.first_loss["plain"], "first objective": record.first_loss["objective"]}


def identical(a: Record, b: Record) -> bool:
    """Whether two runs went the same way: same epochs with the same figures, and the same final metrics. What only a run that
    watches it measures, the loss that trains or a metric, is left out unless both do; and so is the loss that training reports
    where it ends in the same layers to the bit: the same loss may be written otherwise, and its mean rounded so."""
    aside = measured_for_watching(a.recipe) ^ measured_for_watching(b.recipe)

    def way(run: Record) -> list[Any]:
        history = plain([_without({*aside, OBJECTIVE}, row) for row in run.history])
        return [history, _without(aside, run.metrics), run.status]

    if way(a) != way(b):
        return False
    objectives = [plain([row.get(OBJECTIVE) for row in run.history]) for run in (a, b)]
    return objectives[0] == objectives[1] or _end(a) == _end(b) != "null"


def _end(run: Record) -> str:
    """The layers that a run ended in, as text by which equal ones are told."""
    return json.dumps(run.layers.get("end"), default=lambda values: values.tolist())


def _without(aside: set[str], figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name.rpartition("/")[2] not in aside}


def moved(a: Record, b: Record) -> list[str]:
    """The names in `steady` under which two runs differ; lists by epoch or step are compared as far as both go."""
    mine, its = steady(a), steady(b)
    across = bool(numerics.unlike(a, b))
    differing = [name for name in mine if name in its and not _same(mine[name], its[name], name, across)]
    return [
        n for n in differing if not (across and n.startswith("weights/") and numerics.alike(a, b, n.split("/", 1)[1]))
    ]


def _same(a: Any, b: Any, name: str, across: bool) -> bool:
    """Whether two values are the same, but for rounding; `across` two numerics there is more of it."""
    if name in ("order", "learning rate"):
        return all(x == y for x, y in zip(a, b, strict=False))
    near = isinstance(a, float) and math.isclose(a, b, rel_tol=1e-4 if across else 1e-6)
    return bool(a == b or near or (a != a and b != b))


def plain(value: Any) -> str:
    """A plain value as text by which equal ones are told."""
    return json.dumps(value)  # NaN has a spelling there, by which two NaN are the same
