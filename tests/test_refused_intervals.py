"""A contrast without a verdict has no interval, drawn or told, and does not say how far an axis goes."""

import json
from pathlib import Path

import pytest

from butfor.figures import gallery, paper_effects
from butfor.figures.draw import _Drawn
from butfor.figures.effect_limits import limits_of
from butfor.paper.figure_data import effects_table, seeds_table
from butfor.paper.macros import macros_file
from butfor.paper.paper_evidence import gathered
from butfor.study.schema import load_schema, parts
from butfor.study.study_metrics import beside
from butfor.verdicts.rows import REFUSED
from butfor.verdicts.words import in_words
from conftest import SCHEMA
from paper_studies import PARTS, files_of


def judged(arm, effect, low, high, verdict="inconclusive"):
    return {
        "arm": arm, "reference": "baseline", "metric": "test/accuracy", "unit": "points", "decimals": 2, "pairs": 3,
        "effect": effect, "low": low, "high": high, "verdict": verdict, "remark": "", "margin": 0.5,
        "failed_ablation": 0, "failed_reference": 0,
    }  # fmt: skip


@pytest.fixture
def study(planned):
    study, plan = planned(
        "data: {name: digits}\nmetrics: [f1_macro]\nablations: {a: {each: {dropout: {low: 0.1, high: 0.2}}}}"
    )
    return {**plan.summary(), "verdict": study["verdict"]}


def bars(figure):
    """Both ends of every interval that is drawn."""
    lines = (line for axes in figure.axes for line in axes.lines if line.get_linewidth() == 2)
    return [tuple(line.get_xdata()) for line in lines]


@pytest.mark.parametrize("verdict", REFUSED)
def test_who_has_no_verdict_has_no_interval_in_any_picture_of_effects(study, verdict):
    refused, other = judged("low", 0.1, -3.6, 3.6, verdict), judged("high", 2.0, 1.0, 3.0)
    metrics = ("test/accuracy", *(metric.name for metric in beside(study)))
    rows = [{**row, "metric": metric} for row in (refused, other) for metric in metrics]
    drawn = _Drawn(study, [], rows)
    for kind in (gallery.EFFECTS, gallery.BY_METRIC):
        found = bars(drawn.figure(kind))
        assert found and {*found} == {(1.0, 3.0)}, kind.name


@pytest.mark.parametrize("verdict", REFUSED)
def test_who_has_no_verdict_is_told_without_an_interval(verdict):
    assert in_words(judged("a", 0.0, -3.6, 3.6, verdict)) == f"a: {verdict}, 0.0 points against baseline"
    assert in_words(judged("a", 0.0, -3.6, 3.6)) == "a: inconclusive, 0.0 points [−3.6, +3.6] against baseline"


def test_who_has_no_verdict_does_not_push_the_others_off_the_axis():
    void = [judged(arm, 0.0, -0.4, 0.4, REFUSED[0]) for arm in "ab"]
    others = [judged("c", 19.2, 3.7, 27.1), judged("d", 5.2, -12.8, 23.3)]
    low, high = limits_of([*void, *others], {}, 0.5)
    assert low < -12.8 and high > 27.1
    assert limits_of(void, {}, None)[1] > 0.4, "where none has a verdict, they set it themselves"


@pytest.mark.parametrize("verdict", REFUSED)
def test_who_has_no_verdict_has_no_interval_in_a_paper(tmp_path, verdict):
    study, sources = files_of(tmp_path, PARTS)
    path = Path(sources.contrasts)
    rows = [{**row, "verdict": verdict} if row["arm"] == "no_l2" else row for row in json.loads(path.read_text())]
    path.write_text(json.dumps(rows))
    found = gathered(study, sources, parts(load_schema(SCHEMA)))
    effects = effects_table(found).set_index("arm", drop=False)
    assert effects["low"].isna().to_dict() == {"no_dropout": False, "no_l2": True, "bare": False}
    figure = paper_effects.drawn(effects, seeds_table(found), found.metric, 5.5)
    intervals = [line for line in figure.axes[0].lines if line.get_linewidth() == 1.1]
    assert len(intervals) == 1, "that of `bare`; no_dropout is written at the edge"
    assert "abNoLTwoAccuracyLow" not in macros_file(found)
