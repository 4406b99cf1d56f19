"""Learning curves of a family: validation accuracy and loss over the epochs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.panels import Measure
from butfor.records.record import Record
from butfor.records.tables import history_table
from butfor.study.metrics import QUANTITIES

MEASURES = [
    Measure(f"validation/{quantity.name}", f"validation {quantity.name}\n({quantity.recorded_unit})", focus=True)
    for quantity in QUANTITIES.values()
]


def curves(records: list[Record], arms: list[str]) -> Figure:
    """Validation accuracy and loss by epoch, with a band from the worst to the best seed."""
    figure = style.sheet(panels.height(arms, MEASURES))
    columns = ["arm", "seed", "epoch", *(measure.column for measure in MEASURES)]
    table = pd.DataFrame(history_table(records), columns=columns)
    panels.draw_arms(figure, table, arms, "epoch", "epoch", MEASURES)
    return figure
