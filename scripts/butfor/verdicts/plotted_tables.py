"""What figures show beside runs, epochs and contrasts, as tables: layers, paired differences, and the learning rates used; and
every table as Parquet, too."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from butfor.records.record import Record
from butfor.records.tables import load_table
from butfor.study.summary import Study
from butfor.verdicts.paired_values import differences, paired_seeds

MOST_RATES = 300  # of a run's steps, evenly spaced
STATISTICS = ("activations", "weights", "gradient")


def write_plotted(tables: Path, study: Study, records: list[Record]) -> None:
    """Write them as CSV."""
    layers_table(records).to_csv(tables / "layers.csv", index=False)
    differences_table(study, records).to_csv(tables / "differences.csv", index=False)
    rates_table(records).to_csv(tables / "learning_rates.csv", index=False)


def write_parquet(tables: Path) -> None:
    """Write each table that lies there as CSV once more, with its types; one without columns is left out."""
    for path in sorted(tables.glob("*.csv")):
        with suppress(pd.errors.EmptyDataError):
            load_table(path).to_parquet(path.with_suffix(".parquet"), index=False)


def layers_table(records: list[Record]) -> pd.DataFrame:
    """A row per arm, seed, moment (`start` or `end`) and layer, with the statistics that are numbers."""
    rows = [
        {"arm": record.arm, "seed": record.seed, "moment": moment, "place": place, "layer": layer["layer"]}
        | {"activation": layer["activation"]}
        | {
            f"{of}.{name}": value
            for of in STATISTICS
            for name, value in (layer[of] or {}).items()
            if isinstance(value, int | float)
        }
        for record in records
        for moment, layers in (record.layers or {}).items()
        for place, layer in enumerate(layers, start=1)
    ]
    return pd.DataFrame(rows, columns=None if rows else ["arm", "seed", "moment", "place", "layer", "activation"])


def differences_table(study: Study, records: list[Record]) -> pd.DataFrame:
    """A row per ablation and pair of runs: how much the ablation's is above the reference's on the metric that decides."""
    seeds, values = paired_seeds(study, records), differences(study, records)
    rows = [
        {"arm": arm, "seed": seed, "difference": value}
        for arm, own in values.items()
        for seed, value in zip(seeds[arm], own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", "difference"])


def rates_table(records: list[Record]) -> pd.DataFrame:
    """The learning rates that each arm's first run used, by epoch."""
    first = {record.arm: record for record in reversed(records)}
    columns: dict[str, list[Any]] = {"arm": [], "seed": [], "epoch": [], "rate": []}
    for arm, record in first.items():
        steps = np.unique(np.linspace(0, max(len(record.learning_rate) - 1, 0), MOST_RATES).round().astype(int))
        rates = np.array(record.learning_rate, float)[steps[: len(record.learning_rate)]]
        epochs = steps[: len(rates)] / record.steps_per_epoch
        columns["arm"] += [arm] * len(rates)
        columns["seed"] += [record.seed] * len(rates)
        columns["epoch"] += epochs.tolist()
        columns["rate"] += rates.tolist()
    return pd.DataFrame(columns)
