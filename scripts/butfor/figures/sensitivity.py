"""Sensitivity: the effect of a number's values, a panel for each number that a family's ablations change alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from butfor.figures import hover_titles, style
from butfor.figures.effect_limits import limits_of
from butfor.figures.value_labels import labelled
from butfor.figures.verdict_marks import VERDICT_COLOURS, colour_of, mark_of
from butfor.languages.phrases import phrase, stored, term
from butfor.study.changed_numbers import ChangedNumber
from butfor.study.metrics import Metric
from butfor.study.summary import VerdictSettings
from butfor.verdicts.numbers import effect_of, effect_with_interval, level
from butfor.verdicts.rows import ContrastRow

COLUMNS, HEIGHT = 3, 2.5
DECADES = 1.0  # that values span, from which on their axis is logarithmic
MOST_SEEDS = 10
LETTERS = 24  # that a panel has room for up its side
BELOW = 0.4  # of a decade: how far left of the smallest value 0 stands on a logarithmic axis


@dataclass(frozen=True)
class Effects:
    """What is known of the ablations: their contrasts by arm, their paired differences, and how they are judged."""

    rows: Mapping[str, ContrastRow]
    by_seed: dict[str, list[float]]
    metric: Metric
    verdict: VerdictSettings

    def title(self, reference: str) -> str:
        """What an axis of the effects shows."""
        return phrase(
            "{metric}, ablation minus {reference} ({unit}, {better})",
            metric=term(self.metric.title),
            reference=reference,
            unit=term(self.metric.unit.short),
            better=phrase("higher is better") if self.metric.higher_is_better else phrase("lower is better"),
        )


def sensitivity(numbers: Mapping[str, Mapping[str, ChangedNumber]], effects: Effects, reference: str) -> Figure:
    """The effect against the value with its interval as a band, the reference's value at 0. numbers: by path and arm."""
    columns = min(COLUMNS, max(1, len(numbers)))
    lines = -(-max(1, len(numbers)) // columns)
    figure = style.sheet(0.8 + HEIGHT * lines)
    panels = figure.subplots(lines, columns, squeeze=False, sharey=True)
    shown = [effects.rows[arm] for own in numbers.values() for arm in own if arm in effects.rows]
    margin = effects.metric.margin_in(effects.verdict)
    limits = limits_of(shown, effects.by_seed, margin)
    for axes, (key, own) in zip(panels.flat, numbers.items(), strict=False):
        if margin is not None and not effects.metric.margins:
            axes.axhspan(-margin, margin, color="0.94", linewidth=0, zorder=0)
        _panel(axes, key, own, effects, limits, reference)
    for axes in panels.flat[len(numbers) :]:
        axes.set_visible(False)
    panels[0, 0].set_ylim(*limits)
    used = {row["verdict"] for row in shown}
    dots = [style.dot(stored(word), **mark_of(word, 6)) for word in VERDICT_COLOURS if word in used]
    style.legend(figure, dots, effects.title(reference))
    style.note(figure, _sentence(effects, margin))
    return figure


def _sentence(effects: Effects, margin: float | None) -> str:
    words = phrase(
        "The band is the {level} interval of each ablation by itself, dots are pairs of runs.",
        level=level(effects.verdict["alpha"]),
    )
    if margin is None or effects.metric.margins:
        return words
    unit = term(effects.metric.unit.short)
    return f"{words} {phrase('Grey is the margin, ±{margin} {unit}.', margin=f'{margin:g}', unit=unit)}"


def _panel(
    axes: Axes,
    key: str,
    own: Mapping[str, ChangedNumber],
    effects: Effects,
    limits: tuple[float, float],
    reference: str,
) -> None:
    before = next(iter(own.values())).before
    places = places_of({before, *(number.value for number in own.values())})
    _scale(axes, key, places, before)
    axes.axhline(0, color="0.5", linewidth=0.8, zorder=1)
    axes.axvline(places[before], color="0.6", linewidth=0.8, linestyle=":", zorder=1)
    known = [(places[before], 0.0, 0.0, 0.0)]
    for arm, number in own.items():
        row, x = effects.rows.get(arm), places[number.value]
        if row is None or row["effect"] is None or not limits[0] <= row["effect"] <= limits[1]:
            _beyond(axes, x, row, effects.metric, limits)
        else:
            low, high = (row["effect"] if end is None else end for end in (row["low"], row["high"]))
            known.append((x, row["effect"], low, high))
            _point(axes, x, row, effects)
    x, means, lows, highs = np.array(sorted(known)).T
    axes.plot(x, means, color=style.BLUE, linewidth=1.6, zorder=2)
    axes.fill_between(x, lows, highs, color=style.BLUE, alpha=0.15, linewidth=0, zorder=1)
    axes.plot([places[before]], [0.0], "D", color="black", markersize=5, zorder=5)
    axes.annotate(
        reference, (places[before], 1), (0, 3), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
        ha="center", va="bottom", fontsize="small", color="0.35",
    )  # fmt: skip


def _point(axes: Axes, x: float, row: ContrastRow, effects: Effects) -> None:
    seeds = effects.by_seed.get(row["arm"], [])
    if len(seeds) <= MOST_SEEDS:
        axes.plot([x] * len(seeds), seeds, ".", color="0.6", markersize=3.5, zorder=3)
    (point,) = axes.plot([x], [row["effect"] or 0.0], zorder=4, **mark_of(row["verdict"], 6.5))
    hover_titles.name(point, [hover_titles.of_effect(row, term(effects.metric.unit.short))])


def _beyond(axes: Axes, x: float, row: ContrastRow | None, metric: Metric, limits: tuple[float, float]) -> None:
    """An arrow at the edge for an effect that is off the scale or not known, with its words."""
    if row is None:
        return
    effect = row["effect"]
    down = metric.higher_is_better if effect is None else effect < limits[0]
    words = stored(row["remark"] or "no finished pair") if effect is None else effect_with_interval(row)
    words = words if effect is None or len(words) <= LETTERS else effect_of(row)
    axes.annotate(  # turned to the left, as its words are, a mark to the right is one upwards
        f"◀ {words}" if down else f"{words} ▶", (x, 0 if down else 1), (0, 4 if down else -4),
        xycoords=axes.get_xaxis_transform(), textcoords="offset points", rotation=90, ha="center",
        va="bottom" if down else "top", fontsize="small", color=colour_of(row["verdict"]),
    )  # fmt: skip


def places_of(values: Sequence[float] | set[float]) -> dict[float, float]:
    """Where values stand: as they are, or by their logarithms where they span decades, 0 a step left of the others."""
    above = [value for value in values if value > 0]
    if min(values) < 0 or len(above) < 2 or np.log10(max(above) / min(above)) < DECADES:
        return {value: value for value in values}
    step = max(BELOW, float(np.log10(max(above) / min(above))) / len(above))
    return {value: float(np.log10(value)) if value > 0 else float(np.log10(min(above))) - step for value in values}


def _scale(axes: Axes, key: str, places: Mapping[float, float], before: float) -> None:
    ordered = sorted(places)
    is_log = any(places[value] != value for value in ordered)
    shown = labelled(axes, places, before)
    axes.set_xticks([places[value] for value in shown], [hover_titles.number(value) for value in shown])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(phrase("{key} (logarithmic)", key=key) if is_log else key)
    span = places[ordered[-1]] - places[ordered[0]]
    axes.set_xlim(places[ordered[0]] - 0.08 * span, places[ordered[-1]] + 0.08 * span)
