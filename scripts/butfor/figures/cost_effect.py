"""What arms cost against what they are worth: who is on the front, where nothing else is both cheaper and better."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from butfor.figures import hover_titles, style
from butfor.figures.effect_limits import limits_of
from butfor.figures.point_key import NamedPanel, explain, name_points
from butfor.figures.point_names import PointName
from butfor.figures.sensitivity import Effects
from butfor.figures.strongest import strongest, which_are_shown
from butfor.figures.verdict_marks import VERDICT_COLOURS, colour_of, mark_of
from butfor.languages.phrases import phrase, stored, term
from butfor.records.record import Record
from butfor.verdicts.numbers import effect_of, effect_with_interval
from butfor.verdicts.rows import REFUSED
from butfor.verdicts.uneven_loads import remark_on_seconds

HEIGHT = 3.0
QUARTILES = (25, 75)
INK = "0.25"  # of names
REFERENCE: dict[str, Any] = {"marker": "D", "color": "black", "markersize": 5, "linestyle": ""}
MOST_NAMED = 24  # ablations, of which all have names: of more, only those that tell something


class Place(NamedTuple):
    """Where an arm lies: the cost of its median run, the quartiles of its runs, its effect, and its verdict, if any."""

    arm: str
    cost: float
    low: float
    high: float
    effect: float
    verdict: str


@dataclass(frozen=True)
class Cost:
    """Something that a run costs, by arm and run."""

    label: str
    by_arm: Mapping[str, Sequence[float]]


def cost_effect(records: Sequence[Record], effects: Effects, reference: str, most: float = math.inf) -> Figure:
    """The effects of the reference's ablations against the seconds of training, and parameters where arms differ in those.
    most: how many it can show; of more, the front and those with the largest effects."""
    costs = costs_of(records)
    figure = style.sheet(0.5 + HEIGHT)
    if not costs or reference not in costs[0].by_arm:
        style.note(figure, phrase("No run has been timed whose arm is the reference of others."))
        return figure
    rows = [row for row in effects.rows.values() if row["reference"] == reference]
    margin = effects.metric.margin_in(effects.verdict)
    limits = limits_of(rows, effects.by_seed, margin)
    panels, named = figure.subplots(1, len(costs), squeeze=False, sharey=True)[0], []
    for axes, cost in zip(panels, costs, strict=True):
        if margin is not None and not effects.metric.margins:
            axes.axhspan(-margin, margin, color="0.94", linewidth=0, zorder=0)
        axes.axhline(0, color="0.5", linewidth=0.8, zorder=1)
        places = [place for row in rows if (place := _place(row["arm"], row["effect"], row["verdict"], cost))]
        before = _place(reference, 0.0, "", cost)
        named.append(_panel(axes, _fewer([before, *places] if before else places, effects, most), effects, limits))
        axes.set_xlabel(cost.label)
    used = {row["verdict"] for row in rows if row["effect"] is not None}
    here = style.dot(phrase("{arm} (reference)", arm=reference), **REFERENCE)
    dots = [style.dot(stored(word), **mark_of(word, 5.5)) for word in VERDICT_COLOURS if word in used]
    style.legend(figure, [here, *dots], effects.title(reference))
    read = phrase(
        "The line is the front: by their means, no other arm is both cheaper and better. Bars hold half of an arm's runs."
        " Seconds are those of runs that trained side by side."
    )
    few = phrase("Named are those on the front and those that help or hurt.") if len(rows) > MOST_NAMED else ""
    figure.draw_without_rendering()  # so that names know where points are
    shown = [record for record in records if record.arm in {reference, *(row["arm"] for row in rows)}]
    sentences = [which_are_shown(len(rows), most), read, remark_on_seconds(shown), few]
    explain(figure, name_points(named), " ".join(filter(None, sentences)))
    return figure


def costs_of(records: Sequence[Record]) -> list[Cost]:
    """What runs cost: parameters if arms differ in them, and seconds of training if they are known."""
    parameters: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for record in records:
        parameters.setdefault(record.arm, []).append(record.parameters)
        if "train" in record.timing.get("seconds", {}):
            seconds.setdefault(record.arm, []).append(float(record.timing["seconds"]["train"]))
    differ = len({count for counts in parameters.values() for count in counts}) > 1
    known = [Cost(phrase("parameters that are trained"), parameters)] if differ else []
    return [*known, *([Cost(phrase("seconds of training, median run"), seconds)] if seconds else [])]


def front_of(places: Sequence[Place], higher_is_better: bool) -> list[Place]:
    """The arms that no other is at least as cheap and as good as, and better in one of both, the cheapest first."""
    sign = 1 if higher_is_better else -1
    front: list[Place] = []
    for place in sorted(places, key=lambda place: (place.cost, -sign * place.effect)):
        if place.verdict not in REFUSED and (not front or sign * place.effect > sign * front[-1].effect):
            front.append(place)
    return front


def corners_of(front: Sequence[Place]) -> list[tuple[float, float]]:
    """Those of the line that joins a front in steps."""
    steps = [(after.cost, before.effect) for before, after in itertools.pairwise(front)]
    joined = [(place.cost, place.effect) for place in front]
    return [corner for pair in itertools.zip_longest(joined, steps) for corner in pair if corner]


def _fewer(places: list[Place], effects: Effects, most: float) -> list[Place]:
    """Of many, the front of all and those with the largest effects, in their order; always the reference."""
    if len(places) <= most:
        return places
    front = {place.arm for place in front_of(places, effects.metric.higher_is_better)}
    largest = strongest([place.arm for place in places], effects.rows.values(), most - len(front))
    shown = {*front, *largest, *(place.arm for place in places if not place.verdict)}
    return [place for place in places if place.arm in shown]


def _place(arm: str, effect: float | None, verdict: str, cost: Cost) -> Place | None:
    if effect is None or arm not in cost.by_arm:
        return None
    low, high = np.percentile(cost.by_arm[arm], QUARTILES)
    return Place(arm, float(np.median(cost.by_arm[arm])), float(low), float(high), effect, verdict)


def _panel(axes: Axes, places: Sequence[Place], effects: Effects, limits: tuple[float, float]) -> NamedPanel:
    """Draw the points; gives their names, those first that tell most."""
    shown = [place for place in places if limits[0] <= place.effect <= limits[1]]
    front = front_of(places, effects.metric.higher_is_better)
    for place in shown:
        look = mark_of(place.verdict, 5.5) if place.verdict else REFERENCE
        axes.plot([place.low, place.high], [place.effect] * 2, color=look["color"], linewidth=1.2, alpha=0.5, zorder=2)
        (point,) = axes.plot(place.cost, place.effect, zorder=4, **look)
        hover_titles.name(point, [_words(place, effects)])
    joined = [place for place in front if place in shown]
    axes.step([p.cost for p in joined], [p.effect for p in joined], where="post", color="0.5", linewidth=1, zorder=1)
    axes.set_ylim(*limits)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlim(*_reach([place.cost for place in places]))
    edges = [_beyond(axes, place, limits, effects) for place in places if place not in shown]
    names = dict(edges)
    named = [place for place in _telling(places, front) if place in shown and place.verdict]
    names |= {place.arm: PointName(place.arm, (place.cost, place.effect), INK) for place in named}
    points = [(place.cost, place.effect) for place in shown] + [name.place for _, name in edges]
    return NamedPanel(axes, names, points, corners_of(joined))


def _telling(places: Sequence[Place], front: Sequence[Place]) -> list[Place]:
    """Those that have names, the first ones first: the front, what is shown to differ, and of few all others."""
    differ = [place for place in places if place.verdict in ("helps", "hurts")]
    others = places if len(places) <= MOST_NAMED + 1 else ()
    return list(dict.fromkeys([*front, *differ, *others]))


def _reach(costs: Sequence[float]) -> tuple[float, float]:
    """From the cheapest to the dearest median, with room for names: bars may leave it, where runs shared a machine."""
    low, high = min(costs), max(costs)
    room = 0.2 * (high - low) or 0.1 * high or 1.0
    return low - room, high + 2 * room


def _beyond(axes: Axes, place: Place, limits: tuple[float, float], effects: Effects) -> tuple[str, PointName]:
    """An arrow at the edge, where the arm costs what it does, for an effect off the scale; gives the arm and its name
    with the effect."""
    low, high = limits
    foot = place.effect < low
    spot = place.cost, low + (0.03 if foot else 0.97) * (high - low)
    look = {"marker": "v" if foot else "^", "linestyle": "", "color": colour_of(place.verdict), "markersize": 6}
    (arrow,) = axes.plot(*([end] for end in spot), zorder=4, **look)
    hover_titles.name(arrow, [_words(place, effects)])
    return place.arm, PointName(f"{place.arm} {effect_with_interval(effects.rows[place.arm])}", spot, INK)


def _words(place: Place, effects: Effects) -> str:
    row = effects.rows.get(place.arm)
    effect = f"{effect_of(row)} {term(effects.metric.unit.short)}, " if row else ""
    cost = f"{effect}{hover_titles.number(place.cost)}"
    return phrase("{arm}: {cost} (cost of the median run)", arm=place.arm, cost=cost)
