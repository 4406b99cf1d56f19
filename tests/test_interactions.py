"""Grids: planted main effects and interactions found, null ones seldom, failing cells, and what a plan says is a grid."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from butfor import stats
from butfor.figures import gallery, style
from butfor.figures.interaction_plot import interactions as drawn
from butfor.report.interaction_section import interaction_section
from butfor.study.designs import grids, parts_both_ways
from butfor.verdicts import contrasts, factorials, paired_values
from test_truths_verdicts import at_most, fake

SHAPES = {"2x2": (2, 2), "3x2": (3, 2), "2x2x2": (2, 2, 2)}
RULE = stats.Rule(margin=0.5, looks=(6,))
GRID = """
data: {name: digits}
seeds: 5
recipe: {model: {name: mlp, widths: 8}, batch_size: 32, learning_rate: 0.01, dropout: 0.2, l2: 1.0e-3, schedule: cosine}
ablations:
  pairs: {grid: {batch_size: [32, 256], learning_rate: [0.001, 0.01, 0.1]}}
  removed: {remove_each: [dropout, l2, schedule]}
  alone: {add_each: [dropout, l2, schedule]}
"""


def levels_of(shape):
    """Factors a, b, … with levels a0 (the base), a1, …"""
    return {name: [f"{name}{place}" for place in range(size)] for name, size in zip("abc", shape, strict=False)}


def planted(shape, seeds=6, noise=0.0, rng=None, main=(1.0, -2.0, 0.5), joint=3.0):
    """Cells whose values are main effects per level, an interaction of a1 with b1, a level per seed, and noise."""
    rng, values = rng or np.random.default_rng(1), {}
    of_seed = rng.standard_normal(seeds)
    for cell in itertools.product(*levels_of(shape).values()):
        at = [int(level[1:]) for level in cell]
        mean = sum(effect * place for effect, place in zip(main, at, strict=False)) + joint * (at[0] == at[1] == 1)
        drawn = mean + of_seed + noise * rng.standard_normal(seeds)
        values[cell] = dict(enumerate(drawn.tolist()))
    return values


def by_levels(effects):
    return {effect.levels: effect.contrast for effect in effects}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_planted_effects_are_recovered_exactly(shape):
    found = stats.factorial(planted(shape), levels_of(shape), range(6), RULE)
    effects = {levels: c.effect for levels, c in by_levels(found).items()}
    expected = {("a1",): 1.0 + 3.0 / 2, ("b1",): -2.0 + 3.0 / shape[0], ("a1", "b1"): 3.0}
    if shape[0] == 3:
        expected |= {("a2",): 2.0, ("a2", "b1"): 0.0}
    if len(shape) == 3:
        expected |= {("c1",): 0.5, ("a1", "c1"): 0.0, ("b1", "c1"): 0.0}
    assert set(effects) == set(expected)
    assert effects == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_balanced_effects_are_those_of_linear_models_with_seeds_as_blocks_fixed_or_random(shape):
    values, names = planted(shape, noise=0.4), levels_of(shape)
    found = by_levels(stats.factorial(values, names, range(6), RULE))
    rows = [
        {"y": y, "seed": seed, **dict(zip(names, cell, strict=True))}
        for cell, by_seed in values.items()
        for seed, y in by_seed.items()
    ]
    table, terms = pd.DataFrame(rows), " + ".join(names)
    models = {
        1: [smf.ols(f"y ~ C(seed) + {terms}", table), smf.mixedlm(f"y ~ {terms}", table, groups="seed")],
        2: [smf.ols(f"y ~ C(seed) + ({terms})**2", table), smf.mixedlm(f"y ~ ({terms})**2", table, groups="seed")],
    }
    for order, pair in models.items():
        for model in pair:
            fitted = model.fit()
            for levels, c in found.items():
                if len(levels) == order:
                    term = ":".join(f"{level[0]}[T.{level}]" for level in levels)
                    assert c.effect == pytest.approx(fitted.params[term], abs=1e-8)


def test_the_interval_of_two_by_two_is_that_of_the_paired_t_test():
    """Independent of contrast.py: scipy's one-sample t test on the difference of differences of each seed."""
    from scipy.stats import ttest_1samp

    values = planted((2, 2), noise=0.4)
    y = {cell: np.array(list(by_seed.values())) for cell, by_seed in values.items()}
    d = y["a1", "b1"] - y["a0", "b1"] - y["a1", "b0"] + y["a0", "b0"]
    rule = stats.Rule(looks=(3, 6))
    (joint,) = (e for e in stats.factorial(values, levels_of((2, 2)), range(6), rule) if len(e.of) == 2)
    expected = ttest_1samp(d, 0.0)
    assert joint.contrast.p_difference == pytest.approx(2 * expected.pvalue)
    assert (joint.contrast.low, joint.contrast.high) == pytest.approx(tuple(expected.confidence_interval(0.975)))


def test_probabilities_are_corrected_over_main_effects_and_over_interactions_separately():
    values, names = planted((2, 2, 2), noise=2.0), levels_of((2, 2, 2))
    raw = stats.factorial_effects(values, names, range(6), RULE)
    judged = stats.judge_effects(raw, RULE)
    for order in (1, 2):
        before = [e.contrast.p_difference for e in raw if len(e.of) == order]
        after = [e.contrast.p_difference for e in judged if len(e.of) == order]
        assert len(before) == 3 and min(after) == pytest.approx(min(1.0, 3 * min(before)))


def test_interactions_that_are_not_there_are_rarely_claimed_though_main_effects_are_large():
    studies, rng, wrong, found = 300, np.random.default_rng(21), 0, 0
    for _ in range(studies):
        effects = stats.factorial(
            planted((3, 2, 2), 5, 0.3, rng, joint=0.0), levels_of((3, 2, 2)), range(5), stats.Rule(looks=(5,))
        )
        wrong += any(effect.contrast.verdict == stats.INTERACTION for effect in effects)
        found += all(effect.contrast.verdict in ("helps", "hurts") for effect in effects if len(effect.of) == 1)
    assert wrong / studies <= at_most(0.05, studies)
    assert found / studies > 0.5


def test_a_shown_interaction_and_one_shown_not_to_matter_have_words_of_their_own():
    names = levels_of((2, 2))
    shown = by_levels(stats.factorial(planted((2, 2), noise=0.1), names, range(6), RULE))["a1", "b1"]
    none = by_levels(stats.factorial(planted((2, 2), noise=0.1, joint=0.0), names, range(6), RULE))["a1", "b1"]
    assert (shown.verdict, none.verdict) == (stats.INTERACTION, stats.NO_INTERACTION)


def test_a_failed_cell_takes_its_seed_out_of_the_contrasts_that_it_is_part_of_and_is_counted():
    values = planted((3, 2), noise=0.1)
    values["a2", "b1"][4] = None
    found = by_levels(stats.factorial(values, levels_of((3, 2)), range(6), RULE))
    assert {levels: c.pairs for levels, c in found.items()} == {
        ("a1",): 6, ("a2",): 5, ("b1",): 5, ("a1", "b1"): 6, ("a2", "b1"): 5,
    }  # fmt: skip
    assert (found["a2",].failed_ablation, found["a2",].failed_reference) == (1, 0)
    assert found["a1",].failed_ablation == 0


def test_a_cell_that_always_fails_leaves_what_it_is_part_of_undecided():
    values = planted((2, 2), noise=0.1)
    values["a1", "b1"] = dict.fromkeys(range(6))
    for c in by_levels(stats.factorial(values, levels_of((2, 2)), range(6), RULE)).values():
        assert (c.verdict, c.pairs, c.remark) == ("inconclusive", 0, "0 seeds at which every cell finished")


def test_a_cell_without_values_is_refused():
    values = planted((2, 2))
    del values["a1", "b0"]
    with pytest.raises(ValueError, match="a1"):
        stats.factorial(values, levels_of((2, 2)), range(6), RULE)


def test_contrasts_of_whole_grids_use_the_seeds_of_the_looks_that_every_cell_has_had(planned):
    """A cell that was settled at the first look has five seeds, though the others went on to ten."""
    study, plan = planned(GRID.replace("seeds: 5", "seeds: [5, 10]"))
    study = {**plan.summary(), "verdict": study["verdict"]}
    seeds = {arm["name"]: 5 if arm["name"] == "batch_size_256" else 10 for arm in study["arms"]}
    seeds[f"batch_size_256__{FAST}"] = 5
    values = np.random.default_rng(3)
    records = [fake(arm, seed, 88.0 + values.normal(0, 0.1)) for arm, count in seeds.items() for seed in range(count)]
    rows = factorials.grid_effects(study, records, [])
    assert {(row["planned"], row["pairs"], row["missing"]) for row in rows} == {(5, 5, 0)}
    assert {row["planned"] for row in factorials.part_interactions(study, records, [])} == {10}


# what a plan says


def study_of(planned, text=GRID):
    study, plan = planned(text)
    return {**plan.summary(), "verdict": study["verdict"]}


def test_a_grid_has_the_reference_as_the_cell_that_makes_no_arm(planned):
    (grid,) = grids(study_of(planned))
    assert grid.factors == {
        "batch_size": ["batch_size_32", "batch_size_256"],
        "learning_rate": ["learning_rate_0.01", "learning_rate_0.001", "learning_rate_0.1"],
    }
    assert grid.cells["batch_size_32", "learning_rate_0.01"] == "baseline" == grid.arms[0]
    assert grid.cells["batch_size_256", "learning_rate_0.1"] == "batch_size_256__learning_rate_0.1"
    assert len(grid.cells) == 6


def test_a_grid_off_the_reference_begins_at_its_first_levels(planned):
    (grid,) = grids(study_of(planned, GRID.replace("[0.001, 0.01, 0.1]", "[0.001, 0.1]")))
    assert grid.factors["learning_rate"] == ["learning_rate_0.001", "learning_rate_0.1"]
    assert grid.factors["batch_size"] == ["batch_size_32", "batch_size_256"] and "baseline" not in grid.arms


def test_one_factor_is_no_grid_nor_are_arms_that_are_not_compared(planned):
    assert grids(study_of(planned, GRID.replace("[0.001, 0.01, 0.1]", "[0.1]"))) == []
    uncompared = GRID.replace("[0.001, 0.01, 0.1]}}", "[0.001, 0.01, 0.1]}, compare: false}")
    assert grids(study_of(planned, uncompared)) == []


def test_a_part_is_both_left_out_and_added_whoever_wrote_the_arms(planned):
    found = parts_both_ways(study_of(planned))
    assert [part.arms for part in found] == [
        ["baseline", f"no_{part}", f"only_{part}", "bare"] for part in ("dropout", "l2", "schedule")
    ]
    by_hand = GRID[: GRID.index("  pairs")] + (
        "  without: {set: {dropout: 0.0}}\n  empty: {set: {dropout: 0.0, l2: 0.0, schedule: none}}\n"
        "  with: {set: {dropout: 0.2}, from: empty}\n  more: {set: {dropout: 0.5}, from: empty}\n"
    )
    assert [part.arms for part in parts_both_ways(study_of(planned, by_hand))] == [
        ["baseline", "without", "with", "empty"]
    ]


# what a report says


def records_of(study, accuracy, statuses=None):
    """Five seeds of every arm: accuracy in points by arm (88 if not said), a level per seed, and a little noise."""
    rng, statuses = np.random.default_rng(31), statuses or {}
    level = rng.standard_normal(5)
    return [
        fake(
            arm["name"],
            seed,
            accuracy.get(arm["name"], 88.0) + level[seed] + 0.05 * rng.standard_normal(),
            status=statuses.get(arm["name"], "ok"),
        )
        for arm in study["arms"]
        for seed in range(5)
    ]


def section(study, records, rows=None):
    rows = contrasts.judge(study, records, []) if rows is None else rows
    interactions = [
        *factorials.grid_effects(study, records, rows),
        *factorials.part_interactions(study, records, rows),
    ]
    return interaction_section(study, rows, interactions)


DISAGREE = {
    "no_dropout": 85.0,
    "bare": 80.0,
    "only_dropout": 80.0,
    "no_l2": 87.0,
    "only_l2": 81.0,
    "only_schedule": 80.0,
}


def test_where_leave_one_out_and_add_one_disagree_the_report_says_that_there_is_an_interaction(planned):
    study = study_of(planned)
    text = section(study, records_of(study, DISAGREE))
    said = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("- ")}
    assert "leave-one-out and add-one **disagree** for `dropout`: in `baseline` it is worth +" in said["dropout"]
    assert "so that it interacts with the other parts" in said["dropout"]
    assert "leave-one-out and add-one agree for `l2`" in said["l2"] and "within the margin" in said["l2"]
    assert "interacts" not in said["l2"]


def test_where_seeds_decide_neither_the_report_says_how_large_an_interaction_could_be(planned):
    study = study_of(planned)
    records = records_of(study, DISAGREE)
    wild = iter(np.random.default_rng(5).normal(0, 0.04, 500))
    noisy = [fake(r.arm, r.seed, 100 * (r.metrics["test/accuracy"] + next(wild))) for r in records]
    assert "no interaction is shown for `l2`" in section(study, noisy)


def test_a_part_of_which_an_arm_always_fails_is_not_compared_and_one_without_verdict_is_named(planned):
    study = study_of(planned)
    records = records_of(study, DISAGREE, {"no_dropout": "diverged"})
    rows = [
        {**row, "verdict": "unproven"} if row["arm"] == "only_l2" else row
        for row in contrasts.judge(study, records, [])
    ]
    text = section(study, records, rows)
    assert "`dropout`: not compared, 0 of 5 seeds at which all four arms finished" in text
    assert "`baseline` or `no_dropout` failed at 5, `only_dropout` or `bare` at 0." in text
    assert "`l2`: not compared, `only_l2` has no verdict" in text


FAST = "learning_rate_0.1"
GRIDDED = {f"batch_size_32__{FAST}": 90.0, f"batch_size_256__{FAST}": 85.0}


def test_the_report_has_a_grids_effects_its_interactions_and_its_picture(planned):
    study = study_of(planned)
    text = section(study, records_of(study, GRIDDED))
    assert (
        "`batch_size` and `learning_rate` **interact** (`batch_size` 32 → 256 × `learning_rate` 0.01 → 0.1): −" in text
    )
    assert "![Interactions: pairs](figures/interactions_pairs.png)" in text
    assert text.count("| **interaction** | 5 of 5 |") == 1 and text.count("| **no meaningful interaction** |") == 1


def test_without_a_margin_nothing_is_said_of_how_little_a_grids_effects_are(planned):
    study = study_of(planned)
    assert "“p same” is empty" not in section(study, records_of(study, GRIDDED))
    asked = {**study, "verdict": {**study["verdict"], "metric": "test/loss"}}
    text = section(asked, records_of(study, GRIDDED))
    (same,) = {line.split(" | ")[4] for line in text.splitlines() if line.endswith(" of 5 |")}
    assert same == "–" and "Without a margin, “p same” is empty." in text


def test_a_grid_with_an_unproven_cell_is_not_analysed(planned):
    study = study_of(planned)
    records = records_of(study, GRIDDED)
    rows = [
        {**row, "verdict": "unproven"} if row["arm"] == f"batch_size_256__{FAST}" else row
        for row in contrasts.judge(study, records, [])
    ]
    text = section(study, records, rows)
    assert f"Not analysed: `batch_size_256__{FAST}` has no verdict" in text and "main effect" not in text
    assert factorials.grid_effects(study, records, rows) == []


def test_a_study_without_such_designs_says_nothing_of_interactions(planned):
    study = study_of(planned, GRID[: GRID.index("  pairs")] + "  without: {set: {dropout: 0.0}}\n")
    records = records_of(study, {})
    assert section(study, records) == ""
    assert factorials.grid_effects(study, records, []) == [] == factorials.part_interactions(study, records, [])


def test_a_grid_of_which_nothing_is_trained_has_a_picture_and_sentences_all_the_same(planned):
    style.apply()
    study = study_of(planned)
    (grid,) = grids(study)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn(grid, paired_values.measured(study, [])).draw_without_rendering()
    text = section(study, [])
    assert "2 of 2 interactions are neither shown" in text and "| 0 of 5 |" in text
    assert text.count("not compared, 0 of 5 seeds") == 3


def test_the_picture_of_a_grid_of_many_levels_shows_some_of_them_and_says_how_many(planned):
    style.apply()
    levels = ", ".join(f"{n / 100}" for n in range(12))
    text = f"data: {{name: digits}}\nablations: {{many: {{grid: {{dropout: [{levels}], input_dropout: [{levels}]}}}}}}"
    study = study_of(planned, text)
    (grid,) = grids(study)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = drawn(grid, paired_values.measured(study, []))
        figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert len(legend.get_texts()) == 10 and legend.get_title().get_text().endswith(": 10 of 12 levels")
    assert len(axes.get_xticks()) == 10 and axes.get_xticks()[-1] == 11


def test_the_picture_of_a_grid_shows_each_cells_mean_against_the_base_cell_and_marks_what_failed(planned):
    style.apply()
    study = study_of(planned)
    (grid,) = grids(study)
    failing = "batch_size_256__learning_rate_0.001"
    records = records_of(study, GRIDDED, {failing: "diverged"})
    (axes,) = drawn(grid, paired_values.measured(study, records)).axes
    lines = {line.get_label(): line.get_ydata() for line in axes.lines if not line.get_label().startswith("_")}
    assert set(lines) == {"32", "256"}
    assert lines["32"] == pytest.approx([0.0, 0.0, 2.0], abs=0.1)  # by rate: 0.001, 0.01, 0.1
    assert np.isnan(lines["256"][0]) and lines["256"][[1, 2]] == pytest.approx([0.0, -3.0], abs=0.1)
    crosses = [line.get_xdata() for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert len(crosses) == 1 and round(crosses[0][0]) == 0
    (picture,) = (p for p in gallery.pictures(study) if p.kind == "interactions")
    assert picture.arms[0] == "baseline"
