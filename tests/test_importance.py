"""What mattered, by how much: ranks that hold, failures first, refused arms left out, and the report's words."""

import dataclasses
import json
import math

import numpy as np
import pytest

from butfor import stats
from butfor.report.importance_section import importance_section
from butfor.verdicts import comparison, contrasts
from butfor.verdicts.ranking import importance
from test_truths_verdicts import at_most, fake

ALPHA = 0.05


def judged(differences, looks=(10,)):
    """Contrasts by name, judged, of per-seed differences; None for an arm of which every run failed."""
    seeds = looks[-1]
    rule = stats.Rule(margin=0.5, looks=looks)
    values = {name: [None] * seeds if d is None else list(np.broadcast_to(d, seeds)) for name, d in differences.items()}
    return stats.judge(values, [0.0] * seeds, rule), rule


def ranked(differences, **settings):
    found, rule = judged(differences, **settings)
    return {row.item: row for row in stats.ranking({name: {name: c} for name, c in found.items()}, rule)}


def around(mean, spread=0.1, seeds=10):
    """So many values with exactly this mean and about this spread."""
    steps = np.linspace(-1, 1, seeds)
    return mean + spread * steps


def test_items_are_ranked_by_the_size_of_their_effects_whatever_the_sign():
    rows = ranked({"a": around(1.0), "b": around(-3.0), "c": around(0.1)})
    assert [(row.item, row.rank, row.rank_low, row.rank_high) for row in rows.values()] == [
        ("b", 1, 1, 1), ("a", 2, 2, 2), ("c", 3, 3, 3),
    ]  # fmt: skip
    assert rows["b"].effect == pytest.approx(-3.0) and rows["b"].size == pytest.approx(3.0)


def test_items_whose_intervals_overlap_may_change_places():
    rows = ranked({"a": around(1.0, 1.0), "b": around(-1.2, 1.0), "c": around(9.0)})
    assert {name: (row.rank_low, row.rank_high) for name, row in rows.items()} == {
        "c": (1, 1),
        "b": (2, 3),
        "a": (2, 3),
    }


def test_intervals_hold_together_over_all_contrasts_and_looks():
    from scipy.stats import t

    found, _ = judged({"a": around(1.0), "b": around(2.0)})
    ranking = stats.ranking({name: {name: c} for name, c in found.items()}, stats.Rule(looks=(5, 10)))
    rows = {row.item: row for row in ranking}
    sd = np.std(around(0.0), ddof=1)
    assert rows["a"].high - 1.0 == pytest.approx(t.ppf(1 - ALPHA / (2 * 2 * 2), 9) * sd / math.sqrt(10))


def test_a_part_that_was_varied_counts_by_its_largest_effect():
    found, rule = judged({"small": around(0.2), "large": around(-4.0), "other": around(2.0)})
    items = {"rate": {"small": found["small"], "large": found["large"]}, "other": {"other": found["other"]}}
    first, second = stats.ranking(items, rule)
    assert (first.item, first.largest, first.rank) == ("rate", "large", 1) and second.item == "other"
    assert first.size_low == pytest.approx(-first.high) and first.size_high == pytest.approx(-first.low)


def test_what_always_fails_ranks_first_and_what_is_not_known_may_have_any_rank():
    found, rule = judged({"fails": None, "also": None, "a": around(5.0), "b": around(0.3)})
    found["unknown"] = dataclasses.replace(found["a"], pairs=0, effect=math.nan, sd=math.nan, verdict="inconclusive")
    rows = {row.item: row for row in stats.ranking({name: {name: c} for name, c in found.items()}, rule)}
    assert rows["fails"].rank == rows["also"].rank == 1
    assert (rows["fails"].rank_low, rows["fails"].rank_high) == (1, 3)
    assert (rows["unknown"].rank, rows["unknown"].rank_low, rows["unknown"].rank_high) == (5, 1, 5)
    assert (rows["a"].rank, rows["a"].rank_low, rows["a"].rank_high) == (3, 3, 4)


def test_rank_intervals_hold_the_true_ranks_of_all_items_at_once():
    """With items nearly tied, and pairs that share the baseline's noise."""
    truth = np.array([2.0, -1.0, 1.05, 0.3, -0.3, 0.0, 0.8])
    sizes = np.abs(truth)
    lowest, highest = [1 + (sizes > s).sum() for s in sizes], [len(sizes) - (sizes < s).sum() for s in sizes]
    studies, rng, held, settled = 300, np.random.default_rng(41), 0, 0
    names = [f"item {place}" for place in range(len(truth))]
    for _ in range(studies):
        shared, own = rng.standard_normal(5), rng.standard_normal((len(truth), 5))
        rows = ranked(dict(zip(names, truth[:, None] + 0.2 * (own - shared), strict=True)), looks=(5,))
        held += all(
            rows[name].rank_low <= low and high <= rows[name].rank_high
            for name, low, high in zip(names, lowest, highest, strict=True)
        )
        settled += sum(row.rank_low == row.rank_high for row in rows.values())
    assert 1 - held / studies <= at_most(ALPHA, studies)
    assert settled > 0  # they are not all merely as wide as can be


def test_ranks_by_effects_alone_would_often_be_wrong():
    """The simulation sees what the intervals do: the order of the effects themselves seldom is the true one."""
    truth, rng, right = np.array([1.0, 1.05, 0.3, -0.3]), np.random.default_rng(42), 0
    for _ in range(100):
        rows = ranked({str(i): mean + 0.2 * rng.standard_normal(5) for i, mean in enumerate(truth)}, looks=(5,))
        right += rows["1"].rank == 1
    assert right < 90


# what a report says

STUDY = """
data: {name: digits}
seeds: 5
recipe: {model: {name: mlp, widths: 8}, learning_rate: 0.01, dropout: 0.2, l2: 1.0e-3}
ablations:
  rates: {each: {learning_rate: {slow: 0.001, fast: 0.1, exploding: 100.0}}}
  no_dropout: {set: {dropout: 0.0}}
  no_l2: {set: {l2: 0.0}}
  small: {set: {train_size: 500}, compare: false}
  small_no_l2: {set: {l2: 0.0}, from: small}
  small_no_dropout: {set: {dropout: 0.0}, from: small}
"""
ACCURACY = {"slow": 84.0, "fast": 80.0, "no_dropout": 89.0, "no_l2": 88.02, "small": 70.0, "small_no_dropout": 65.0}


@pytest.fixture
def study(planned):
    settings, plan = planned(STUDY)
    return {**plan.summary(), "verdict": settings["verdict"]}


def rows_of(study, checks=(), statuses=None, accuracy=ACCURACY):
    rng, statuses = np.random.default_rng(43), statuses or {}
    records = [
        fake(
            arm["name"],
            seed,
            accuracy.get(arm["name"], 70.0 if "small" in arm["name"] else 88.0) + 0.05 * rng.standard_normal(),
            status=statuses.get(arm["name"], "ok"),
        )
        for arm in study["arms"]
        for seed in range(5)
    ]
    return contrasts.judge(study, records, list(checks))


def test_what_was_changed_is_ranked_within_its_reference(study):
    found = importance(study, rows_of(study, accuracy={**ACCURACY, "exploding": 87.0}))
    assert [(row["reference"], row["rank"], row["changed"], row["arm"]) for row in found] == [
        ("baseline", 1, "learning_rate", "fast"),
        ("baseline", 2, "dropout", "no_dropout"),
        ("baseline", 3, "l2", "no_l2"),
        ("small", 1, "dropout", "small_no_dropout"),
        ("small", 2, "l2", "small_no_l2"),
    ]


def section(study, rows):
    return importance_section(study, rows, importance(study, rows))


def test_the_report_says_what_mattered_and_by_how_much(study):
    text = section(study, rows_of(study, statuses={"exploding": "diverged"}))
    assert "Against `baseline`, the largest effect is that of `learning_rate` (every run failed (5/5)" in text
    assert "It surely comes first." in text
    assert "| `learning_rate` | `exploding` | – | – | hurts (every run failed (5/5)) |" in text
    assert "Against `small`, the largest effect is that of `dropout` (−5." in text


def test_an_effect_that_is_small_beside_its_interval_is_not_written_as_0(study):
    rows, wide = rows_of(study), {"effect": 0.287, "low": -27.4, "high": 27.9, "decimals": 4}
    text = importance_section(study, rows, [row | wide for row in importance(study, rows)])
    assert "(+0.3 accuracy points with `" in text and "| +0.3 | [−27, +28] |" in text and "| 0 |" not in text


def test_refused_arms_are_left_out_and_named(study):
    checks = [
        {"arm": "exploding", "outcome": "void"},
        {"arm": "no_dropout", "outcome": "unproven", "problems": ["split moved"]},
    ]
    text = section(study, rows_of(study, checks))
    assert "Not ranked: `exploding` (void: nothing changed), `no_dropout` (unproven)." in text
    baseline, _ = text.split("Against `small`")
    assert "| `dropout` |" not in baseline


def test_items_that_the_seeds_cannot_order_may_all_come_first(study):
    text = section(study, rows_of(study, accuracy={"small_no_l2": 60.0}))
    assert "may come first." in text


def test_before_anything_is_trained_nothing_is_said_to_be_largest(study):
    text = section(study, contrasts.judge(study, [], []))
    assert "Against `baseline`, no effect is known yet." in text and "largest effect" not in text


def test_a_single_change_needs_no_ranking(planned):
    settings, plan = planned(STUDY[: STUDY.index("  no_dropout")])
    study = {**plan.summary(), "verdict": settings["verdict"]}
    assert section(study, rows_of(study)) == ""


def test_the_tables_have_their_columns_even_without_rows(planned, tmp_path):
    settings, plan = planned(STUDY[: STUDY.index("  no_dropout")])
    study = {**plan.summary(), "verdict": settings["verdict"]}
    (tmp_path / "checks.json").write_text("[]")
    comparison.compare(study, [], tmp_path / "checks.json", tmp_path / "contrasts.json", tmp_path / "tables")
    tables = {path.stem: path.read_text() for path in (tmp_path / "tables").glob("*.csv")}
    assert tables[
        "importance"
    ].strip() == "reference,metric,unit,decimals,rank,rank_low,rank_high,changed,arm,effect,low,high," + (
        "size_low,size_high,verdict,remark"
    )
    assert tables["interactions"].startswith(
        "design,name,metric,unit,decimals,of,levels,bases,leave,add,pairs,planned,missing,"
    )
    written = json.loads((tmp_path / "comparison.json").read_text())
    assert [row["arm"] for row in written.pop("arms")] == [arm["name"] for arm in plan.summary()["arms"]]
    lists = {"importance": [], "interactions": [], "failed": []}
    assert written == {
        "metric": "test/accuracy",
        "runs": 0,
        "removed": {},
        "baseline": "",
        "tuned": None,
        "across": None,
        **lists,
    }


def test_ranks_are_counts_of_larger_sizes_and_of_intervals_that_lie_apart():
    draws = np.random.default_rng(1)
    differences = {f"arm_{n}": around(draws.normal(), spread=draws.uniform(0.01, 2)) for n in range(40)}
    twins = {"twin_a": around(0.7), "twin_b": around(-0.7), "failed_a": None, "failed_b": None}
    rows = list(ranked(differences | twins).values())
    for row in rows:
        assert row.rank == 1 + sum(other.size > row.size for other in rows)
        assert row.rank_low == 1 + sum(other.size_low > row.size_high for other in rows)
        assert row.rank_high == len(rows) - sum(other.size_high < row.size_low for other in rows)
