"""A verdict that the reference's later runs do not bear out is taken back; the report says what mean and typical run part on."""

import numpy as np

from butfor.report.numbers_section import numbers_section
from butfor.verdicts import contrasts
from test_truths_verdicts import fake, study

ARMS = ["same", "open"]


def rows_of(collapsed):
    """Judged after 10, 20 and 30 seeds; `same` is settled by the first 10. Of the reference, these seeds end 20 points lower."""
    rng = np.random.default_rng(1)
    figures = {"baseline": 88 + 0.1 * rng.standard_normal(30), "same": 88 + 0.1 * rng.standard_normal(10)}
    figures["open"] = 88.45 + 0.6 * rng.standard_normal(30)
    figures["baseline"][collapsed] -= 20
    records = [fake(arm, seed, value) for arm, values in figures.items() for seed, value in enumerate(values)]
    asked = study(ARMS, 30, looks=3)
    rows = contrasts.judge(asked, records, [])
    return asked, rows, {row["arm"]: row for row in rows if row["metric"] == "test/accuracy"}


def test_a_verdict_is_taken_back_where_the_reference_collapses_later():
    _, _, kept = rows_of([])
    assert (kept["same"]["verdict"], kept["same"]["pairs"]) == ("no meaningful difference", 10)
    _, _, found = rows_of([15, 25])
    assert found["same"]["verdict"] == "inconclusive"
    assert found["same"]["remark"] == (
        "no meaningful difference by 10 seeds, but not against all 30 runs of the reference"
    )


def test_the_report_says_where_the_typical_run_and_the_mean_part_and_what_no_run_showed():
    asked, rows, found = rows_of([15, 25])
    assert found["open"]["typical"] > 0.2 and found["open"]["p_typical"] < 0.05
    text = numbers_section(asked, rows)
    assert "- `open`: the mean and the typical run disagree; 2 of the reference's 30 runs far below the rest" in text
    assert f"mean +{found['open']['effect']:.1f}, typical run +{found['open']['typical']:.1f}, signed-rank p" in text
    asked, rows, _ = rows_of([])
    text = numbers_section(asked, rows)
    assert "befell none of 10 runs may still befall up to 26 % of them" in text
