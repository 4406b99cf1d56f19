"""Learning curves of a family: what decides and validation figures over the epochs."""

from __future__ import annotations

from matplotlib.figure import Figure

from butfor.figures import panels, style
from butfor.figures.coincidence import told_apart
from butfor.figures.measured_by_epoch import course_of
from butfor.languages.phrases import phrase
from butfor.records.record import Record
from butfor.study.metrics import Metric


def curves(records: list[Record], arms: list[str], metric: Metric | None = None) -> Figure:
    """Figures by epoch, with a band from the worst to the best seed. metric: the one that verdicts are asked of, which comes
    first."""
    of_all = course_of(records, metric)
    shown, left_out = told_apart(of_all.table, arms, "epoch", of_all.measures)
    drawn = [record for record in records if record.arm in shown]
    course = course_of(drawn, metric)  # of these alone, since who is not drawn must not hide what they all have
    figure = style.sheet(panels.height(shown, course.measures))
    panels.draw_arms(figure, course.table, shown, "epoch", phrase("epoch"), course.measures)
    style.note(figure, " ".join(filter(None, [course.note, left_out])))
    return figure
