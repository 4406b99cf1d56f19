"""Footprints of the optimiser and its learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from butfor.checks.footprints.reading import differs, listed
from butfor.plain_text import counted
from butfor.recipe.optimisers import CLIPPING, OPTIMISERS, class_settings, optimiser_class
from butfor.records.record import Record, validation_figures
from butfor.user_code.location import is_own
from butfor.user_code.own_schedule import realised_rates


def optimiser_fault(r: Record) -> str:
    settings = r.recipe["optimiser"]
    given = class_settings(settings)
    if is_own(settings["name"]):  # a class of the user's own may say of itself what it likes
        given = {key: value for key, value in given.items() if key in r.optimiser}
    return _unlike(r, {**given, "class": optimiser_class(settings)})


def optimiser_trace(r: Record) -> str:
    """The optimiser without what is off: no average of weights is kept unless it says so, and none of its settings counts."""
    return settings(
        {k: v for k, v in r.optimiser.items() if v is not False and (r.optimiser.get("use_ema") or k[:3] != "ema")}
    )


def decay(r: Record) -> dict[str, float | None]:
    return {"weight_decay": r.optimiser.get("weight_decay"), "coupled_decay": r.optimiser.get("coupled_decay")}


def decay_fault(r: Record) -> str:
    kind, rate = r.recipe["weight_decay"]["name"], r.recipe["weight_decay"].get("rate")
    own = class_settings(r.recipe["optimiser"]).get("weight_decay")
    if r.recipe["optimiser"]["name"] not in OPTIMISERS and own is None:  # then the class has a value of its own
        own = r.optimiser.get("weight_decay")
    return _unlike(
        r,
        {
            "weight_decay": rate if kind == "decoupled" else own,
            "coupled_decay": rate if kind == "coupled" else None,
        },
    )


def clips(r: Record) -> dict[str, float | None]:
    return {key: r.optimiser.get(key) for key in CLIPPING.values()}


def clipping_fault(r: Record) -> str:
    kind, limit = r.recipe["clipping"]["name"], r.recipe["clipping"].get("limit")
    return _unlike(r, {key: limit if kind == name else None for name, key in CLIPPING.items()})


def average(r: Record) -> dict[str, float | None]:
    return {key: r.optimiser.get(key) if r.optimiser.get("use_ema") else None for key in ("use_ema", "ema_momentum")}


def average_fault(r: Record) -> str:
    asked = r.recipe["ema"]
    on = asked["name"] == "weights"
    if bool(r.optimiser.get("use_ema")) != on:
        return f"expected {'an' if on else 'no'} average of weights, received {settings(average(r))}"
    return _unlike(r, {"ema_momentum": asked["momentum"]}) if on else ""


def accumulated(r: Record) -> int:
    return r.optimiser.get("gradient_accumulation_steps") or 1


def accumulation_fault(r: Record) -> str:
    asked, received = r.recipe["accumulation"], accumulated(r)
    return "" if asked == received else f"expected gradients of {asked} batches gathered, received {received}"


def _unlike(r: Record, expected: dict[str, Any]) -> str:
    for key, value in expected.items():
        received = r.optimiser.get(key)
        same = received == value or (
            isinstance(value, float) and received is not None and not differs(received, value, 1e-6)
        )
        if not same:
            return f"expected the optimiser's {key} {value}, received {received}"
    return ""


def settings(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if value is not None) or "none"


def rates(r: Record) -> str:
    used = [float(rate) for rate in r.learning_rate]
    if len(set(used)) == 1:
        return f"{used[0]:.3g} throughout"
    ends = listed([used[0], used[len(used) // 2], used[-1]])
    return f"{ends} at the first, middle and last of {counted(len(used), 'step')}"


def rate_fault(r: Record) -> str:
    validation = [validation_figures(row) for row in r.history]
    expected = realised_rates(r.recipe, r.steps_per_epoch, validation)
    used = np.array(r.learning_rate, np.float32)
    if r.status == "diverged" and len(used) > len(expected) - r.steps_per_epoch:
        expected = expected[: len(used)]
    if len(used) != len(expected):
        return f"expected {counted(len(expected), 'step')}, received {len(used)}"
    if (used == expected).all() or (_may_skip(r) and _delayed(used, expected)):
        return ""
    step = int(np.flatnonzero(used != expected)[0])
    return f"expected the learning rate {expected[step]:g} at step {step}, received {used[step]:g}"


def _may_skip(r: Record) -> bool:
    """Whether Keras scales the loss of the model, and skips steps whose gradients are infinite: the schedule waits for them."""
    return any("float16" in row.get("precision", "") and "bfloat16" not in row["precision"] for row in r.structure)


def _delayed(used: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> bool:
    """Whether rates are those expected, in their order, each for one step or more."""
    place = 0
    for rate in used[1:]:
        if place + 1 < len(expected) and rate == expected[place + 1]:
            place += 1
        elif rate != expected[place]:
            return False
    return bool(used[0] == expected[0])
