"""What figures show beside runs and contrasts, as tables: epochs, layers, paired differences, and the learning rates used; and
every table as Parquet, too."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from butfor.records.record import Record
from butfor.records.tables import epoch_rows, load_table
from butfor.study.summary import Study
from butfor.verdicts.paired_values import differences, paired_seeds

MOST_RATES = 300  # of a run's steps, evenly spaced
LAYERS = ["arm", "seed", "moment", "place", "layer", "activation"]  # columns where there are no rows
RATES = ["arm", "seed", "epoch", "rate"]
STATISTICS = ("activations", "weights", "gradient")


def write_plotted(tables: Path, study: Study, records: list[Record]) -> None:
    """Write them as CSV, that of epochs among them."""
    _write_by_run(tables, records)
    differences_table(study, records).to_csv(tables / "differences.csv", index=False)


def _write_by_run(tables: Path, records: list[Record]) -> None:
    """Epochs, layers and learning rates in one pass, since the parts of records that they are in are read from files anew where
    there are very many (see stored_record)."""
    first = {record.arm: record for record in reversed(records)}
    epochs, layers = list[dict[str, Any]](), list[dict[str, Any]]()
    rates: dict[str, list[tuple[str, int, float, float]]] = {arm: [] for arm in first}
    for record in records:
        epochs += epoch_rows(record)
        layers += layer_rows(record)
        if first[record.arm] is record:
            rates[record.arm] = rate_rows(record)
    pd.DataFrame(epochs).to_csv(tables / "history.csv", index=False)
    pd.DataFrame(layers, columns=None if layers else LAYERS).to_csv(tables / "layers.csv", index=False)
    used = [row for rows in rates.values() for row in rows]
    pd.DataFrame(used, columns=RATES).to_csv(tables / "learning_rates.csv", index=False)


def write_parquet(tables: Path) -> None:
    """Write each table that lies there as CSV once more, with its types; one without columns is left out."""
    for path in sorted(tables.glob("*.csv")):
        with suppress(pd.errors.EmptyDataError):
            load_table(path).to_parquet(path.with_suffix(".parquet"), index=False)


def layer_rows(record: Record) -> list[dict[str, Any]]:
    """A row per moment (`start` or `end`) of a run and layer, with the statistics that are numbers."""
    return [
        {"arm": record.arm, "seed": record.seed, "moment": moment, "place": place, "layer": layer["layer"]}
        | {"activation": layer["activation"]}
        | {
            f"{of}.{name}": value
            for of in STATISTICS
            for name, value in (layer[of] or {}).items()
            if isinstance(value, int | float)
        }
        for moment, layers in (record.layers or {}).items()
        for place, layer in enumerate(layers, start=1)
    ]


def differences_table(study: Study, records: list[Record]) -> pd.DataFrame:
    """A row per ablation and pair of runs: how much the ablation's is above the reference's on the metric that decides."""
    seeds, values = paired_seeds(study, records), differences(study, records)
    rows = [
        {"arm": arm, "seed": seed, "difference": value}
        for arm, own in values.items()
        for seed, value in zip(seeds[arm], own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arm", "seed", "difference"])


def rate_rows(record: Record) -> list[tuple[str, int, float, float]]:
    """The learning rates that a run used: arm, seed, epoch and rate of some steps."""
    steps = np.unique(np.linspace(0, max(len(record.learning_rate) - 1, 0), MOST_RATES).round().astype(int))
    rates = np.array(record.learning_rate, float)[steps[: len(record.learning_rate)]]
    epochs = steps[: len(rates)] / record.steps_per_epoch
    return [(record.arm, record.seed, *of) for of in zip(epochs.tolist(), rates.tolist(), strict=True)]
