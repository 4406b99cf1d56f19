"""Footprints of the model and its initial weights."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from butfor.checks.footprints.expected_weights import broken_promise
from butfor.checks.footprints.reading import CHANCE, differs, listed, own, start
from butfor.plain_text import counted
from butfor.recipe.architectures import architecture
from butfor.recipe.initialisers import CUT, law
from butfor.recipe.normalisations import NORMALISATIONS
from butfor.records.layer_names import bare
from butfor.records.record import Record


def model_trace(r: Record) -> str:
    """The built model in words; of a user's own its layers as Keras names them, as its functions may be layers too."""
    functions = sorted({row["activation"] for row in start(r)[:-1]} - ({"linear"} if own(r) else set()))
    activations = f", {listed(functions)}" if functions else ""
    if own(r):
        layers = [_layer(row) for row in r.structure if row["class"] != "InputLayer"]
        return (
            f"{counted(r.parameters, 'weight')}{activations}; {counted(len(layers), 'layer')}: {listed(layers, most=8)}"
        )
    widths = counted(len(start(r)), "layer")
    return f"{counted(r.parameters, 'weight')} in {widths}{activations}, widths {_widths(r)}"


def _layer(row: dict[str, Any]) -> str:
    """Its class with the size of what it gives, if Keras knows that: it does not of a cell, and a sum over all is one number."""
    size = (row["shape"] or [None])[-1]
    return row["class"] if size is None else f"{row['class']} {size}"


def _widths(r: Record) -> str:
    return listed([row["shape"][-1] for row in start(r)])


def model_fault(r: Record) -> str:
    if own(r):
        return ""
    built = {row["layer"]: row["shape"][-1] for row in start(r)}
    built_in = architecture(r.recipe["model"])
    expected = built_in.hidden_layers(r.recipe["model"]) | {"logits": r.data["classes"]}
    if built != expected:
        return f"expected layers {expected}, received {built}"
    function = r.recipe["model"]["activation"]
    allowed = {function, "linear"} if built_in.linear_layers else {function}
    for row in start(r)[:-1]:
        if row["activation"] not in allowed:
            return f"expected {function} after {row['layer']}, received {row['activation']}"
    return ""


def spreads(r: Record) -> str:
    centres = [_rounded(row) for row in start(r)]
    around = f" around {listed(centres)}" if any(centres) else ""
    return listed([row["weights"]["std"] for row in start(r)]) + around


def _rounded(row: dict[str, Any]) -> float:
    """The mean, where it is more than chance."""
    weights = row["weights"]
    chance = CHANCE * weights["std"] / math.sqrt(math.prod(row["shape"]))
    return float(weights["mean"]) if abs(weights["mean"]) > chance else 0.0


def kernel_fault(r: Record, only: bool) -> str:
    """Initial kernels against the initialiser, or (`only`) those with one of their own against that."""
    chosen = r.recipe["layer_initialisers"]
    for row in start(r):
        name = bare(row["layer"])
        if (name in chosen) != only or (own(r) and not only):
            continue
        settings = chosen.get(name, r.recipe["initialiser"])
        problem = broken_promise(settings, row["shape"], row["weights"])
        if problem:
            return f"{row['layer']} under {settings['name']}: {problem}"
    return ""


def biases(r: Record) -> list[dict[str, float]]:
    return [row["biases"] for row in start(r) if row["biases"]]


def bias_fault(r: Record) -> str:
    settings = r.recipe["bias_initialiser"]
    promised = law(settings, [1])
    constant = promised.kind == "constant"
    reach = {"uniform": 1.0, "truncated": CUT}.get(promised.kind, CHANCE) * promised.size
    low, high = (promised.size, promised.size) if constant else (-reach, reach)
    for row in biases(r) if not own(r) else []:
        if row["low"] < low - 1e-6 or row["high"] > high + 1e-6:
            return f"expected biases from {low:g} to {high:g}, received {row['low']:g} to {row['high']:g}"
        if not constant and row["std"] == 0:
            return f"expected biases drawn from {settings['name']}, received {row['low']:g} throughout"
    return ""


def normalisations(r: Record) -> list[dict[str, Any]]:
    return [row for row in r.structure if row["class"] in NORMALISATIONS.values()]


def normalisation_trace(r: Record) -> str:
    rows = normalisations(r)
    kinds = {", ".join([row["class"], *_written(row.get("settings", {}))]): None for row in rows}
    return f"{len(rows)} {listed(list(kinds))}"


def _written(settings: dict[str, Any]) -> list[str]:
    return [f"{key} {value:g}" for key, value in settings.items()]


def normalisation_fault(r: Record) -> str:
    asked, built = r.recipe["normalisation"], normalisations(r)
    kind = NORMALISATIONS[asked["name"]]
    if own(r):
        return ""
    layers = 0 if not kind else len(start(r)) - 1
    received = [row["class"] for row in built]
    if received != [kind] * layers:
        return f"expected {counted(layers, 'layer')} of {kind or 'any'}, received {received}"
    for row in built:
        for key, value in row.get("settings", {}).items():
            if key in asked and differs(value, asked[key]):
                return f"expected {key} {asked[key]:g} of {row['layer']}, received {value:g}"
    return _misplaced(r, bool(kind))


def _misplaced(r: Record, normalised: bool) -> str:
    """Whether a hidden layer's values go anywhere but through its normalisation into its activation function."""
    rows = {row["layer"]: row for row in r.structure}
    for layer in (row["layer"] for row in start(r)[:-1]):
        chain = [layer, *([f"{layer}_normalisation"] if normalised else []), f"{layer}_activation"]
        for before, after in pairwise(chain):
            received = rows.get(after, {}).get("inputs")
            if received is not None and received != [before]:
                return f"expected {after} to take what {before} gives, received {', '.join(received)}"
        if rows.get(layer, {}).get("activation", "linear") != "linear":
            return f"expected no activation in {layer} itself, received {rows[layer]['activation']}"
    return ""
