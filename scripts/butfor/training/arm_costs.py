"""What each arm's model costs in use, measured by one process while nothing else of the study is at work."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from butfor.arm_names import data_set_of
from butfor.data.dataset import load
from butfor.process.machine_load import MachineLoad
from butfor.records.files import write_atomically
from butfor.training.engine_choice import engine_named
from butfor.user_code import call

log = logging.getLogger(__name__)


def measure_costs(
    arms: dict[str, dict[str, Any]],
    engine_name: str,
    batch_sizes: list[int],
    data_sets: Sequence[str],
    arrays: Sequence[Path | str],
    manifests: Sequence[Path | str],
    threads: int,
    costs: Path | str,
) -> None:
    """Build each arm's model, and write its `parameters`, its `operations` for a prediction and its `latency` in milliseconds by
    batch size (median and 95th percentile) into the file `costs`, with the device and its load.

    arms: recipes by arm. data_sets: their names, with the arrays and the manifest of each. Raises OwnCodeError.
    """
    engine = engine_named(engine_name)
    device, load_of = engine.device(threads), MachineLoad()
    rows = {}
    for data_set, *stored in zip(data_sets, arrays, manifests, strict=True):
        dataset = load(*stored)
        for arm, recipe in ((arm, recipe) for arm, recipe in arms.items() if data_set_of(arm) == data_set):
            with call.attribute_errors_to(recipe["model"]["name"], f"measuring what {arm} costs"):
                made = engine(recipe, dataset.scaled(recipe), np.full(1, recipe["learning_rate"], np.float32))
                rows[arm] = {"parameters": made.parameters, **made.cost(batch_sizes)}
            log.info("%s: %s", arm, rows[arm])
    write_atomically(
        Path(costs),
        json.dumps({"device": device, "threads": threads, "load": load_of.read(), "arms": rows}, indent=1),
    )
