"""The numerics of two runs: whether machine, threads, libraries and settings let them differ in the last bits, and whether
what differs between them may be no more than that."""

from __future__ import annotations

import math
from typing import Any

from butfor.recipe.given_numbers import rest_of
from butfor.records.record import Record

# What decides how a sum is rounded, by the record's name of it; a host's name does not.
NUMERICS = (
    "device",
    "processor",
    "engine",
    "tensorflow",
    "jax",
    "jaxlib",
    "keras",
    "numpy",
    "onednn",
    "xla_flags",
    "precision",
)
BATCHED = "batched"  # as so many at once or in turn; not told by records of runs that were trained by themselves
DETERMINISM = "deterministic"  # not told by records of before there was such a key
ALONE = "1 alone"
ASKED_FOR = {"precision": "matmul_precision", DETERMINISM: "deterministic"}  # by which key of the recipe
FIGURES = ("objective", "train/loss", "validation/loss")
ROUNDING = 1e-3  # what rounding may come to over an epoch, as a share of a loss


def unlike(a: Record, b: Record) -> dict[str, tuple[Any, Any]]:
    """The numerics in which two runs differ though their recipes do not ask for it: b's and a's, by name."""
    pairs = {name: (b.machine.get(name), a.machine.get(name)) for name in NUMERICS}
    if DETERMINISM in a.machine and DETERMINISM in b.machine:
        pairs[DETERMINISM] = b.machine[DETERMINISM], a.machine[DETERMINISM]
    if _unlike_batches(a, b):
        pairs[BATCHED] = b.machine.get(BATCHED, ALONE), a.machine.get(BATCHED, ALONE)
    asked = {name for name, key in ASKED_FOR.items() if a.recipe.get(key) != b.recipe.get(key)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and name not in asked}


def _unlike_batches(a: Record, b: Record) -> bool:
    """Whether two runs were trained otherwise among others. How many those were tells only runs of one program apart."""
    batches = [str(record.machine.get(BATCHED, ALONE)) for record in (a, b)]
    if batches[0] == batches[1]:
        return False
    return batches[0].split(" ")[1:] != batches[1].split(" ")[1:] or rest_of(a.recipe) == rest_of(b.recipe)


def mixed(pairs: list[tuple[Record, Record]]) -> list[str]:
    """The numerics in which runs of some pair differ, in the order of NUMERICS."""
    return list(dict.fromkeys(name for a, b in pairs for name in unlike(a, b)))


def note(pairs: list[tuple[Record, Record]]) -> str:
    """What is to be said of pairs across two machines, or two loops that nobody asked for; empty if there are none."""
    across = [pair for a, b in pairs if (pair := unlike(a, b) | _unlike_loops(a, b))]
    if not across:
        return ""
    differences = {f"{name} {before} → {after}": None for pair in across for name, (before, after) in pair.items()}
    loops = " (`loop: graph` in the recipe trains all arms by one)" if any("loop" in pair for pair in across) else ""
    return f"in {len(across)} of {len(pairs)} pairs compared across two numerics: {', '.join(differences)}{loops}"


def _unlike_loops(a: Record, b: Record) -> dict[str, tuple[Any, Any]]:
    chosen = a.loop != b.loop and a.recipe["loop"] == b.recipe["loop"]  # by each arm's model, under `auto`
    return {"loop": (b.loop, a.loop)} if chosen else {}


def within_rounding(a: Record, b: Record) -> bool:
    """Whether two runs are as alike as the same training on two machines: the losses of their first epochs and their trial
    steps agree but for rounding. Later epochs may differ by chaos alone."""
    if (
        not a.history
        or not b.history
        or a.learning_rate[: len(b.learning_rate)] != b.learning_rate[: len(a.learning_rate)]
    ):
        return False
    first, other = a.history[0], b.history[0]
    return all(_near(first[key], other[key]) for key in FIGURES) and _same_step(a.trial, b.trial)


def alike(a: Record, b: Record, layer: str) -> bool:
    """Whether a layer's initial weights are the same but for rounding, by their recorded spread."""
    rows = [next((row for row in r.layers["start"] if row["layer"] == layer), None) for r in (a, b)]
    if rows[0] is None or rows[1] is None:
        return False
    mine, its = rows[0]["weights"], rows[1]["weights"]
    scale = max(abs(its["rms"]), 1e-30)
    values = [(mine[key], its[key]) for key in ("mean", "std", "rms")]
    values += list(zip(mine["quantiles"], its["quantiles"], strict=True))
    return all(abs(x - y) <= 1e-5 * scale for x, y in values)


def _same_step(mine: dict[str, Any], its: dict[str, Any]) -> bool:
    if not mine or not its:
        return True
    rows = [(row, its["variables"].get(name)) for name, row in mine["variables"].items()]
    return _near(mine["objective"], its["objective"]) and all(
        other is not None and all(_near(row[key], other[key]) for key in ("made",) if key in row and key in other)
        and abs((row.get("decay") or 0.0) - (other.get("decay") or 0.0))
        <= 6 * ((row.get("decay_error") or 0.0) + (other.get("decay_error") or 0.0))
        for row, other in rows
    )  # fmt: skip


def _near(x: float, y: float) -> bool:
    return math.isclose(x, y, rel_tol=ROUNDING) or (x != x and y != y)
