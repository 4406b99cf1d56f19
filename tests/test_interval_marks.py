"""What an interval or a p does not show of itself is marked, where it occurs and nowhere else."""

import json

import numpy as np
import pandas as pd
import pytest

from butfor.languages.phrases import speaking
from butfor.report.arm_story import arm_story
from butfor.report.interval_marks import mark_notes, marked_interval, uncorrected_note
from butfor.study.metrics import DEFAULT
from butfor.verdicts.rows import VOID
from test_runs_elsewhere import judged  # noqa: F401

RNG = np.random.default_rng(3)
BASE = 0.9 + RNG.normal(0, 0.01, 6)
USUAL = {f"arm_{n}": BASE - 0.01 + RNG.normal(0, 0.01, 6) for n in range(6)}


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    monkeypatch.setattr("butfor.elsewhere.judged_runs.draw", lambda *_: None)
    monkeypatch.setattr("butfor.elsewhere.judged_runs.write_page", lambda *_: None)


def frame(arms):
    rows = [
        {"arm": arm, "seed": seed, "accuracy": f"{value:.5f}", "f1": f"{value - 0.1:.5f}"}
        for arm, values in arms.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_an_interval_that_others_spread_widens_says_so(judged, tmp_path):  # noqa: F811
    rows, terminal, report = judged(frame({"baseline": BASE, **USUAL, "near": BASE + 0.3 * (USUAL["arm_1"] - BASE)}))
    found = {arm: row["widened"] for arm, row in rows.items() if row["widened"]}
    assert found and min(found.values()) > 1.01, "the made-up runs show nothing"
    marked = [line for line in report.splitlines() if "‡" in line and line.startswith("|")]
    assert len(marked) == 3 * len(found), "in the first table, that of all numbers, and that of the other metric"
    assert report.count("‡: wider than by these runs' own spread (up to") == 3
    assert "no spread is taken for less than 0.85 of the median ablation's" in report
    assert terminal.count("‡: wider than by these runs' own spread, which may be small by luck") == 1
    answer = terminal.partition("‡: wider")[0]
    assert "]‡" in answer and "]‡" not in report.partition("## ")[0]
    story = arm_story(tmp_path / "out", next(iter(found)))
    assert "]‡" in story and story.splitlines()[-1].startswith("‡: wider than")


def test_an_interval_that_is_cut_says_so_and_no_other(judged, tmp_path):  # noqa: F811
    wild = np.array([0.999, 0.101, 0.95, 0.13])
    arms = {"baseline": wild, "other": wild[::-1], "near": wild + 0.0005}
    rows, _, report = judged(frame(arms))
    assert rows["other"]["cut"] == "both" and rows["near"]["cut"] == ""
    assert (rows["other"]["low"], rows["other"]["high"]) == (-100, 100)
    marked = [line for line in report.splitlines() if line.startswith("|") and "]§ |" in line]
    assert len(marked) == 3 and all("other" in line for line in marked), (
        "in the first, of all numbers, of the other metric"
    )
    assert "§: cut where no difference of the accuracy can lie" in report
    assert set(pd.read_csv(tmp_path / "out" / "tables" / "contrasts.csv")["cut"].dropna()) == {"both"}


def test_marks_are_explained_only_where_they_are(judged):  # noqa: F811
    _, _, report = judged(
        frame({"baseline": BASE, **{f"a{n}": BASE - 0.02 + RNG.normal(0, 0.01, 6) for n in range(6)}})
    )
    for mark in "‡§":
        assert (f"{mark}:" in report) == (f"]{mark}" in report)
    assert "§" not in report


def test_a_p_of_another_metric_that_is_large_beside_an_interval_without_0(judged, tmp_path):  # noqa: F811
    noise = np.array([1, -1, 0.5, -0.5, 1.5, -1.5])
    arms = {"baseline": BASE, **{f"a{n}": BASE + 0.003 + 0.002 * np.roll(noise, n) for n in range(9)}}
    data = frame(arms)
    judged(data)
    rows = [r for r in json.loads((tmp_path / "out" / "contrasts.json").read_text()) if r["metric"] == "test/f1"]
    apart = [r for r in rows if not r["low"] <= 0 <= r["high"] and r["p_difference"] > 0.05]
    assert apart, "the made-up runs show nothing"
    report = (tmp_path / "out" / "report.md").read_text()
    assert "p differ may be as large as 1.000 beside an interval that leaves 0 out" in report
    assert uncorrected_note([r for r in rows if r not in apart], 0.05) == ""
    with speaking("ko"):
        assert "1.000" in uncorrected_note(apart, 0.05) and "interval" not in uncorrected_note(apart, 0.05)


def test_rows_of_earlier_versions_have_no_marks():
    row = {"low": -1.0, "high": 1.0, "decimals": 2, "verdict": "helps", "error": None, "effect": 0.0}
    assert marked_interval(row) == "[−1.0, +1.0]" and mark_notes([row], DEFAULT, of_p=False) == []
    assert marked_interval({**row, "widened": 1.3, "cut": "low"}).endswith("]‡§")
    assert marked_interval({**row, "widened": 1.001, "cut": ""}).endswith("]"), "nobody could see it"
    assert len(mark_notes([{**row, "widened": 1.3, "cut": "low", "verdict": VOID}], DEFAULT, of_p=False)) == 0
