"""Footprints of what was done to the inputs."""

from __future__ import annotations

from butfor.records.record import Record


def inputs_trace(r: Record) -> str:
    low, high = r.data["inputs"]
    return f"{low:g} to {high:g}"


def scaling_fault(r: Record) -> str:
    wanted, received = r.recipe["input_scaling"]["name"], r.data["scaling"]
    return "" if wanted in ("auto", received) else f"expected the scaling {wanted}, received {received}"
