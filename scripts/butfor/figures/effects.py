"""Every ablation's effect on the metric that verdicts are asked of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from butfor.figures import hover_titles, style
from butfor.figures.axis_edge import draw_bar, tell_beyond
from butfor.figures.effect_limits import limits_of
from butfor.figures.side_names import name_sides
from butfor.figures.verdict_marks import VERDICT_COLOURS, colour_of, mark_of
from butfor.languages.phrases import phrase, stored, term
from butfor.study.metrics import Metric
from butfor.study.summary import VerdictSettings
from butfor.verdicts.numbers import effect_of, level
from butfor.verdicts.rows import ContrastRow, Verdict

LETTERS = 30  # of a line of a name
BARE = 0.95  # inches: of what stands above and below the rows, beside the lines of the legend and of the note


def effects(
    rows: list[ContrastRow],
    by_seed: dict[str, list[float]],
    metric: Metric,
    verdict: VerdictSettings,
    seeds: Mapping[str, Sequence[int]] = MappingProxyType({}),
    which: str = "",
) -> Figure:
    """Every ablation's effect on a metric with its interval, its seeds and the margin, the best at the top.

    rows: contrasts on the metric. by_seed: paired differences per arm, in its unit, of which `seeds` names the seeds. which: of
    the study's ablations these are, in a sentence, if they are not all. Effects far outside the others are written at the
    edge instead of squeezing the rest.
    """
    margin = metric.margin_in(verdict)
    ordered = sorted(rows, key=lambda row: metric.worth(row["effect"]))
    limits = limits_of(rows, by_seed, margin)
    usual, names = _names(ordered)
    lines = max(name.count("\n") + 1 for name in names)  # of the longest name, which all rows leave room for
    sentences = " ".join(filter(None, [_on_bars(verdict), _on_margin(metric, margin), _on_others(usual), which]))
    parted = any(row.get("typical_note") for row in rows)
    paired = any(by_seed.get(row["arm"]) for row in rows)
    handles = _legend([row["verdict"] for row in rows], paired, parted)
    around = BARE + style.LINE * (style.legend_rows(handles) + len(style.note_lines(sentences)))
    figure = style.sheet(around + style.ROW * len(ordered) * (1 + 0.4 * (lines - 1)))
    axes = figure.subplots()
    if margin is not None and not metric.margins:
        axes.axvspan(-margin, margin, color="0.9", zorder=0)
    axes.axvline(0, color="0.5", linewidth=0.8, zorder=1)
    for place, row in enumerate(ordered):
        style.margin_at(axes, place, row["margin"] if metric.margins else None)
        drawn = _effect_row(axes, place, row, by_seed.get(row["arm"], []), metric, limits)
        if drawn and row["arm"] in by_seed and row["arm"] in seeds:
            _name_points(drawn, row, seeds[row["arm"]], by_seed[row["arm"]], metric)
    axes.set(xlim=limits, ylim=(-0.7, len(ordered) - 0.3))
    axes.set_yticks(range(len(ordered)), names)
    axes.spines[["left"]].set_visible(False)
    axes.set_xlabel(
        phrase("{metric}, ablation minus reference ({unit})", metric=term(metric.title), unit=term(metric.unit.name))
    )
    name_sides(axes, metric.higher_is_better)
    style.note(figure, sentences)
    axes.grid(axis="y", visible=False)
    style.legend(figure, handles)
    return figure


def _on_bars(verdict: VerdictSettings) -> str:
    return phrase(
        "Bars are the {level} interval of each ablation by itself; verdicts are corrected over all.",
        level=level(verdict["alpha"]),
    )


def _on_margin(metric: Metric, margin: float | None) -> str:
    if metric.margins:
        return phrase("Grey is the margin of each data set.")
    if margin is None:
        return ""
    return phrase("Grey is the margin, ±{margin} {unit}.", margin=f"{margin:g}", unit=term(metric.unit.short))


def _names(ordered: Sequence[ContrastRow]) -> tuple[str, list[str]]:
    """The commonest reference, if there are several, and the names of the rows: with their reference where that is another."""
    references = Counter(row["reference"] for row in ordered)
    usual = references.most_common(1)[0][0]
    named = [
        row["arm"] if row["reference"] == usual else phrase("{arm}, against {reference}", **_named(row))
        for row in ordered
    ]
    return usual if len(references) > 1 else "", [_folded(name) for name in named]


def _folded(name: str) -> str:
    """A name, and its reference in a line of its own, where both are too long for one."""
    parts = [name] if len(name) <= LETTERS else name.split(", ", 1)
    return ",\n".join(style.folded(part, LETTERS) for part in parts)


def _on_others(usual: str) -> str:
    return phrase("Against {reference}, where no other is named.", reference=usual) if usual else ""


def _named(row: ContrastRow) -> dict[str, str]:
    return {"arm": row["arm"], "reference": row["reference"]}


def _legend(verdicts: list[Verdict], paired: bool, parted: bool) -> list[Artist]:
    used = [verdict for verdict in dict.fromkeys((*VERDICT_COLOURS, *verdicts)) if verdict in verdicts]
    dots = [style.dot(stored(word), **mark_of(word, 6)) for word in used]
    typical = (
        [style.dot(phrase("typical run, where it differs"), "D", color="white", markeredgecolor="0.4")]
        if parted
        else []
    )
    pairs = [style.dot(phrase("one pair of runs"), ".", color="0.6")] if paired else []
    return [*dots, *pairs, *typical]


def _effect_row(
    axes: Axes, place: int, row: ContrastRow, seeds: list[float], metric: Metric, limits: tuple[float, float]
) -> list[Line2D]:
    """An effect as a dot with its interval, its seeds and, where that parts from it, the typical run; one that is off the axis,
    or none, in words at the edge. Gives the dots of the seeds and of the effect, if they are drawn."""
    colour, effect = colour_of(row["verdict"]), row["effect"]
    _write_number(axes, place, row)
    if effect is None or not limits[0] <= effect <= limits[1]:
        tell_beyond(axes, place, row, limits, colour, metric.higher_is_better)
        return []
    dots = axes.plot(seeds, [place - 0.22] * len(seeds), ".", color="0.6", markersize=4, zorder=2)
    draw_bar(axes, place, row, limits, colour)
    dots += axes.plot(effect, place, zorder=4, **mark_of(row["verdict"], 6))
    if row.get("typical_note") and row["typical"] is not None and limits[0] <= row["typical"] <= limits[1]:
        axes.plot(row["typical"], place, "D", color="white", markeredgecolor=colour, markersize=6, zorder=5)
    return dots


def _write_number(axes: Axes, place: int, row: ContrastRow) -> None:
    """The effect in figures, if it is known, beside its row."""
    if row["effect"] is None:
        return
    axes.text(
        1.01, place, effect_of(row), ha="left", va="center", fontsize="small", color="0.35",
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip


def _name_points(
    drawn: list[Line2D], row: ContrastRow, seeds: Sequence[int], differences: Sequence[float], metric: Metric
) -> None:
    """Titles for the dots of the seeds and of the effect."""
    dots, effect = drawn
    unit = term(metric.unit.short)
    words = [
        hover_titles.of_seed(row["arm"], seed, value, unit) for seed, value in zip(seeds, differences, strict=True)
    ]
    hover_titles.name(dots, words)
    hover_titles.name(effect, [hover_titles.of_effect(row, unit)])
