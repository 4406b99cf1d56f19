"""The answer of a study whose undecided changes left no usable model: they are named as failed, and not counted as undecided."""

import pytest

from butfor.languages.phrases import speaking
from butfor.report.answer import answer
from butfor.study.metrics import DEFAULT

REMARK = "failed 3/3, reference 0/3"


def row(arm, failed=3, missing=0, effect=None, remark=REMARK):
    """An undecided ablation of 3 planned pairs."""
    known = {"effect": effect, "low": effect, "high": effect, "pairs": 3 - failed - missing, "unit": DEFAULT.unit.name}
    counts = {"planned": 3, "missing": missing, "failed_ablation": failed, "failed_reference": 0}
    tests = {
        "p_difference": 1.0,
        "p_equivalence": 1.0,
        "p_beyond": 1.0,
        "margin": 0.5,
        "decimals": 2,
        "reference": "baseline",
    }
    return {"arm": arm, "verdict": "inconclusive", "remark": remark, **known, **counts, **tests}


def said(*rows):
    return " ".join(answer(rows, DEFAULT, [], marked=False))


def test_a_change_of_which_all_runs_failed_is_named_as_that():
    text = said(row("zeros"), row("slow", failed=0, effect=1.0, remark=""))
    assert "All runs of zeros failed (failed 3/3, reference 0/3), which decides nothing yet." in text
    assert "slow is undecided" in text and "zeros and" not in text and "2 changes" not in text


def test_of_several_three_are_named():
    text = said(*(row(name) for name in "abcde"))
    assert "All runs of 5 changes failed, which decides nothing yet: a, b, c and 2 more." in text
    assert "undecided" not in text


@pytest.mark.parametrize(("failed", "missing", "effect"), [(2, 0, 1.0), (1, 2, None)])
def test_one_that_has_a_model_or_may_get_one_is_not(failed, missing, effect):
    assert "All runs" not in said(row("zeros", failed, missing, effect))


def test_korean_names_it_too():
    with speaking("ko"):
        assert "zeros 변경의 실행은 모두 실패했다(" in said(row("zeros"))
