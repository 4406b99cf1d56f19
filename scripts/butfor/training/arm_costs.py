"""What each arm's model costs in use, measured by one process while nothing else of the study is at work."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from butfor.arm_names import data_set_of
from butfor.data.dataset import load
from butfor.process import peak_memory
from butfor.process.energy import EnergyMeter
from butfor.process.machine_load import MachineLoad
from butfor.process.start_settings import announced
from butfor.records.files import write_atomically
from butfor.training.engine_choice import engine_named
from butfor.training.protocol import Engine
from butfor.user_code import call
from butfor.user_code.location import OwnCodeError

AT_ONCE, SECONDS = 1000, 2.0  # examples, and how long they are predicted
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
    """Build each arm's model, and write into the file `costs`, with the device and its load: its `parameters`, its `operations`
    for a prediction, its `latency` in milliseconds by batch size (median and 95th percentile), and the `memory` (bytes) and the
    energy (`joules` for 1 000 predictions) that it takes, where the machine tells them.

    arms: recipes by arm. data_sets: their names, with the arrays and the manifest of each. Raises OwnCodeError.
    """
    engine = engine_named(engine_name)
    device, load_of = engine.device(threads), MachineLoad()
    rows: dict[str, dict[str, Any]] = {}
    for data_set, stored, manifest in zip(data_sets, arrays, manifests, strict=True):
        dataset = load(stored, manifest, announced().streams(data_set)).of_seed(0)
        for arm, recipe in ((arm, recipe) for arm, recipe in arms.items() if data_set_of(arm) == data_set):
            with call.attribute_errors_to(recipe["model"]["name"], f"measuring what {arm} costs"):
                engine.set_arithmetic(recipe)
                scaled, rates = dataset.scaled(recipe), np.full(1, recipe["learning_rate"], np.float32)
                if not rows:  # what is made once for all would count as the first arm's
                    engine(recipe, scaled, rates).cost(batch_sizes)
                held = peak_memory.restart()
                made = engine(recipe, scaled, rates)
                rows[arm] = {"parameters": made.parameters, **made.cost(batch_sizes)}
                rows[arm] |= {
                    "memory": _risen(held),
                    **_energy(made, len(dataset.y_test), not device.startswith("CPU")),
                }
            log.info("%s: %s", arm, rows[arm])
    write_atomically(
        Path(costs),
        json.dumps({"device": device, "threads": threads, "load": load_of.read(), "arms": rows}, indent=1),
    )


def _risen(held: int | None) -> int | None:
    """The bytes that a model and its predictions took at most, beyond those held before."""
    most = peak_memory.peak()
    return None if held is None or most is None else max(0, most - held)


def _energy(made: Engine, examples: int, on_gpu: bool) -> dict[str, Any]:
    """Joules per 1 000 predictions of the whole machine, and what tells them; none where nothing does."""
    meter, rows = EnergyMeter(on_gpu), np.arange(min(examples, AT_ONCE), dtype=np.int32)
    if not meter.source:
        return {"joules": None, "energy_by": ""}
    predicted, ended = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < ended:
        try:
            made.scores("test", rows)
        except OwnCodeError:  # outputs of several arrays, which are no predictions
            return {"joules": None, "energy_by": ""}
        predicted += len(rows)
    spent = meter.joules()
    return {"joules": None if spent is None else 1000 * spent / predicted, "energy_by": meter.source}
