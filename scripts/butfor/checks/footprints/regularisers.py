"""Footprints of penalties, limits, dropout, augmentation and smoothed labels."""

from __future__ import annotations

import math

from butfor.checks.footprints.reading import CHANCE, differs, own, start
from butfor.recipe import architectures
from butfor.records.layer_statistics import DRAWN_IMAGES
from butfor.records.record import Record


def kernel_penalty_fault(r: Record) -> str:
    expected = sum(
        math.prod(row["shape"])
        * (r.recipe["l1"] * row["weights"]["mean_abs"] + r.recipe["l2"] * row["weights"]["rms"] ** 2)
        for row in start(r)
    )
    received = r.penalty["start"]["kernels"]
    return (
        f"expected {expected:.6g} nats, received {received:.6g}" if not own(r) and differs(received, expected) else ""
    )


def activity_penalty_fault(r: Record) -> str:
    if own(r):
        return ""
    shapes = {row["layer"]: row["shape"] for row in r.structure}
    expected = 0.0
    for row in start(r)[:-1]:
        units = math.prod(shapes.get(f"{row['layer']}_activation", shapes[row["layer"]]))
        spread = row["activations"]
        expected += units * (
            r.recipe["activity_l1"] * spread["mean_abs"] + r.recipe["activity_l2"] * spread["rms"] ** 2
        )
    received = r.penalty["start"]["activations"]
    off = differs(received, expected, 1e-3) and abs(received - expected) > 1e-6 * r.penalty["start"]["kernels"]
    return f"expected {expected:.6g} nats, received {received:.6g}" if off else ""


def penalty(r: Record, kind: str) -> str:
    return f"{r.penalty['start'][kind]:.4g} nats"


def largest_norm(r: Record) -> float:
    return max((float(row["weights"]["largest_norm"]) for row in r.layers["end"]), default=math.nan)


def norm_fault(r: Record) -> str:
    """An average of weights is one of those before they are limited."""
    limit, received = r.recipe["max_norm"], largest_norm(r)
    averaged = r.recipe["ema"]["name"] != "none"
    broken = limit and not own(r) and not averaged and math.isfinite(received) and received > limit * (1 + 1e-3)
    return f"expected no norm above {limit:g}, received {received:.4g}" if broken else ""


def shares(r: Record, prefix: str) -> list[float]:
    return [drawn["share"] for name, drawn in r.chance.items() if name.startswith(prefix)]


def placed(prefix: str, rates: list[float]) -> dict[str, float]:
    """The dropout layers that there must be, with their rates: one for each place whose rate is not 0."""
    return {f"{prefix}_{place}": rate for place, rate in enumerate(rates, start=1) if rate}


def drop_fault(r: Record, prefix: str, expected: dict[str, float]) -> str:
    """Measured shares of dropped units against the rates expected by layer."""
    shapes = {row["layer"]: row["shape"] for row in r.structure}
    received = {name: drawn for name, drawn in r.chance.items() if name.startswith(prefix)}
    if set(received) != set(expected):
        return f"expected layers {', '.join(expected) or 'none'}, received {', '.join(received) or 'none'}"
    for name, rate in expected.items():
        shape = received[name].get("shape") or shapes[name]
        draws = DRAWN_IMAGES * (shape[-1] if prefix == "spatial_dropout" else math.prod(shape))
        share, scale = received[name]["share"], received[name]["scale"]
        if abs(share - rate) > CHANCE * math.sqrt(rate * (1 - rate) / draws):
            return f"expected {rate:g} of {name} dropped, received {share:.4g}"
        if differs(scale, 1 / (1 - rate), 1e-4 if r.recipe["precision"] == "float32" else 1e-2):
            return f"expected what {name} keeps times {1 / (1 - rate):.4g}, received {scale:.4g}"
    return ""


def dropout_fault(r: Record) -> str:
    if own(r):
        rates = r.recipe["dropout"]
        listed = rates if isinstance(rates, list) else [rates] * len(shares(r, "dropout_"))
        missing = not isinstance(rates, list) and rates > 0 and not listed
        return "expected dropout, received none" if missing else drop_fault(r, "dropout", placed("dropout", listed))
    return drop_fault(r, "dropout", placed("dropout", architectures.dropout_rates(r.recipe)))


def input_dropout_fault(r: Record) -> str:
    rate = r.recipe["input_dropout"]
    return drop_fault(r, "input_dropout", {"input_dropout": rate} if rate else {})


def spatial_dropout_fault(r: Record) -> str:
    if own(r):
        return ""
    model = r.recipe["model"]
    rates = [r.recipe["spatial_dropout"]] * architectures.architecture(model).spatial_dropouts(model)
    return drop_fault(r, "spatial_dropout", placed("spatial_dropout", rates))


def smoothing_fault(r: Record) -> str:
    if r.recipe["loss"]["name"] not in ("auto", "cross_entropy") or "uniform" not in r.first_loss:
        return ""
    share, first = r.recipe["label_smoothing"], r.first_loss
    expected = (1 - share) * first["plain"] + share * first["uniform"]
    received = first["objective"]
    off = math.isfinite(expected) and differs(received, expected)
    return f"expected a first loss of {expected:.6g} nats, received {received:.6g}" if off else ""


def shift_fault(r: Record) -> str:
    received = r.chance.get("shift", {"pixels": 0})["pixels"]
    return (
        ""
        if received == r.recipe["shift"]
        else f"expected shifts of up to {r.recipe['shift']} pixels, received {received}"
    )


def flip_fault(r: Record) -> str:
    received = r.chance.get("flip", {"share": 0.0})["share"]
    expected = 0.5 if r.recipe["flip"] else 0.0
    off = abs(received - expected) > expected * CHANCE / math.sqrt(DRAWN_IMAGES)
    return f"expected {expected:g} of the images flipped, received {received:.3g}" if off else ""
