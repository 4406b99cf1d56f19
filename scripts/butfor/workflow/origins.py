"""What the records of a training follow from, as a start asks for it again and again. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from butfor.arm_names import data_set_of
from butfor.records import earlier
from butfor.records.results_folder import MANIFEST, data_file
from butfor.workflow.read_again import read_again_if_changed

Training = dict[str, Any]


def _manifest(file: Path) -> dict[str, Any]:
    try:
        about = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


_manifest_in = read_again_if_changed(_manifest, lambda file: file)


def manifest(results: Path, data_set: str = "") -> dict[str, Any]:
    """What is known of a data set's stored arrays; nothing before there are any. data_set: its name among several."""
    return _manifest_in(data_file(results, MANIFEST, data_set))


def data_fingerprint(results: Path, data_set: str = "") -> str:
    """The fingerprint of a data set's stored arrays; "" before there are any."""
    return str(manifest(results, data_set).get("fingerprint", ""))


def data_trained_on(results: Path) -> Callable[[Training], str]:
    """Gives the fingerprint of the arrays that a training is of; each data set's manifest is read once."""
    of_set = cache(partial(data_fingerprint, results))
    return lambda training: of_set(data_set_of(training["arm"]))


def origin_of(training: Training, data: str) -> str:
    """What stands for all that a training's records follow from (see earlier.origin); worked out once, as a start asks for it
    again and again."""
    known = _origins.get(id(training))
    if known is None or known[0] is not training:
        known = _origins[id(training)] = training, {}
    if data not in known[1]:
        known[1][data] = earlier.origin(training, data)
    return known[1][data]


_origins: dict[
    int, tuple[Training, dict[str, str]]
] = {}  # of trainings, which it keeps, so that no other takes one's number
