import math

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from butfor import stats
from butfor.stats.failing import p_fails_more, p_worse

RNG = np.random.default_rng(7)
B = 88 + 0.3 * RNG.standard_normal(5)
A = B - 0.4 + 0.2 * RNG.standard_normal(5)


def pairs(a, b):
    return stats.pair(dict(enumerate(a)), dict(enumerate(b)), range(len(a)))


def rule(margin, looks=1):
    return stats.Rule(margin, tuple(range(5, 5 + looks)))


def verdict(a, b, margin=0.5, looks=1):
    (corrected,) = stats.correct([stats.contrast(pairs(a, b), rule(margin, looks))])
    return stats.decide(corrected, 0.05)


def test_probabilities_and_interval_are_those_of_scipy_and_statsmodels():
    found = stats.contrast(pairs(A, B), rule(0.5, 4))
    test = scipy_stats.ttest_rel(A, B)
    interval = test.confidence_interval(1 - 0.05 / 4)
    assert found.p_difference == pytest.approx(min(1, 4 * test.pvalue))
    assert found.p_equivalence == pytest.approx(min(1, 4 * ttost_paired(A, B, -0.5, 0.5)[0]))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_holm_is_over_all_ablations():
    raw = np.array([0.3, 0.004, 0.02, 0.9])
    assert stats.holm(raw) == pytest.approx(multipletests(raw, method="holm")[1])


def test_an_ablation_closes_only_when_a_difference_and_its_smallness_are_shown():
    """Until then, one of the two may still be said wrongly of it, so that it keeps its share of alpha."""
    noise = 0.05 * RNG.standard_normal((3, 5))
    shifted = [
        stats.contrast(pairs(B + shift + d, B), rule(0.5)) for shift, d in zip((0.2, 0.0, 1.0), noise, strict=True)
    ]
    tiny, none, large = stats.correct(shifted)
    assert stats.decide(tiny, 0.05).remark == "tiny but real"
    bar = 3 * max(shifted[0].p_difference, shifted[0].p_equivalence)
    for kind, found, raw in (("p_equivalence", none, shifted[1]), ("p_beyond", large, shifted[2])):
        p = getattr(raw, kind)
        assert getattr(found, kind) == pytest.approx(min(3 * p, max(bar, 2 * p)))
    none, large = stats.correct(shifted[1:])
    assert (none.p_equivalence, large.p_difference) == pytest.approx(
        (2 * shifted[1].p_equivalence, 2 * shifted[2].p_difference)
    )


def test_primary_ablations_share_half_of_alpha():
    names = [*"abcdefghijklmno"]
    shares = stats.weights(names, ["a", "b", "c"])
    found = [stats.contrast(pairs(A, B), rule(0.5))] * 15
    corrected = stats.correct(found, [shares[name] for name in names])
    assert corrected[0].p_difference == pytest.approx(6 * found[0].p_difference)
    assert corrected[9].p_difference == pytest.approx(24 * found[0].p_difference)
    assert set(stats.weights(names, []).values()) == {1.0}


def test_the_four_verdicts():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    assert verdict(B + 3 + noise, B).verdict == "helps"
    assert verdict(B - 3 + noise, B).verdict == "hurts"
    assert verdict(B - 3 + noise, B).remark == "by at least the margin"
    assert verdict(B + noise, B).verdict == "no meaningful difference"
    assert verdict(B + 0.2 + noise, B).remark == "tiny but real"
    assert verdict(B + 0.5 + 20 * noise, B).verdict == "inconclusive"


def test_for_a_loss_less_helps():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    found = stats.contrast(pairs(B - 3 + noise, B), stats.Rule(None, (5,), higher_is_better=False))
    assert stats.decide(stats.correct([found])[0], 0.05, higher_is_better=False).verdict == "helps"


def test_equal_figures_and_a_constant_difference_are_as_sure_as_one_step_of_the_metric_allows():
    same = verdict(B, B)
    assert (same.verdict, same.remark) == ("no meaningful difference", "equal in every pair")
    assert verdict(B + 0.7, B).verdict == "helps"
    coarse = np.array([88.0, 90.0, 88.0, 86.0, 88.0])  # of 50 test examples
    assert (
        verdict(coarse, coarse).verdict == "inconclusive"
        and verdict(coarse, coarse, margin=5.0).verdict != "inconclusive"
    )
    assert verdict(coarse + 2, coarse).verdict == "inconclusive"
    steady = verdict(np.tile(coarse, 6) + 2, np.tile(coarse, 6))
    assert (steady.verdict, steady.sd) == ("helps", 0.0)


def test_where_every_run_has_the_same_figure_nothing_is_known_of_the_spread():
    found = verdict([90.0] * 5, [90.0] * 5)
    assert (found.verdict, found.remark) == ("inconclusive", "every run has the same figure")
    fine = stats.judge({"a": [90.0] * 5}, [90.0] * 5, stats.Rule(0.5, (5,), resolution=0.01))["a"]
    assert (fine.verdict, fine.remark) == ("no meaningful difference", "equal in every pair")


def test_without_a_margin_nothing_is_equivalent():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    assert verdict(B + noise, B, margin=None).verdict == "inconclusive"


def test_nan_is_refused_rather_than_dropped():
    with pytest.raises(ValueError, match="NaN"):
        pairs([*A[:4], np.nan], B)


@pytest.mark.parametrize("figure", [np.nan, np.inf, -np.inf])
def test_figures_that_are_none_never_pass_for_no_difference(figure):
    """As they do in SciPy's Dunnett test, which gives an arm with a diverged run p = 1."""
    with np.errstate(invalid="ignore"):
        assert scipy_stats.dunnett([*A[:4], figure], control=B, rng=np.random.default_rng(0)).pvalue == 1.0
    with pytest.raises(ValueError, match="NaN or infinity"):
        stats.judge({"a": [*A[:4], figure]}, list(B), stats.Rule(0.5, (5,)))


def test_a_probability_that_is_not_there_counts_among_the_ablations():
    assert stats.holm(np.array([0.01, np.nan, 0.04])) == pytest.approx([0.03, 1.0, 0.08])


def test_identical_runs_and_a_constant_shift_where_the_t_test_has_no_answer_or_a_certain_one():
    assert np.isnan(scipy_stats.ttest_rel(B, B).pvalue)
    assert stats.contrast(pairs(B, B), rule(0.5)).p_difference == 1.0
    assert verdict(B + 20.0, B).verdict == "helps"


def test_five_seeds_that_agree_can_decide_as_a_rank_test_of_five_never_can():
    d = np.array([2.0, 2.1, 1.9, 2.05, 1.95])
    assert scipy_stats.wilcoxon(d).pvalue == 0.0625
    assert verdict(B + d, B, looks=4).verdict == "helps"


def test_an_arm_that_always_fails_hurts():
    found = verdict([None] * 5, B)
    assert (found.verdict, found.remark, found.pairs) == ("hurts", "every run failed (5/5)", 0)


def test_an_arm_that_often_fails_hurts_by_boschloo():
    found = verdict([None, None, None, None, A[4]], B)
    assert (found.verdict, found.remark) == ("hurts", "fails 4/5, and its other runs are worse")


def test_all_runs_failed_is_tested_like_any_other_count():
    """Where both arms fail in half of their runs, two of two against none come by chance in one of 16."""
    found = stats.judge({"a": [None] * 2}, [1.0, 1.1], stats.Rule(looks=(2,)))["a"]
    assert (found.verdict, found.p_failure) == ("inconclusive", pytest.approx(0.25))


def test_failures_and_figures_that_point_one_way_decide_together():
    reference, by = 88 + 0.1 * np.arange(8), np.array([0.9, 0.1, 0.7, 0.2, 0.6])
    worse, better = ([None] * 3 + list(reference[3:] + sign * by) for sign in (-1, 1))
    found = stats.judge({"a": worse}, list(reference), stats.Rule(None, (8,)))["a"]
    assert (found.verdict, found.remark) == ("hurts", "fails 3/8, and its other runs are worse")
    assert found.p_difference > 0.05 and 4 * stats.p_fails_more(3, 0, 8) > 0.05
    assert stats.judge({"a": better}, list(reference), stats.Rule(None, (8,)))["a"].verdict == "inconclusive"


def test_a_reference_that_fails_more_is_not_said_to_be_as_good_or_better():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    reference = [None, *B[1:]]
    for shift in (0.0, -3.0):
        found = verdict(B + shift + noise, reference)
        assert (found.verdict, found.remark) == ("inconclusive", "the reference is unstable 1/5")
    assert verdict(B + 3 + noise, reference).verdict == "helps"


def test_by_at_least_the_margin_is_paid_for_like_a_verdict():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    near = stats.contrast(pairs(B - 0.55 + noise, B), rule(0.5))
    assert stats.decide(near, 0.05).remark == "by at least the margin"
    among = stats.correct([near, *[stats.contrast(pairs(B + 20 * noise, B), rule(0.5))] * 14])[0]
    assert (stats.decide(among, 0.05).verdict, stats.decide(among, 0.05).remark) == ("hurts", "")


def test_independent_samples_are_compared_as_welch_does():
    found = stats.contrast(pairs(A, B), stats.Rule(None, (5,), paired=False))
    test = scipy_stats.ttest_ind(A, B, equal_var=False)
    assert (found.p_difference, found.freedom) == (pytest.approx(test.pvalue), pytest.approx(test.df))
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval(0.95)))


def test_what_pairing_costs_is_negative_where_seeds_have_much_in_common():
    level = 5 * RNG.standard_normal(10)
    alike = pairs(level + 0.1 * RNG.standard_normal(10), level)
    assert stats.pairing_cost(alike, rule(0.5)) < -0.9
    apart = pairs(RNG.standard_normal(5), -RNG.standard_normal(5))
    assert stats.pairing_cost(apart, rule(0.5)) > -0.5


def test_values_that_are_not_used_are_said():
    values = {"a": list(np.tile(A, 3)[:12])}
    (found,) = stats.judge(values, list(np.tile(B, 3)), stats.Rule(0.5, (5, 10), futility=False)).values()
    assert found.remark.endswith(f"by the first {found.planned} of 12 values")


def test_shares_with_a_margin_in_points_are_refused():
    with pytest.raises(ValueError, match=r"between 0 and 1 and a margin of 0\.5\. Multiply the values by 100"):
        stats.judge({"a": list(A / 100)}, list(B / 100), stats.Rule(0.5, (5,)))
    stats.judge({"a": list(A / 100)}, list(B / 100), stats.Rule(0.005, (5,)))


def test_an_ablation_that_no_look_can_decide_stops_and_goes_on_all_the_same_where_it_has_more_seeds():
    reference, same = [0.0] * 30, [1.0, -1.0] * 5
    few = {"a": same}
    stopped = stats.judge(few, reference, stats.Rule(0.1))["a"]
    assert (stopped.verdict, stopped.settled, stopped.remark) == (
        "inconclusive", True, "stopped: 30 seeds would not decide it either",
    )  # fmt: skip
    assert not stats.judge(few, reference, stats.Rule(0.1, futility=False))["a"].settled
    hopeful = stats.judge({"a": [0.25 + value for value in same]}, reference, stats.Rule(0.1))["a"]
    assert (hopeful.verdict, hopeful.settled) == ("inconclusive", False)
    late = stats.judge({"a": [*same, *[-9.0, -9.1] * 10]}, reference, stats.Rule(0.1))["a"]
    assert (late.look, late.verdict) == (3, "hurts")


def test_an_arm_that_sometimes_fails_is_never_said_to_help():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    found = verdict([None, *(B + 3 + noise)[1:]], B)
    assert (found.verdict, found.remark) == ("inconclusive", "unstable 1/5")


def test_missing_runs_are_counted_and_too_many_forbid_a_verdict():
    b = dict(enumerate(B))
    a = {seed: value + 3 for seed, value in b.items() if seed < 3}
    found = stats.contrast(stats.pair(a, b, range(5)), rule(0.5))
    decided = stats.decide(found, 0.05)
    assert (decided.missing, decided.verdict) == (2, "inconclusive")
    assert decided.remark == "2 of 5 pairs are missing"


def test_one_missing_run_of_five_is_said_beside_the_verdict():
    b = dict(enumerate(B))
    a = {seed: value - 3 + 0.01 * seed for seed, value in b.items() if seed != 2}
    decided = stats.decide(stats.contrast(stats.pair(a, b, range(5)), rule(0.5)), 0.05)
    assert (decided.verdict, decided.pairs, decided.missing) == ("hurts", 4, 1)
    assert decided.remark.endswith("4 of 5 seeds")


@pytest.mark.parametrize(("failed", "of_reference", "judged"), [(3, 0, 10), (2, 1, 5), (0, 2, 6), (5, 3, 5)])
def test_as_many_seeds_as_failures_lack_decide_and_are_not_many_too_many(failed, of_reference, judged):
    rule = stats.Rule(0.5, (judged, 10_000))

    def corrected(runs):
        """The p of a worse arm by failures alone, times four ablations, of as large a share of runs that fail."""
        counts = sorted((failed, of_reference))
        often, seldom = counts[1] * runs // judged, -(-counts[0] * runs // judged)
        return 4 * len(rule.looks) * p_worse(p_fails_more(often, seldom, runs), math.nan)

    finished = judged - max(failed, of_reference)
    c = stats.contrast(stats.Pairs(*np.zeros((3, finished)), judged, failed, of_reference, 0), rule)
    lacking = stats.more_seeds_by_failures(c, rule, ablations=4)
    assert corrected(judged + lacking) <= rule.alpha < corrected(max(judged, (judged + lacking) // 2))


def test_arms_that_fail_equally_often_lack_no_number_of_seeds_by_failures():
    rule = stats.Rule(0.5)
    c = stats.contrast(stats.Pairs(*np.zeros((3, 3)), 5, 2, 2, 0), rule)
    assert stats.more_seeds_by_failures(c, rule, ablations=1) is None


def test_what_may_follow_its_reference_closely_is_not_given_up_before_that_can_be_seen():
    draws = np.random.default_rng(3)
    reference = 30 + draws.standard_normal(5)
    others = {name: list(30 + draws.standard_normal(3)) for name in "abcd"}
    follows = reference + 0.02 * draws.standard_normal(5)
    looks = stats.Rule(0.3, (3, 5))
    at_three = stats.judge({**others, "same": list(follows[:3])}, list(reference), looks)["same"]
    assert (at_three.verdict, at_three.settled) == ("inconclusive", False), "by the spread of the others"
    at_five = stats.judge({**others, "same": list(follows)}, list(reference), looks)["same"]
    assert at_five.verdict == "no meaningful difference"
