"""What the trial step of a record says: whether a step of training is the one that the recipe promises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from butfor.checks.footprints.reading import CHANCE
from butfor.recipe.update_rules import UNDECAYED
from butfor.records.record import Record

STEP = {"float32": 0.01, "tf32": 0.05}  # how much of a step may be off, by the precision of the arithmetic
LOSS = {"float32": 2e-5, "tf32": 5e-3}
AVERAGE = 1e-4  # of an average of weights
HALF = 0.3  # of a step, and a tenth of that of a loss, where half of the bits are missing


def trial_faults(r: Record) -> Iterator[str]:
    """What in the trial step contradicts the recipe; nothing where the step could not be worked out apart."""
    if "expected" not in r.trial or not math.isfinite(r.trial["expected"]):
        return
    precision = r.trial["precision"]
    received, expected = r.trial["objective"], r.trial["expected"]
    if not math.isclose(received, expected, rel_tol=LOSS.get(precision, HALF / 10), abs_tol=1e-6):
        yield f"trial step: expected a loss of {expected:.7g} nats, received {received:.7g}"
    for name, row in r.trial["variables"].items():
        tolerance = STEP.get(precision, HALF)
        if _beyond(row.get("gradient"), tolerance):
            yield f"trial step: the optimiser saw another gradient of {name} than expected, {row['gradient']:.0%} off"
        if _beyond(row.get("average"), AVERAGE):
            yield f"trial step: expected another average of {name}, {row['average']:.2%} off"
        if _beyond(row.get("off"), tolerance):
            yield (
                f"trial step: expected {name} to move by {row['expected']:.3g} (root mean square), received"
                f" {row['made']:.3g}, {row['off']:.0%} off"
            )
        elif precision == "float32":
            yield from _decay_fault(r, name, row)


def _decay_fault(r: Record, name: str, row: dict[str, Any]) -> Iterator[str]:
    rate = decay_rate(r.recipe)
    kind = name.rsplit("/", 1)[-1].split("#")[0]
    expected = 0.0 if kind in UNDECAYED else rate
    received, error = row.get("decay"), row.get("decay_error")
    if received is None or error is None or not math.isfinite(received) or (kind not in (*UNDECAYED, "kernel")):
        return
    if abs(received - expected) > CHANCE * error + 0.02 * expected:
        yield f"trial step: expected decay of {name} at {expected:g}, received {received:.3g}"


def decay_rate(recipe: dict[str, Any]) -> float:
    """The rate of decoupled weight decay, by `weight_decay` or by the optimiser's own setting."""
    decay = recipe["weight_decay"]
    own = recipe["optimiser"].get("weight_decay") or 0.0
    return float(decay["rate"] if decay["name"] == "decoupled" else own)


def _beyond(share: float | None, tolerance: float) -> bool:
    return share is not None and share > tolerance
