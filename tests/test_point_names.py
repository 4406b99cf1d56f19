"""Points of a picture have names that can be read: beside them, at the end of a line, or as a number that a key explains."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from butfor.figures import paper_cost, point_key, style
from butfor.figures.cost_effect import Place, corners_of, cost_effect
from butfor.figures.point_key import NamedPanel, name_points
from butfor.figures.point_names import PointName, PointNames
from butfor.figures.sensitivity import Effects
from butfor.figures.venue_style import apply_venue
from butfor.study.metrics import METRICS
from test_figures import VERDICT, judged, record, words

pytestmark = pytest.mark.usefixtures("loud_figures")
ACCURACY = METRICS["test/accuracy"]
FAR = {"arm_7": -57.0}
NUMBERED = re.compile(r"(\d+) (arm[ _]\d+)")


def crowd(count):
    """Runs of so many ablations that cost about the same, most of them of the reference's parameters, and their effects."""
    chance, runs, rows = np.random.default_rng(0), [], {}
    for place in range(count + 1):
        arm = f"arm_{place}" if place else "baseline"
        parameters = 1000 if place % 2 == 0 else int(1000 + chance.normal(0, 120))
        seconds = 4 + abs(chance.normal(0, 0.5))
        for seed in range(2):
            run = record(arm, seed)
            run.timing["seconds"]["train"], run.__dict__["parameters"] = seconds + chance.normal(0, 0.05), parameters
            runs.append(run)
        if place:
            effect = FAR.get(arm, float(chance.normal(0, 0.6)))
            verdict = "inconclusive" if abs(effect) < 0.6 else "helps" if effect > 0 else "hurts"
            rows[arm] = judged(arm, effect, verdict, low=effect - 0.4, high=effect + 0.4)
    return runs, Effects(rows, {}, ACCURACY, VERDICT)


def boxes_of(axes):
    """Where each text of a panel lies, in pixels, as it is drawn."""
    return {text.get_text(): Box(text) for text in axes.texts}


class Box:
    def __init__(self, text):
        self.ends = Text.get_window_extent(text).extents  # that of an annotation has its line in it

    def meets(self, other):
        one, two = self.ends, other.ends
        return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]

    def holds(self, point):
        return self.ends[0] < point[0] < self.ends[2] and self.ends[1] < point[1] < self.ends[3]


def points_of(axes):
    marked = [item for item in axes.lines if item.get_marker() not in ("None", "", None)]
    return [axes.transData.transform((item.get_xdata()[0], item.get_ydata()[0])) for item in marked]


@pytest.mark.parametrize("count", [5, 14, 24])
def test_every_arm_is_named_in_every_panel_and_no_name_hides_another_or_a_point(count):
    figure = cost_effect(*crowd(count), "baseline")
    said = words(figure).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    key = {arm: number for number, arm in NUMBERED.findall(said.partition("Numbers:")[2])}
    for axes in figure.axes:
        boxes, points = boxes_of(axes), points_of(axes)
        starts = {text.partition(" ")[0] for text in boxes}
        untold = [f"arm_{n}" for n in range(1, count + 1) if not {f"arm_{n}", key.get(f"arm_{n}", "")} & starts]
        assert untold == [] and len(points) == count + 1
        assert not [pair for pair in itertools.combinations(boxes, 2) if boxes[pair[0]].meets(boxes[pair[1]])]
        assert not [text for text, box in boxes.items() if any(box.holds(point) for point in points)]
        assert all(axes.bbox.x0 <= box.ends[0] and box.ends[2] <= axes.bbox.x1 + 1 for box in boxes.values())
    assert ("Numbers: " in said) == bool(key) and "baseline (reference)" in said


def test_an_effect_off_the_axis_has_its_number_and_interval_in_the_panel_or_in_the_key():
    said = words(cost_effect(*crowd(14), "baseline")).replace("\N{NO-BREAK SPACE}", " ")
    assert "arm_7 −57.00 [−57.40, −56.60]" in said


def test_of_very_many_arms_only_some_are_named_and_how_many_are_not_is_said(monkeypatch):
    runs, effects = crowd(40)
    said = words(cost_effect(runs, effects, "baseline", most=100)).replace("\n", " ")
    assert "Named are those on the front and those that help or hurt." in said
    monkeypatch.setattr(point_key, "MOST_NUMBERS", 1)
    said = words(cost_effect(runs, effects, "baseline", most=100)).replace("\n", " ")
    assert re.search(r"There was no room for \d+ more names: the tables have them\.", said)
    assert len(dict(NUMBERED.findall(said.replace("\N{NO-BREAK SPACE}", " ").partition("Numbers:")[2]))) == 1


def test_the_panels_keep_their_size_whatever_is_said_below_them():
    few, many = (cost_effect(*crowd(count), "baseline") for count in (5, 24))
    for figure in (few, many):
        figure.draw_without_rendering()
    tall = [figure.axes[0].bbox.height for figure in (few, many)]
    assert few.get_figheight() < 4.1 and many.get_figheight() > few.get_figheight()
    assert abs(tall[1] / tall[0] - 1) < 0.1


def arranged(limits=(0.0, 1.0)):
    axes = style.sheet(3.0).subplots()
    axes.set(xlim=limits, ylim=limits)
    axes.figure.draw_without_rendering()
    return axes


def test_an_arm_has_the_same_number_in_all_panels_and_a_name_where_there_is_room():
    near = {f"arm_{place}": PointName(f"arm_{place}", (0.5, 0.5 + place / 1000), "0.25") for place in range(40)}
    apart = {arm: PointName(arm, (0.02 + place / 45, (place % 20) / 21), "0.25") for place, arm in enumerate(near)}
    panels = [NamedPanel(arranged(), names, [name.place for name in names.values()], []) for names in (apart, near)]
    key = name_points(panels)
    shown = [{text.get_text() for text in panel.axes.texts} for panel in panels]
    numbers = {text for text in shown[1] if text.isdigit()}
    assert numbers and all(key.numbered[int(number)] not in shown[1] for number in numbers)
    assert all(key.numbered[int(text)] not in shown[0] for text in shown[0] if text.isdigit())
    assert set(near) == (shown[1] & set(near)) | {*key.numbered.values()} | {*key.without}


def test_a_name_keeps_off_a_line_if_it_can():
    axes = arranged()
    corners = corners_of([Place("a", 0.1, 0, 0, 0.5, ""), Place("b", 0.9, 0, 0, 0.8, "")])
    assert corners == [(0.1, 0.5), (0.9, 0.5), (0.9, 0.8)]
    level = [(0.0, 0.54), (1.0, 0.54)]  # where the name would be written
    assert PointNames(axes, [(0.5, 0.5)], level).write(PointName("middle", (0.5, 0.5), "black"), "small")
    assert axes.texts[0].get_va() == "top"


def test_a_papers_picture_of_costs_names_all_that_tell_something_and_says_how_far_off_the_axis_an_effect_is():
    rows = [
        {"label": "full recipe", "effect": 0.0, "low": None, "high": None, "verdict": "", "median": 5.0},
        *(
            {
                "label": f"arm {n}",
                "effect": -1.0 - n / 500,
                "low": -1.5,
                "high": -0.5,
                "verdict": "hurts",
                "median": 5.0,
            }
            for n in range(30)
        ),
        {"label": "gone", "effect": -57.0, "low": -58.0, "high": -56.0, "verdict": "hurts", "median": 9.0},
    ]
    about = {"cost": "seconds", "quartile_1": 4.0, "quartile_3": 6.0, "data": "", "margin": 0.5, "remark": ""}
    table = pd.DataFrame([{**about, **row, "arm": row["label"]} for row in rows])
    figure = paper_cost.drawn(table, ACCURACY, apply_venue("neurips2024", []))
    said = words(figure).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    assert "gone −57 [−58, −56]" in said and "full recipe" in said
    key = dict(NUMBERED.findall(said.partition("Numbers:")[2]))
    named = {text.get_text() for text in figure.axes[0].texts}
    unnamed = int((re.search(r"no room for (\d+) more", said) or [0, 0])[1])
    assert len(named & {f"arm {n}" for n in range(30)}) + len(key) + unnamed == 30
