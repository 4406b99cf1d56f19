"""What must not repeat itself: batches from epoch to epoch, masks from step to step, and draws from seed to seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from butfor.checks.footprints.reading import own
from butfor.recipe.tasks import OWN
from butfor.recipe.watched_figures import PLAIN, watched
from butfor.records.record import Record

MEASURED = (PLAIN, "accuracy", "mae")  # of which a task has some
FEW = 20  # rows; of fewer, two orders may be the same by chance


def repeated(record: Record) -> Iterator[str]:
    """What repeats itself within a run, and a final figure that is not the one of the epoch whose weights count."""
    orders = [row["order"] for row in record.history]
    if len(set(orders)) < len(orders) and record.data["train"] >= FEW:
        yield "order: expected other batches in every epoch, received some again"
    for name, drawn in record.chance.items():
        if "next" in drawn and drawn["next"] == drawn["digest"] and _draws(drawn):
            yield f"masks: expected {name} to draw anew for every batch, received the same again"
        steps, times = len(record.learning_rate), drawn.get("draws")
        if times is not None and (times == 0 if own(record) else times != steps):
            yield f"masks: expected {name} to draw once in each of {steps} steps, received {times} draws"
    yield from _not_restored(record)


def _draws(drawn: dict[str, Any]) -> bool:
    """Whether what is drawn can differ at all: with a share of 0 or of 1 it cannot."""
    sizes = ("pixels", "degrees", "stretch", "spread")
    return bool(0 < drawn["share"] < 1 if "share" in drawn else any(drawn.get(size, 0) > 0 for size in sizes))


def _not_restored(record: Record) -> Iterator[str]:
    row = next((row for row in record.history if row["epoch"] == record.restored_epoch), None)
    figures = {*watched(record.recipe).values(), *MEASURED}
    of_an_own_loss = {PLAIN} if record.data.get("task") == OWN.name else set()
    for key in (f"validation/{name}" for name in sorted(figures - of_an_own_loss)):
        if row is None or key not in record.metrics or key not in row:
            continue
        if not math.isclose(record.metrics[key], row[key], rel_tol=1e-6, abs_tol=1e-9):
            yield (
                f"restored weights: expected {key} {row[key]:.6g} as after epoch {record.restored_epoch}, received"
                f" {record.metrics[key]:.6g}"
            )


def repeated_between_seeds(records: Iterable[Record]) -> Iterator[str]:
    """What is the same for two seeds of one arm, and must differ."""
    seen: dict[str, dict[str, int]] = {}
    for record in records:
        for name, drawn in _drawn_by_seed(record).items():
            other = seen.setdefault(name, {}).setdefault(drawn, record.seed)
            if other != record.seed:
                yield f"{name}: expected others for every seed, received the same for {other} and {record.seed}"


def _drawn_by_seed(record: Record) -> dict[str, str]:
    """Digests of what a seed decides, by name. Of a user's own model, whose weights may come from a file, all together."""
    orders = [row["order"] for row in record.history]
    digests = {"order": orders[0]} if orders and record.data["train"] >= FEW else {}
    digests |= {f"masks of {name}": row["digest"] for name, row in record.chance.items() if _draws(row)}
    spread = [
        row["layer"] for row in record.layers["start"] if row["weights"]["std"] > 0 and math.prod(row["shape"]) > 3
    ]
    weights = {name: record.draws["weights"][name] for name in spread if name in record.draws["weights"]}
    if record.draws.get("pretrained"):
        return digests
    if own(record):
        return digests | ({"initial weights": "/".join(weights.values())} if weights else {})
    return digests | {f"initial weights of {name}": value for name, value in weights.items()}
