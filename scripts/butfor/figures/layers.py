"""What the records say about layers, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from butfor.records.record import Record

MOST_LAYERS = 6
SATURATION = {"sigmoid": "saturated_sigmoid", "tanh": "saturated_tanh", "relu": "zero"}  # the record's statistic
COLUMNS = ("arm", "seed", "place", "layer", "hidden", "activation", "rms", "saturated", "gradient", "near_zero")
Item = TypeVar("Item")


def layer_table(records: Iterable[Record], moment: str) -> pd.DataFrame:
    """A row per arm, seed and layer at the `start` or the `end`.

    `place` counts layers from 1; `hidden` is false for the last, which gives the logits; `rms` and `saturated` are the
    activations', NaN where the activation function does not saturate; `gradient` is its norm, and `near_zero` the share
    of weights at most 1e-3 in size.
    """
    rows = [
        _row(record, place, layer, len(record.layers.get(moment, [])))
        for record in records
        for place, layer in enumerate(record.layers.get(moment, []), start=1)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def spread_evenly(items: Sequence[Item], most: int = MOST_LAYERS) -> list[Item]:
    """At most so many of the items, the first and the last among them."""
    chosen = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[place] for place in chosen]


def hidden(record: Record, moment: str) -> list[dict[str, Any]]:
    """The rows of a record's hidden layers; all, if there is but one."""
    layers = record.layers.get(moment, [])
    return layers[:-1] or layers


def _row(record: Record, place: int, layer: dict[str, Any], count: int) -> dict[str, Any]:
    statistic = SATURATION.get(layer["activation"], "")
    return {
        "arm": record.arm,
        "seed": record.seed,
        "place": place,
        "layer": layer["layer"],
        "hidden": place < count or count == 1,
        "activation": layer["activation"],
        "rms": layer["activations"]["rms"],
        "saturated": layer["activations"].get(statistic, np.nan),
        "gradient": layer["gradient"]["norm"] if layer["gradient"] else np.nan,
        "near_zero": layer["weights"]["near_zero"],
    }
