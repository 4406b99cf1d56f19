"""Footprints of what training minimises, and in which arithmetic."""

from __future__ import annotations

import math

from butfor.checks.footprints.reading import differs, listed, own
from butfor.records.record import Record


def first_objective(r: Record) -> str:
    return f"{r.first_loss['objective']:.6g}"


def loss_fault(r: Record) -> str:
    """The loss before any step, against the same worked out from the scores; of a loss of the user's own none is known."""
    expected, received = r.first_loss.get("expected"), r.first_loss["objective"]
    off = expected is not None and math.isfinite(expected) and differs(received, expected, 1e-4)
    return f"expected a first loss of {expected:.6g}, received {received:.6g}" if off else ""


def weights(r: Record) -> str:
    return listed(r.data.get("class_weights") or []) or "none"


def class_weight_fault(r: Record) -> str:
    asked, received = r.recipe["class_weight"], r.data.get("class_weights")
    if asked["name"] == "given" and received != [float(weight) for weight in asked["weights"]]:
        return f"expected weights of classes {listed(asked['weights'])}, received {weights(r)}"
    if (asked["name"] == "none") == bool(received):
        return f"expected {'none' if received else 'weights of classes'}, received {weights(r)}"
    return ""


def example_weights(r: Record) -> str:
    return listed(r.data.get("sample_weights") or []) or "none"


def sample_weight_fault(r: Record) -> str:
    asked, received = r.recipe["sample_weight"], r.data.get("sample_weights")
    if (asked == "given") == bool(received):
        return ""
    return f"expected {'weights of examples' if asked == 'given' else 'none'}, received {example_weights(r)}"


def precision_trace(r: Record) -> str:
    return ", ".join(sorted({row.get("precision", "float32") for row in r.structure}))


def product_precision(r: Record) -> str:
    return "tf32" if r.machine.get("precision", "").endswith("tf32") else "float32"


def product_precision_fault(r: Record) -> str:
    """A device without TF32 is none."""
    asked, received = r.recipe.get("matmul_precision", "tf32"), product_precision(r)
    return "" if asked in ("tf32", received) else f"expected products of {asked}, received {received}"


def determinism(r: Record) -> str:
    return str(r.machine.get("deterministic", "not told"))


def determinism_fault(r: Record) -> str:
    asked, received = r.recipe.get("deterministic", False), determinism(r)
    return f"expected operations that repeat themselves, received {received}" if asked and "not" in received else ""


def precision_fault(r: Record) -> str:
    asked, received = r.recipe["precision"], {row.get("precision", "float32") for row in r.structure}
    missing = asked != "float32" and asked not in received
    return f"expected layers of {asked}, received {precision_trace(r)}" if missing and not own(r) else ""
