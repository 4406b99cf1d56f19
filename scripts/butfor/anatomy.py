"""What the built-in models are made of, worked out from the recipe before anything is built.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from typing import Any

Recipe = dict[str, Any]
CONVOLUTIONAL = ("cnn", "residual_cnn")


def widths(model: Recipe) -> list[int]:
    """The width of each hidden layer of an `mlp`."""
    written = model["widths"]
    return list(written) if isinstance(written, list) else [written] * (model["depth"] or 1)


def hidden_layers(model: Recipe) -> dict[str, int]:
    """The hidden layers with kernels, from input to output, with their units or filters."""
    if model["name"] == "mlp":
        return {f"hidden_{place}": width for place, width in enumerate(widths(model), start=1)}
    if model["name"] == "cnn":
        blocks = {f"convolution_{place}": filters for place, filters in enumerate(model["filters"], start=1)}
        return {**blocks, "hidden_1": model["width"]}
    if model["name"] == "residual_mlp":
        inside = {f"block_{b}_{half}": model["width"] for b in range(1, model["blocks"] + 1) for half in "ab"}
        return {"stem": model["width"], **inside}
    layers = {"stem": model["filters"][0]}
    for stage, filters in enumerate(model["filters"], start=1):
        for block in range(1, model["blocks"] + 1):
            halves = {f"stage_{stage}_block_{block}_{half}": filters for half in "ab"}
            shortcut = {f"stage_{stage}_shortcut": filters} if stage > 1 and block == 1 else {}
            layers |= {**halves, **shortcut}
    return layers


def dropouts(model: Recipe) -> int:
    """How many layers of `dropout` there are."""
    if model["name"] == "mlp":
        return len(widths(model))
    return int(model["blocks"]) if model["name"] == "residual_mlp" else 1


def dropout_rates(recipe: Recipe) -> list[float]:
    """The rate after each hidden dense layer, whether written as one or as a list; for a built-in model."""
    rates = recipe["dropout"]
    return list(rates) if isinstance(rates, list) else [rates] * dropouts(recipe["model"])


def smallest_side(recipe: Recipe) -> int:
    """Pixels that an image must measure each way for the recipe to make sense; 0 where anything will do."""
    model = recipe["model"]
    halvings = {"cnn": 0, "residual_cnn": -1}
    needed = 2 ** (len(model["filters"]) + halvings[model["name"]]) if model["name"] in halvings else 0
    return max(needed, recipe["shift"] + 1 if recipe["shift"] else 0, 1 if recipe["flip"] else 0)
