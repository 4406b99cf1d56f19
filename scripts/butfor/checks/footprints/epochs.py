"""Footprints of when a training ends, and of what its epochs are made."""

from __future__ import annotations

from butfor.plain_text import counted
from butfor.recipe.early_stopping import EarlyStopping
from butfor.records.record import Record, validation_figures


def stopping_fault(r: Record) -> str:
    """The recorded validation figures, watched again."""
    if r.status == "diverged":
        return ""
    stopping = EarlyStopping(r.recipe["early_stopping"])
    for row in r.history:
        stopping.is_best(validation_figures(row))
        if stopping.over:
            break
    stopped, restored = row["epoch"], stopping.best_epoch if stopping.restores else len(r.history)
    if (stopped, restored) == (r.stopped_epoch, r.restored_epoch) and (stopping.over or stopped == r.recipe["epochs"]):
        return ""
    return f"expected epoch {stopped} as the last and {restored} restored, received {r.stopped_epoch} and {r.restored_epoch}"


def epochs_fault(r: Record) -> str:
    whole = r.stopped_epoch == r.recipe["epochs"]
    ends = whole or r.recipe["early_stopping"]["name"] != "none" or r.status == "diverged"
    return "" if ends else f"expected {counted(r.recipe['epochs'], 'epoch')}, received {r.stopped_epoch}"


def batch_fault(r: Record) -> str:
    expected = r.data["train"] // r.recipe["batch_size"]
    return (
        ""
        if r.steps_per_epoch == expected
        else f"expected {counted(expected, 'step')} per epoch, received {r.steps_per_epoch}"
    )


def size_fault(r: Record) -> str:
    wanted = r.recipe["train_size"]
    return (
        "" if wanted in (None, r.data["train"]) else f"expected {wanted} training examples, received {r.data['train']}"
    )


def loop_fault(r: Record) -> str:
    wanted = r.recipe["loop"]
    return "" if wanted in ("auto", r.loop) else f"expected the loop {wanted}, received {r.loop}"
