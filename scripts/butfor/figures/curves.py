"""Learning curves of a family: validation figures over the epochs."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.coincidence import told_apart
from butfor.figures.panels import Measure
from butfor.figures.quantities import quantities_of
from butfor.languages.phrases import phrase, term
from butfor.records.record import Record
from butfor.records.tables import history_table


def curves(records: list[Record], arms: list[str]) -> Figure:
    """Validation figures by epoch, with a band from the worst to the best seed."""
    measures = [
        Measure(
            f"validation/{quantity.name}",
            phrase("validation {quantity} ({unit})", quantity=term(quantity.name), unit=term(quantity.recorded_unit)),
            focus=True,
        )
        for quantity in quantities_of(records)
    ]
    columns = ["arm", "seed", "epoch", *(measure.column for measure in measures)]
    table = pd.DataFrame(history_table(records), columns=columns)
    shown, left_out = told_apart(table, arms, "epoch", measures)
    figure = style.sheet(panels.height(shown, measures))
    panels.draw_arms(figure, table, shown, "epoch", phrase("epoch"), measures)
    style.note(figure, left_out)
    return figure
