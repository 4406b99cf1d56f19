"""Folds as replicates: the study's `replicates`, by which each seed stands for one fold of one division of the examples.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from typing import Any

from butfor.errors import StudyFileError

Settings = dict[str, Any]


class ReplicatesError(StudyFileError):
    """Folds that cannot be had with what else a study asks for."""


def settle(written: Settings, settings: Settings) -> None:
    """Make the looks of a completed study, and tell its data sets that they are divided into folds. written: the study file.
    Raises ReplicatesError."""
    replicates = settings["replicates"]
    if replicates is None:
        settings["looks"] = settings["seeds"] if isinstance(settings["seeds"], list) else [settings["seeds"]]
        return
    count = replicates["folds"] * replicates["repeats"]
    settings["looks"] = [count]
    _refuse(written, settings, count)
    seeds = [settings["first_seed"], count]
    for data in settings["data_sets"].values():
        asked = {key: replicates[key] for key in ("folds", "stratified", "groups")}
        asked["groups"] = asked["groups"] or data["groups"]  # whose examples would else be trained on and tested on
        data["folds"] = {**asked, "seeds": seeds}


def _refuse(written: Settings, settings: Settings, count: int) -> None:
    folds, first = settings["replicates"]["folds"], settings["first_seed"]
    if written.get("seeds") is not None:
        raise ReplicatesError(
            f"seeds: expected none beside replicates, whose {count} folds have a seed each, received {written['seeds']}. Leave"
            " it out; for more runs write more repeats.",
            ("seeds",),
        )
    if first % folds:
        raise ReplicatesError(
            f"first_seed: expected a multiple of the {folds} folds, since seeds number them, received {first}. Write first_seed:"
            f" {first // folds * folds}.",
            ("first_seed",),
        )
    if settings["tune"] is not None:
        raise ReplicatesError(
            "tune: expected none beside replicates, since learning rates would be chosen on examples that other folds are tested"
            " on, received a search. Leave it out.",
            ("tune",),
        )
