"""The test set as a source of variation beside the seeds."""

from __future__ import annotations

import dataclasses
import functools
from types import SimpleNamespace

import numpy as np
import pytest

from butfor import stats
from butfor.metrics.jackknife import GROUPS, pseudo_values
from butfor.records import measures
from butfor.records.measures import Value
from butfor.records.right_answers import packed_answers, unpacked_answers
from butfor.report.test_set_section import test_set_section as section
from butfor.stats.crossed_errors import sources
from butfor.verdicts import claim_outcomes
from butfor.verdicts.contrasts import judge
from butfor.verdicts.example_errors import example_errors, fields, for_new_data, holds
from conftest import resolved
from keras_training import arm_runs
from test_truths_verdicts import fake, study

SEEDS, EXAMPLES = 8, 400
SCORE = {  # the terms of a metric that a study asks for
    "score": "f1", "options": {}, "parts": ["test"], "title": "score", "unit": "points", "scale": 1.0, "decimals": 2,
    "higher_is_better": True, "lowest": None, "highest": None, "share": False, "relative_margin": None, "primary": True,
}  # fmt: skip


def crossed(rng, effect=0.0, of_examples=1.0, of_seeds=0.15):
    """Right or wrong answers of two arms, `(seeds, examples)` each: what an arm makes of an example differs between examples, and
    less between seeds."""
    hard = rng.normal(1.0, 1.5, EXAMPLES)
    part = rng.normal(0.0, of_examples, EXAMPLES)
    seeds = rng.normal(0.0, of_seeds, (2, SEEDS, 1))
    noise = rng.normal(0.0, 1.0, (2, SEEDS, EXAMPLES))
    return hard + effect + part + seeds[0] + noise[0] > 0, hard + seeds[1] + noise[1] > 0


def scored(rng, score):
    """Two arms' pseudo-values of a metric, `(seeds, groups)` each, and their difference: of numbers that each arm predicts."""
    truth = rng.normal(0.0, 1.0, EXAMPLES)
    own = rng.normal(0.0, 0.4, (2, EXAMPLES))
    shift = rng.normal(0.0, 0.05, (2, SEEDS))
    found = []
    for arm in range(2):
        predicted = [truth + own[arm] + shift[arm, seed] + rng.normal(0.0, 0.3, EXAMPLES) for seed in range(SEEDS)]
        found.append([pseudo_values(score, truth, each, score(truth, each)) for each in predicted])
    return np.array(found)


def rmse(truth, predicted):
    return float(np.sqrt(np.square(truth - predicted).mean()))


def f1(truth, predicted):
    hits = ((truth > 0) & (predicted > 0)).sum()
    return float(2 * hits / ((truth > 0).sum() + (predicted > 0).sum()))


def test_pseudo_values_of_a_mean_are_the_means_of_groups_the_same_for_all():
    rng = np.random.default_rng(8)
    truth, predicted = rng.normal(size=(2, 205))
    errors = np.abs(truth - predicted)
    found = pseudo_values(lambda t, p: float(np.abs(t - p).mean()), truth, predicted, float(errors.mean()))
    group = np.random.default_rng(0).permutation(205) % GROUPS
    assert found == pytest.approx([errors[group == each].mean() for each in range(GROUPS)])
    assert pseudo_values(lambda t, p: float("nan"), truth, predicted, 1.0) == []
    assert len(pseudo_values(rmse, truth[:7], predicted[:7], 1.0)) == 7 and not pseudo_values(
        rmse, truth[:4], predicted[:4], 1.0
    )


@pytest.mark.parametrize("score", [f1, pytest.param(rmse, marks=pytest.mark.long)])
def test_an_interval_for_new_data_holds_for_metrics_that_are_no_means(score):
    """Two arms that are worth the same over all data, by a metric of which there is no value of one example."""
    rng, studies = np.random.default_rng(9), 150
    outside = {"seeds": 0, "both": 0}
    for _ in range(studies):
        a, b = scored(rng, score)
        of, effect = sources(a, b, a.shape[1]), float(a.mean() - b.mean())
        seeds = stats.Estimate(effect, of.seeds, SEEDS - 1)
        for kind, estimate in (("seeds", seeds), ("both", of.beside(seeds))):
            low, high = estimate.interval(0.05)
            outside[kind] += not low <= 0 <= high
    assert outside["both"] / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)
    assert outside["seeds"] / studies > 0.15


def test_the_errors_of_a_metric_that_a_study_asks_for_come_from_its_measures(tmp_path):
    rng, records = np.random.default_rng(10), []
    values = scored(rng, f1)
    for arm, of_arm in zip(("baseline", "arm_0"), values, strict=True):
        for seed, pseudo in enumerate(of_arm[:5]):
            record = fake(arm, seed, 50.0)
            measures.write(
                tmp_path / f"{arm}{seed}.json", [(record, {"test/f1": ("k", Value.of(pseudo.mean(), pseudo))})]
            )
            records += measures.merged([record], [tmp_path / f"{arm}{seed}.json"])
    metric = SimpleNamespace(name="test/f1", unit=SimpleNamespace(scale=100.0))
    found = example_errors(study(["arm_0"], 5), records, {"arm_0": 1, "baseline": 1}, metric)["arm_0"]
    of = sources(values[1][:5], values[0][:5], GROUPS)
    assert (found.seeds, found.examples, found.both) == pytest.approx(
        (100 * of.seeds, 100 * of.examples, 100 * of.both)
    )
    plain = [dataclasses.replace(each, metrics={"test/f1": 0.5}) for each in records]
    assert example_errors(study(["arm_0"], 5), plain, {"arm_0": 1, "baseline": 1}, metric) == {}


def test_where_nothing_is_known_of_examples_the_report_says_so():
    row = {"metric": "test/loss", "arm": "a", "verdict": "helps", "effect": 0.1, "error": 0.05, "test_error": None}
    told = {"verdict": {"metric": "test/loss", "margin": None, "loss_margin": None}}
    assert "How far another test set would move test loss is not known" in section(told, [row], [])


def test_answers_are_kept_as_bits():
    right = np.random.default_rng(0).random(1003) < 0.9
    text = packed_answers(right)
    assert (unpacked_answers(text) == right).all() and len(text) < 180


def test_of_one_kind_of_variation_alone_the_other_error_is_nothing():
    rng = np.random.default_rng(0)
    alike = (
        np.repeat(rng.random((1, EXAMPLES)) < 0.8, SEEDS, axis=0),
        np.repeat(rng.random((1, EXAMPLES)) < 0.7, SEEDS, axis=0),
    )
    of = sources(*alike, EXAMPLES)
    differing = alike[0][0].astype(float) - alike[1][0]
    assert of.seeds == 0 and of.both == of.examples == pytest.approx(differing.std(ddof=1) / np.sqrt(EXAMPLES))
    n01, n10 = (differing == -1).sum(), (differing == 1).sum()  # McNemar 1947, with the mean taken out
    assert of.both**2 == pytest.approx((n01 + n10 - (n10 - n01) ** 2 / EXAMPLES) / EXAMPLES / (EXAMPLES - 1))
    constant = np.ones((SEEDS, EXAMPLES), bool), np.zeros((SEEDS, EXAMPLES), bool)
    constant[0][:3] = False
    assert (
        sources(*constant, EXAMPLES).examples == pytest.approx(0, abs=1e-9) and sources(*constant, EXAMPLES).seeds > 0
    )
    assert sources(alike[0][:1], alike[1][:1], EXAMPLES) is None


def test_an_interval_for_new_data_holds_what_other_seeds_and_examples_give_and_one_for_seeds_does_not():
    rng, studies = np.random.default_rng(7), 1500
    outside = {"seeds": 0, "both": 0}
    for _ in range(studies):
        a, b = crossed(rng)
        effect = float(a.mean() - b.mean())
        of = sources(a, b, EXAMPLES)
        low, high = of.beside(stats.Estimate(effect, of.seeds, SEEDS - 1)).interval(0.05)
        outside["both"] += not low <= truth() <= high
        t = stats.Estimate(effect, of.seeds, SEEDS - 1).interval(0.05)
        outside["seeds"] += not t[0] <= truth() <= t[1]
    assert outside["both"] / studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / studies)
    assert outside["seeds"] / studies > 0.07


@functools.cache
def truth():
    """The difference over very many examples and seeds."""
    rng = np.random.default_rng(2)
    return float(np.mean([np.subtract(*(each.mean() for each in crossed(rng))) for _ in range(3000)]))


def contrast(effect, error, verdict, margin=0.5):
    seeds = {seed: 90.0 + 0.1 * seed for seed in range(3)}
    c = stats.contrast(
        stats.pair({s: v + effect for s, v in seeds.items()}, seeds, [0, 1, 2]), stats.Rule(margin, (3,))
    )
    return dataclasses.replace(
        c,
        effect=effect,
        error=error,
        freedom=9.0,
        verdict=verdict,
        p_difference=0.01,
        p_equivalence=0.01,
        margin=margin,
    )


def test_a_verdict_on_this_test_set_is_none_for_new_data_where_the_test_set_is_too_small():
    from butfor.stats.crossed_errors import Sources

    sure, doubtful = Sources(0.05, 0.02, 0.054, 12.0), Sources(0.05, 0.6, 0.602, 9.0)
    for c in (
        contrast(0.9, 0.05, "helps"),
        contrast(-0.9, 0.05, "hurts"),
        contrast(0.01, 0.05, "no meaningful difference"),
    ):
        assert holds(c, sure, 0.05) and not holds(c, doubtful, 0.05)
    study = {"verdict": {"holds_for": "new data", "alpha": 0.05}}
    judged = {"a": contrast(0.9, 0.05, "helps"), "b": contrast(0.9, 0.05, "helps"), "c": contrast(0.9, 0.05, "helps")}
    kept = for_new_data(judged, {"a": sure, "b": doubtful}, study)
    assert kept["a"] is judged["a"] and kept["b"].verdict == kept["c"].verdict == "inconclusive"
    assert "too small to say so of new data" in kept["b"].remark and "not known" in kept["c"].remark
    assert for_new_data(judged, {}, {"verdict": {"holds_for": "test set", "alpha": 0.05}}) is judged


def test_a_record_says_which_test_examples_are_right(digits_data):
    recipe = resolved(model={"name": "mlp", "widths": [16]}, epochs=2, batch_size=50, loop="graph")
    record = arm_runs(recipe, digits_data).train(0)
    right = unpacked_answers(record.right)
    assert len(right) == len(digits_data.y_test) and right.mean() == pytest.approx(record.metrics["test/accuracy"])


def test_what_seeds_do_at_single_examples_is_no_variation_of_examples():
    """Answers that are right by chance alone, anew for each seed: on average, examples add nothing."""
    rng = np.random.default_rng(3)
    found = [sources(*(rng.random((2, SEEDS, EXAMPLES)) < 0.8), EXAMPLES) for _ in range(100)]
    left, all_of_it = np.mean([each.examples**2 for each in found]), 2 * 0.8 * 0.2 / (SEEDS * EXAMPLES)
    assert left < 0.1 * all_of_it and np.mean([each.both**2 for each in found]) == pytest.approx(all_of_it, rel=0.25)


def test_an_interval_for_new_data_is_never_narrower_than_that_for_seeds():
    """Also where the error over seeds is that of more than the pairs' own, and where degrees of freedom make up for it."""
    of = sources(*crossed(np.random.default_rng(4)), EXAMPLES)
    for error in (of.seeds, 3 * of.seeds, 20 * of.seeds):
        alone = stats.Estimate(0.1, error, SEEDS - 1)
        low, high = alone.interval(0.01)
        c = dataclasses.replace(contrast(0.1, error, "helps"), freedom=SEEDS - 1, low=low, high=high)
        row = fields(c, of, 0.01)
        assert row["new_low"] <= low and row["new_high"] >= high and of.beside(alone).error >= max(error, of.both)
        assert row["test_error"] == of.examples


def test_a_test_set_that_cannot_carry_the_margin_is_said_of_what_it_calls_the_same_alone():
    def said(verdict, test_error, margin=0.5):
        row = {
            "metric": "test/accuracy", "arm": "a", "verdict": verdict, "effect": 0.1, "error": 0.05, "test_error": test_error,
            "new_low": -1.0, "new_high": 1.0,
        }  # fmt: skip
        study = {"verdict": {"metric": "test/accuracy", "margin": margin, "holds_for": "test set"}}
        return section(study, [row], [SimpleNamespace(data={"test": 1000})])

    assert "> The margin" in said("no meaningful difference", 0.3) and "> The margin" not in said("hurts", 0.3)
    assert "> The margin" not in said("no meaningful difference", 0.1)
    assert "is less than one of 1000 test examples" in said("inconclusive", 0.0, margin=0.05)
    assert "not discernible beside the seeds' |" in said("hurts", 0.0) and "Not discernible" not in said("hurts", 0.1)


def test_an_interval_for_new_data_ends_at_what_is_possible():
    records = []
    for arm, right in (("baseline", (1, 39, 20)), ("arm_0", (39, 38, 39))):
        for seed in range(3):
            answers = np.arange(40) < right[seed]
            record = fake(arm, seed, 100 * answers.mean())
            records.append(dataclasses.replace(record, right=packed_answers(answers), data={"test": 40}))
    row = next(row for row in judge(study(["arm_0"], 3), records, []) if row["metric"] == "test/accuracy")
    assert row["new_high"] == row["high"] == 100.0 and row["new_low"] <= row["low"]


@pytest.mark.parametrize(("expect", "margin"), [("hurts", None), ("hurts", 1.0), ("same", None), ("same", 1.0)])
def test_claims_with_a_margin_hold_for_new_data_where_verdicts_have_to(expect, margin):
    """With a test set that moves an effect by more than ten points, neither says anything; without that they would."""
    rng, arms, records = np.random.default_rng(3), list("abcde"), []
    groups = {arm: 20 * rng.standard_normal(GROUPS) for arm in ("baseline", *arms)}
    for arm, of_groups in groups.items():
        for seed in range(10):
            record, value = fake(arm, seed, 88.0), 80 + 0.1 * rng.standard_normal() - 2 * (arm == "a")
            record.metrics["test/score"] = Value.of(value, value + of_groups - of_groups.mean())
            records.append(record)
    terms = {"score": {**SCORE, "name": "score", "margin": 1.0}}
    asked = {**study(arms, 10), "metrics": terms, "claimed": ["test/score"]}
    arm = "a" if expect == "hurts" else "b"
    claim = {
        "sentence": "S.",
        "arm": arm,
        "reference": "baseline",
        "metric": "test/score",
        "rate": None,
        "expect": expect,
    }
    outcomes = []
    for holds_for in ("test set", "new data"):
        verdict = {**asked["verdict"], "metric": "test/score", "margin": 1.0, "holds_for": holds_for}
        of = {**asked, "verdict": verdict}
        (row,) = claim_outcomes.judge(of, {"c": {**claim, "margin": margin}}, records, judge(of, records, []))
        outcomes.append(row["outcome"])
    assert outcomes == ["supported", "undecided"]
