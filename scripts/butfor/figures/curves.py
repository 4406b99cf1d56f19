"""Learning curves of a family: validation accuracy and loss over the epochs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from butfor import frames
from butfor.figures import panels, style
from butfor.figures.panels import Measure
from butfor.record import Record

MEASURES = (
    Measure("validation/accuracy", "validation accuracy\n(share)", focus=True),
    Measure("validation/loss", "validation loss\n(nats)", focus=True),
)


def curves(records: list[Record], arms: list[str]) -> Figure:
    """Validation accuracy and loss by epoch, with a band from the worst to the best seed."""
    figure = style.sheet(panels.height(arms, MEASURES))
    columns = ["arm", "seed", "epoch", *(measure.column for measure in MEASURES)]
    table = pd.DataFrame(frames.history_table(records), columns=columns)
    panels.compare(figure, table, arms, "epoch", "epoch", MEASURES)
    return figure
