"""Footprints of what was done to the inputs."""

from __future__ import annotations

from butfor.data.several_inputs import each
from butfor.recipe.input_scalings import FITTED, NUMBERS
from butfor.records.record import Record


def inputs_trace(r: Record) -> str:
    return ", ".join(f"{name} {low:g} to {high:g}".strip() for name, (low, high) in each(r.data["inputs"]))


def scaling_fault(r: Record) -> str:
    wanted = r.recipe["input_scaling"]["name"]
    for name, received in each(r.data["scaling"]):
        if wanted not in ("auto", received) and not (received == NUMBERS and name and wanted in FITTED):
            return f"expected the scaling {wanted}, received {received}{name and f' of {name}'}"
    return ""
