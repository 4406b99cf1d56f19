"""Names of layers that stay the same whatever else a process has built: Keras numbers those without a name by how many it has
made. Standard library only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache


@cache  # of the same few layers in all runs of a study
def is_counted(name: str, kind: str) -> bool:
    """Whether a layer of the class `kind` has the name that Keras gives to one without: dense, dense_1, dense_2."""
    words = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()
    return re.fullmatch(rf"{re.escape(words)}(_\d+)?", name) is not None


def bare(name: str) -> str:
    """A layer's own name, of a name that may be its path."""
    return re.sub(r"#\d+$", "", name.rpartition("/")[2])


def renumbered(layers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """From the name of each layer, given with its class and in the model's order, to one that its place there decides:
    dense, dense#2; of a path, such as lstm_1/lstm_cell, so every part."""
    counts: Counter[str] = Counter()
    every, names = list(layers), {}
    counted = {name for name, kind in every if is_counted(bare(name), kind)}
    parts = {bare(name) for name in counted}
    for name, _kind in every:
        around = [re.sub(r"_\d+$", "", part) if part in parts else part for part in name.split("/")[:-1]]
        own = re.sub(r"_\d+$", "", bare(name)) if name in counted else bare(name)
        plain = "/".join([*around, own])
        counts[plain] += 1
        names[name] = plain if counts[plain] == 1 else f"{plain}#{counts[plain]}"
    return names
