"""The learning rate that the optimiser really used, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.panels import Measure
from butfor.languages.phrases import phrase
from butfor.records.record import Record

FURTHEST = (
    300.0  # a cosine's last steps would stretch the scale over many decades: it ends this many times below the top
)


def schedules(records: list[Record], arms: list[str]) -> Figure:
    """The learning rate at each step on a logarithmic scale, from each arm's first seed."""
    measure = Measure("rate", phrase("learning rate used"), log=True)
    figure = style.sheet(panels.height(arms, [measure]))
    first = {record.arm: record for record in reversed(records)}
    tables = [_table(first[arm]) for arm in arms if arm in first]
    table = pd.concat(tables) if tables else pd.DataFrame(columns=["arm", "seed", "epoch", "rate"])
    panels.draw_arms(figure, table, arms, "epoch", phrase("epoch"), [measure])
    return figure


def _table(record: Record) -> pd.DataFrame:
    rates = np.array(record.learning_rate, float)
    shown = (rates > 0) & (rates >= rates.max(initial=0.0) / FURTHEST)
    epochs = np.arange(len(rates)) / record.steps_per_epoch
    return pd.DataFrame({"arm": record.arm, "seed": record.seed, "epoch": epochs[shown], "rate": rates[shown]})
