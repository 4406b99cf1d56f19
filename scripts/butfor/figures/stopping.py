"""Where early stopping ended training, and where it should have."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from butfor.figures import hover_titles, style
from butfor.languages.phrases import phrase, stored
from butfor.recipe.early_stopping import lower_is_better
from butfor.recipe.tasks import task_of
from butfor.recipe.watched_figures import PLAIN, figure_name
from butfor.records.record import Record, validation_figures
from butfor.study.watched_losses import figure_title

STOPPED: dict[str, Any] = {"marker": "|", "markersize": 9, "color": "black", "markeredgewidth": 1.8}
RESTORED: dict[str, Any] = {"marker": "o", "markersize": 6, "color": style.BLUE, "markeredgewidth": 0}
BEST: dict[str, Any] = {"marker": "x", "markersize": 5, "color": style.ORANGE, "markeredgewidth": 1.8}
MOST_ROW = 1.2  # inches, however many seeds a row has
SPREAD = 0.28  # of a row, to each side, over which its seeds are laid


def stopping(records: list[Record], arms: list[str]) -> Figure:
    """Per arm and seed: the last epoch, the epoch whose weights were evaluated, and the one with the best figure."""
    labels = {arm: f"{arm} ({phrase('no run')})" for arm in arms}
    labels |= {r.arm: f"{r.arm} ({stored(figure_title(figure_name(monitored(r)), task_of(r.data)))})" for r in records}
    by_arm = {arm: [record for record in records if record.arm == arm] for arm in arms}
    idle = [arm for arm, own in by_arm.items() if own and all(map(_ran_to_its_best, own))]
    shown = [arm for arm in arms if arm not in idle]
    seeds = sorted({record.seed for record in records})
    row = min(MOST_ROW, max(style.ROW, 0.11 * len(seeds)))
    figure = style.sheet((0.9 + row * len(shown) if shown else 0.1) + (0.45 if idle else 0.0))
    style.note(figure, _on_idle(idle, bool(shown)))
    if not shown:
        return figure
    axes = figure.subplots()
    for record in (record for arm in shown for record in by_arm[arm]):
        offset = (2 * seeds.index(record.seed) / (len(seeds) - 1) - 1) * SPREAD if len(seeds) > 1 else 0.0
        _seed(axes, record, shown.index(record.arm) + offset)
    axes.set_yticks(range(len(shown)), [style.folded(labels[arm], 30) for arm in shown])
    axes.set(xlim=(0, None), ylim=(len(shown) - 0.5, -0.5), xlabel=phrase("epoch"))
    axes.grid(axis="y", visible=False)
    axes.spines[["left"]].set_visible(False)
    for place in range(1, len(shown)):
        axes.axhline(place - 0.5, color="0.85", linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = {
        phrase("training ended"): STOPPED,
        phrase("weights evaluated"): RESTORED,
        phrase("best validation figure"): BEST,
    }
    style.legend(figure, [style.dot(label, **look) for label, look in handles.items()])
    return figure


def _ran_to_its_best(record: Record) -> bool:
    """Whether the last epoch of all was also the best, and the one whose weights were evaluated: stopping had nothing to do."""
    ends = {best_epoch(record), record.restored_epoch, record.stopped_epoch}
    return ends == {int(record.recipe.get("epochs", record.stopped_epoch))}


def _on_idle(idle: list[str], some_shown: bool) -> str:
    if not idle:
        return ""
    arms = ", ".join(idle)
    if some_shown:
        return phrase(
            "Every run of these trained to the last epoch, which was its best one, so that there was nothing to stop, and they"
            " are not drawn: {arms}.",
            arms=arms,
        )
    return phrase(
        "Every run of these trained to the last epoch, which was its best one, so that there was nothing to stop: {arms}.",
        arms=arms,
    )


def monitored(record: Record) -> Any:
    """The validation figure that early stopping watched, as the recipe has it; the loss where there is none."""
    return record.recipe["early_stopping"].get("monitor", PLAIN)


def best_epoch(record: Record) -> int | None:
    """The first epoch with the best finite value of the monitored figure."""
    watched = monitored(record)
    rows = [(validation_figures(row), row["epoch"]) for row in record.history]
    figures = [(lower_is_better(row, watched), epoch) for row, epoch in rows]
    return min(((value, epoch) for value, epoch in figures if math.isfinite(value)), default=(0.0, None))[1]


def _seed(axes: Axes, record: Record, height: float) -> None:
    best = best_epoch(record)
    axes.plot([best or record.stopped_epoch, record.stopped_epoch], [height] * 2, color="0.8", linewidth=1, zorder=1)
    if record.metrics:
        _name(axes.plot([record.restored_epoch], [height], zorder=2, **RESTORED), record, record.restored_epoch)
    _name(axes.plot([record.stopped_epoch], [height], zorder=3, **STOPPED), record, record.stopped_epoch)
    if best is not None:
        _name(axes.plot([best], [height], zorder=4, **BEST), record, best)


def _name(marks: list[Line2D], record: Record, epoch: int | None) -> None:
    for mark in marks if epoch is not None else []:
        words = phrase("{arm}, seed {seed}: epoch {epoch}", arm=record.arm, seed=record.seed, epoch=epoch)
        hover_titles.name(mark, [words])
