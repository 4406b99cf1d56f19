"""The report's words: counts, failures, over-fitting."""

from types import SimpleNamespace

import pandas as pd
import pytest

from butfor import report

ARMS = [
    {"name": "baseline", "reference": None, "family": ""},
    {"name": "small", "reference": None, "family": ""},
    {"name": "dropout", "reference": "small", "family": "f"},
]
STUDY = {"question": "Why?", "arms": ARMS, "looks": [{"name": "look1", "seeds": [0, 1, 2, 3], "seen": 4}]}


def runs(*rows):
    return pd.DataFrame(rows, columns=["arm", "seed", "status", "reason", "test/accuracy"])


def test_references_are_not_counted_as_ablations():
    table = runs(*(("baseline", seed, "ok", "", 0.8 + seed / 100) for seed in range(4)))
    text = report._asked(STUDY, table)
    assert "1 ablation and 1 more reference, 4 seeds each, 4 runs" in text
    assert "81.50 ± 1.29 %" in text


def test_failures_are_told_arm_by_arm_with_their_seeds():
    rows = [("small", seed, "diverged", "the loss was nan in epoch 1", None) for seed in range(3)]
    table = runs(
        *rows, ("dropout", 1, "at_chance", "test accuracy 0.1", 0.1), ("dropout", 3, "at_chance", "0.09", 0.09)
    )
    text = report._failures(table, planned=12)
    assert "- `small`, diverged with seeds 0 to 2: the loss was nan in epoch 1." in text
    assert "- `dropout`, at chance with seeds 1, 3: test accuracy 0.1, for one." in text
    assert "5 of 5 runs ended without a usable model. 7 of 12 planned runs have left no record." in text


def test_a_partial_report_says_so_and_names_what_is_not_trained():
    def records(count):
        return [SimpleNamespace(arm=arm) for arm in ("baseline", "small", "dropout") for _ in range(4)][:count]

    assert report._partial(STUDY, records(12), 12) == []
    (text,) = report._partial(STUDY, records(8), 12)
    assert "**Partial.** 8 of 12 planned runs" in text and "Not trained at all yet: `dropout`." in text


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("helps", "less, −0.40 nats [−0.50, −0.30], smaller at 100 % of seeds"), ("inconclusive", "undecided, −0.40")],
)
def test_over_fitting_is_told_as_more_or_less(verdict, words):
    row = {"arm": "dropout", "verdict": verdict, "pairs": 4, "effect": -0.4, "low": -0.5, "high": -0.3, "better": 1.0}
    assert words in report._gap(row)


def test_an_arm_that_failed_its_check_is_quoted_with_its_problems():
    checks = [{"arm": "dropout", "outcome": "failed", "problems": ["split moved", "order moved"], "line": ""}]
    (quoted,) = report._refused(checks)
    assert quoted.startswith("> **Not proven.**") and "> - `dropout`: split moved; order moved." in quoted


def test_a_report_on_nothing_says_why_there_is_nothing():
    note = {"arm": "dropout", "look": "look1", "seed": 0, "why": "OwnCodeError: it raises", "log": "dropout.log"}
    text = report.report({**STUDY, "study": "s"}, [], [], [], {}, [], [], "here", [note])
    assert text.startswith("# s\n\nWhy?\n\n> **Partial.** 0 of 12 planned runs are here")
    assert "- `dropout`, look1, at seed 0: OwnCodeError: it raises Log: `dropout.log`" in text
