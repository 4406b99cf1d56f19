import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

from butfor import stats
from butfor.stats.verdict import holm

RNG = np.random.default_rng(7)
B = 88 + 0.3 * RNG.standard_normal(5)
A = B - 0.4 + 0.2 * RNG.standard_normal(5)


def pairs(a, b):
    return stats.pair(dict(enumerate(a)), dict(enumerate(b)), range(len(a)))


def verdict(a, b, margin=0.5, looks=1):
    (corrected,) = stats.correct([stats.contrast(pairs(a, b), margin, looks, 0.05)])
    return stats.decide(corrected, 0.05)


def test_probabilities_and_interval_are_those_of_scipy_and_statsmodels():
    found = stats.contrast(pairs(A, B), 0.5, 4, 0.05)
    test = scipy_stats.ttest_rel(A, B)
    interval = test.confidence_interval(1 - 0.05 / 4)
    assert found.p_difference == pytest.approx(min(1, 4 * test.pvalue))
    assert found.p_equivalence == pytest.approx(min(1, 4 * ttost_paired(A, B, -0.5, 0.5)[0]))
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_holm_is_over_all_ablations():
    found = [stats.contrast(pairs(B + shift + 0.1 * RNG.standard_normal(5), B), 0.5, 1, 0.05) for shift in (0, 1, 2)]
    raw = [c.p_difference for c in found]
    assert [c.p_difference for c in stats.correct(found)] == pytest.approx(multipletests(raw, method="holm")[1])


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
    found = stats.contrast(pairs(B - 3 + noise, B), None, 1, 0.05, higher_is_better=False)
    assert stats.decide(stats.correct([found])[0], 0.05, higher_is_better=False).verdict == "helps"


def test_identical_runs_are_no_difference_and_a_constant_shift_is_a_symptom():
    same = verdict(B, B)
    assert (same.verdict, same.remark) == ("no meaningful difference", "equal at every seed")
    shifted = verdict(B + 0.7, B)
    assert shifted.verdict == "inconclusive" and "mistake" in shifted.remark


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
    assert holm(np.array([0.01, np.nan, 0.04])) == pytest.approx([0.03, 1.0, 0.08])


def test_identical_runs_and_a_constant_shift_where_the_t_test_has_no_answer_or_a_certain_one():
    assert np.isnan(scipy_stats.ttest_rel(B, B).pvalue)
    assert stats.contrast(pairs(B, B), 0.5, 1, 0.05).p_difference == 1.0
    assert stats.contrast(pairs(B + 0.01, B), 0.5, 1, 0.05).p_difference == 1.0
    assert verdict(B + 20.0, B).verdict == "inconclusive"


def test_five_seeds_that_agree_can_decide_as_a_rank_test_of_five_never_can():
    d = np.array([2.0, 2.1, 1.9, 2.05, 1.95])
    assert scipy_stats.wilcoxon(d).pvalue == 0.0625
    assert verdict(B + d, B, looks=4).verdict == "helps"


def test_an_arm_that_always_fails_hurts():
    found = verdict([None] * 5, B)
    assert (found.verdict, found.remark, found.pairs) == ("hurts", "every run failed (5/5)", 0)


def test_an_arm_that_often_fails_hurts_by_boschloo():
    found = verdict([None, None, None, A[3], A[4]], B)
    assert (found.verdict, found.remark) == ("hurts", "fails 3/5")


def test_an_arm_that_sometimes_fails_is_never_said_to_help():
    noise = np.array([-0.05, 0.02, 0.0, 0.04, -0.01])
    found = verdict([None, *(B + 3 + noise)[1:]], B)
    assert (found.verdict, found.remark) == ("inconclusive", "unstable 1/5")


def test_missing_runs_are_counted_and_too_many_forbid_a_verdict():
    b = dict(enumerate(B))
    a = {seed: value + 3 for seed, value in b.items() if seed < 3}
    found = stats.contrast(stats.pair(a, b, range(5)), 0.5, 1, 0.05)
    decided = stats.decide(found, 0.05)
    assert (decided.missing, decided.verdict) == (2, "inconclusive")
    assert decided.remark == "2 of 5 runs are missing"


def test_one_missing_run_of_five_is_said_beside_the_verdict():
    b = dict(enumerate(B))
    a = {seed: value - 3 + 0.01 * seed for seed, value in b.items() if seed != 2}
    decided = stats.decide(stats.contrast(stats.pair(a, b, range(5)), 0.5, 1, 0.05), 0.05)
    assert (decided.verdict, decided.pairs, decided.missing) == ("hurts", 4, 1)
    assert decided.remark.endswith("4 of 5 seeds")
