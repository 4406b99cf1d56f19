"""The recipe and the ablations of a first study, from what its data are and what its model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from butfor.user_code import declaration as own

FEW, MANY = 2000, 20_000  # training examples
SMALLEST_IMAGE = 12  # pixels each way from which on a convolution is worth its time
RARE = 0.2  # share of the rarer of two classes below which accuracy says little
PARTS = ("dropout", "l2")  # what a recipe of a built-in model has, and an own model's if it reads them
MARGIN = "2%"  # of the baseline's mean, where targets are numbers


@dataclass(frozen=True)
class Known:
    """What is known of the data: the task, the shape of an example (None if it has several inputs, or if nothing was read), how
    many there are to train on, and of two classes the share of the rarer."""

    task: str = "classification"
    shape: tuple[int, ...] | None = None
    examples: int = 60_000
    rarer: float = 0.5


def recipe_draft(known: Known, model: str | None) -> dict[str, Any]:
    """The sections `metrics`, `recipe` and `ablations` of the study."""
    parts = [key for key in PARTS if model is None or key in own.declaration(model)["uses"]]
    recipe: dict[str, Any] = {"model": {"name": model} if model else _model(known)}
    recipe |= {key: {"dropout": 0.2, "l2": 1.0e-4}[key] for key in parts}
    recipe |= {"schedule": "cosine", "epochs": 10 if known.examples >= MANY else 30, "batch_size": _batch_size(known)}
    asked = [*parts, *_settings(model), "schedule"]
    sections: dict[str, Any] = {"recipe": recipe, "ablations": {"parts": {"remove_each": asked}}}
    if known.task == "regression":
        return {"metrics": {"rmse": {"primary": True, "margin": MARGIN}}, **sections}
    if known.task in ("binary", "classification") and known.rarer < RARE:
        recipe["class_weight"] = "balanced"
        sections["ablations"]["no_weights"] = {"set": {"class_weight": "none"}}
        return {"metrics": {"pr_auc": {"primary": True, "margin": 1}, "roc_auc": {}}, **sections}
    return sections


def _settings(model: str | None) -> list[str]:
    """The settings of an own model that are parts, by its YAML file, and at work by default."""
    if model is None:
        return []
    properties = own.declaration(model).get("properties", {})
    without = own.parts({"name": model})
    return [
        name for name, value in properties.items() if without.get(f"model.{name}", value["default"]) != value["default"]
    ]


def _model(known: Known) -> dict[str, Any]:
    shape = known.shape or ()
    if len(shape) in (2, 3) and min(shape[:2]) >= SMALLEST_IMAGE:
        return {"name": "cnn", "filters": [16, 32], "width": 64}
    return {"name": "mlp", "widths": [64, 32] if len(shape) < 2 else [128, 64]}


def _batch_size(known: Known) -> int:
    usual = 32 if known.examples < FEW else 128
    return max(1, min(usual, known.examples // 8))
