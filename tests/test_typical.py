"""The typical run beside the mean: what it says, and the one line where the two part."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from butfor import stats


def paired(ablation, reference):
    return stats.pair(dict(enumerate(ablation)), dict(enumerate(reference)), range(len(ablation)))


@pytest.mark.parametrize("runs", [5, 10, 30])
def test_the_signed_rank_test_is_that_of_scipy_and_exact(runs):
    d = np.random.default_rng(runs).standard_normal(runs) + 0.4
    assert stats.p_signed_rank(d) == pytest.approx(wilcoxon(d, method="exact").pvalue, rel=1e-9)


def test_equal_sizes_share_their_rank_and_zeros_are_left_out():
    """By counting: of the signs of ranks 1.5, 1.5, 3, 4, 3 of 16 give a sum of 8.5 or more; of 2.5 four times and 5, 12 of 32
    one of 10 or more."""
    assert stats.p_signed_rank(np.array([1.0, -1.0, 2.0, 3.0, 0.0])) == pytest.approx(2 * 3 / 16)
    assert stats.p_signed_rank(np.array([1.0, 1.0, 1.0, 1.0, -2.0])) == pytest.approx(2 * 12 / 32)
    assert stats.p_signed_rank(np.zeros(5)) == 1.0
    assert stats.p_signed_rank(np.array([0.1, 0.2, 0.3, 0.4, 0.5])) == pytest.approx(0.0625)


def test_one_collapse_moves_the_mean_and_not_the_typical_run_and_it_is_said():
    rng = np.random.default_rng(1)
    reference = rng.standard_normal(20)
    ablation = 0.5 + rng.standard_normal(20)
    ablation[7] -= 40
    found = stats.typical(paired(ablation, reference), margin=1.0)
    assert found.difference == pytest.approx(np.median(ablation - reference)) and found.difference > 0
    assert np.mean(ablation - reference) < -1
    assert found.note == (
        "the mean and the typical run disagree; 1 of its 20 runs far below the rest; its runs spread 15 times as wide as the"
        " reference's"
    )


def test_a_collapse_of_the_reference_is_said_to_be_its():
    rng = np.random.default_rng(2)
    reference, ablation = rng.standard_normal(10), rng.standard_normal(10)
    reference[3] -= 40
    assert "1 of the reference's 10 runs far below the rest" in stats.typical(paired(ablation, reference), None).note


@pytest.mark.parametrize(("runs", "most"), [(5, 0.04), (10, 0.02), (30, 0.01)])
def test_equal_normal_arms_seldom_have_a_note(runs, most):
    rng = np.random.default_rng(3)
    notes = [stats.typical(paired(*rng.standard_normal((2, runs))), 0.5).note for _ in range(400)]
    assert np.mean([bool(note) for note in notes]) <= most


def test_without_a_pair_there_is_no_typical_run():
    found = stats.typical(paired([None], [1.0]), 0.5)
    assert np.isnan(found.difference) and np.isnan(found.p) and found.note == ""


def test_a_run_is_not_alone_because_the_others_agree_by_luck():
    few = [84.35, 84.36, 84.35, 84.1, 84.6]
    reference = [88.05, 88.06, 88.05, 87.8, 88.06]
    assert "far" not in stats.typical(paired(few, reference), 0.5).note
    assert "1 of its 5 runs far below the rest" in stats.typical(paired([*few[:3], 60.0, 84.6], reference), 0.5).note
