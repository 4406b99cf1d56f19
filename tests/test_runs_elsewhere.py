"""`butfor judge`: a CSV file of another program's runs gets the verdicts that the same figures get in a study of butfor's."""

import json

import jsonschema
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.stats import ttest_ind

from butfor import stats
from butfor.command.judge_command import command
from butfor.elsewhere.column_metrics import Asked, higher_is_better, metrics_in
from butfor.elsewhere.judged_runs import as_study
from butfor.elsewhere.runs_file import read_runs
from butfor.errors import StudyError
from butfor.report.arm_story import arm_story
from conftest import ROOT

RNG = np.random.default_rng(5)
BASE = 0.9 + RNG.normal(0, 0.002, 8)
ARMS = {"baseline": BASE, "worse": BASE - 0.02 + RNG.normal(0, 0.002, 8), "same": BASE + RNG.normal(0, 0.0005, 8)}


def table(**more):
    rows = [
        {"arm": arm, "seed": seed, "accuracy": f"{value:.4f}", **{key: of(arm, seed) for key, of in more.items()}}
        for arm, values in ARMS.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def judged(tmp_path):
    """Gives the rows of contrasts.json on a metric, the terminal's text and the report."""

    def of(frame, *options, metric="test/accuracy", **written):
        path, out = tmp_path / "runs.csv", tmp_path / "out"
        frame.to_csv(path, index=False, **written)
        done = CliRunner().invoke(command, [str(path), "--out", str(out), *options], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        rows = json.loads((out / "contrasts.json").read_text())
        return {r["arm"]: r for r in rows if r["metric"] == metric}, done.output, (out / "report.md").read_text()

    return of


def test_the_page_the_baselines_own_name_and_what_counts_say(judged, tmp_path):
    frame = table().replace({"arm": {"baseline": "full"}}).astype({"accuracy": object})
    frame.loc[(frame["arm"] == "worse") & (frame["seed"] < 2), "accuracy"] = ""
    rows, terminal, report = judged(frame, "--baseline", "full")
    assert "| **full** | the reference |" in report and "no value" in terminal and "diverged" not in terminal
    assert "The baseline is full." in terminal and "| `same` | `full` |" in report and "`baseline`" not in report
    assert "2 : 0 (p 0.212)" in report and rows["worse"]["p_failure"] < 0.01  # with the worse figures
    assert "<h1" in (tmp_path / "out" / "report.html").read_text()
    assert arm_story(tmp_path / "out", "full").startswith("baseline (full)")


def refused(tmp_path, frame, *options):
    (tmp_path / "runs.csv").write_text(frame if isinstance(frame, str) else frame.to_csv(index=False))
    with pytest.raises(StudyError) as error:
        CliRunner().invoke(
            command, [str(tmp_path / "runs.csv"), "--out", str(tmp_path / "out"), *options], catch_exceptions=False
        )
    assert not (tmp_path / "out" / "report.md").exists()
    return str(error.value)


def test_verdicts_are_those_of_the_library_and_marked_as_not_controlled(judged, tmp_path):
    rows, terminal, report = judged(table(note=lambda arm, seed: "a word"))
    points = {arm: [round(100 * float(f"{v:.4f}"), 2) for v in values] for arm, values in ARMS.items()}
    by_hand = stats.judge(
        {arm: points[arm] for arm in ("worse", "same")}, points["baseline"], stats.Rule(margin=0.5, looks=(8,))
    )
    for arm, contrast in by_hand.items():
        assert rows[arm]["verdict"] == contrast.verdict
        np.testing.assert_allclose([rows[arm]["effect"], rows[arm]["low"]], [contrast.effect, contrast.low], rtol=1e-6)
    assert (rows["worse"]["verdict"], rows["same"]["verdict"]) == ("hurts", "no meaningful difference")
    assert (
        "made elsewhere" in report and "no arm has a level of proof" in report and "proven" not in report.split("##")[1]
    )
    comment = (tmp_path / "out" / "comment.md").read_text()
    assert "made elsewhere" in comment and "| `worse` | hurts" in comment and len(comment.splitlines()) < 20
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    jsonschema.validate(told, json.loads((ROOT / "docs" / "summary.schema.json").read_text()))
    assert told["verdicts"] == {"hurts": 1, "no meaningful difference": 1}
    assert "note (it holds words)" in terminal and "note (it holds words)" in report.replace("\\", "")


def test_percent_is_recognised_and_a_file_of_semicolons_and_commas_read(judged):
    frame = table()
    shares, *_ = judged(frame)
    frame["accuracy"] = [f"{100 * float(value):.2f}".replace(".", ",") for value in frame["accuracy"]]
    percent, *_ = judged(frame, sep=";")
    assert {a: (r["verdict"], round(r["effect"], 6)) for a, r in shares.items()} == {
        a: (r["verdict"], round(r["effect"], 6)) for a, r in percent.items()
    }
    assert percent["worse"]["unit"] == "points"


def test_every_value_is_used_where_arms_have_other_numbers_of_runs(judged):
    frame = table()
    frame = frame[(frame["arm"] != "worse") | (frame["seed"] < 5)]
    rows, *_ = judged(frame)
    assert (rows["worse"]["pairs"], rows["worse"]["missing"], rows["same"]["pairs"]) == (5, 0, 8)
    assert rows["worse"]["verdict"] == "hurts"


def test_arms_without_seeds_in_common_are_independent_samples_of_all_their_runs(judged):
    frame = table()
    frame["seed"] += 100 * frame["arm"].map({"baseline": 0, "worse": 1, "same": 2})
    frame = frame[(frame["arm"] != "worse") | (frame["seed"] < 105)]
    rows, terminal, report = judged(frame)
    worse, base = ([float(v) for v in frame["accuracy"][frame["arm"] == arm]] for arm in ("worse", "baseline"))
    assert rows["worse"]["effect"] == pytest.approx(100 * (np.mean(worse) - np.mean(base)))
    interval = ttest_ind(worse, base, equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose(
        [rows["worse"]["low"], rows["worse"]["high"]], 100 * np.array([interval.low, interval.high])
    )
    assert "independent samples, because arms do not share seeds" in terminal and rows["worse"]["verdict"] == "hurts"
    without, terminal, _ = judged(frame.drop(columns="seed"))
    assert without == rows and "no column says which seed" in terminal
    assert rows["worse"]["typical"] is None and rows["worse"]["better"] is None and "paired by" not in report


def test_an_arm_that_shares_no_seeds_is_named_with_what_to_do(judged, tmp_path):
    frame = table()
    frame.loc[frame["arm"] == "worse", "seed"] += 7  # one of eight is shared
    _, terminal, _ = judged(frame)
    assert "because these share fewer than 2 seeds with baseline: worse.\nWithout these in the file" in terminal
    _, terminal, _ = judged(frame, "--unpaired")
    assert "because you asked for it.\n" in terminal and "Without these" not in terminal
    (tmp_path / "refused").mkdir()
    assert "as --paired says, received 1 of worse." in refused(tmp_path / "refused", frame, "--paired")
    _, terminal, _ = judged(frame[frame["arm"] != "worse"])
    assert "independent" not in terminal


def test_a_run_without_a_value_has_failed(judged):
    frame = table()
    frame.loc[frame["arm"] == "worse", "accuracy"] = [*["nan", ""] * 3, "0.5", "inf"]
    rows, terminal, report = judged(frame)
    assert rows["worse"]["failed_ablation"] == 7 and rows["worse"]["verdict"] == "hurts"
    cells = [line.replace("\u00a0", " ").count("| 1 of 8 |") for line in report.splitlines() if "worse" in line]
    assert sum(cells) == 2, "in the first table and in that of all numbers"
    assert "Failed: 7 of 24 runs" in terminal and "no accuracy in line 10" in report


def test_metrics_beside_are_judged_and_the_direction_of_unknown_ones_is_asked_for(judged):
    frame = table(loss=lambda arm, seed: 1 + (arm == "worse") + seed / 100, fitness=lambda arm, seed: seed + 1)
    rows, terminal, _ = judged(frame, metric="test/loss")
    assert rows["worse"]["verdict"] == "hurts" and "fitness (which way is better is not known)" in terminal
    rows, *_ = judged(frame, "--metric", "fitness", "--better", "lower", "--margin", "2 %", metric="test/fitness")
    assert rows["worse"]["margin"] == pytest.approx(0.02 * 4.5)


def test_another_baseline_and_other_names_of_columns(judged):
    frame = table().replace({"arm": {"baseline": "full", "same": "baseline", "worse": "x@y"}})
    rows, terminal, _ = judged(
        frame.rename(columns={"arm": "Method", "seed": "Run"}), "--arm", "method", "--baseline", "full"
    )
    assert (
        set(rows) == {"x(at)y", "baseline_arm"}
        and "The baseline is full." in terminal
        and "full is" not in terminal.split("Names")[1]
    )
    assert rows["x(at)y"]["verdict"] == "hurts"


@pytest.mark.parametrize(
    ("spoil", "options", "said"),
    [
        (lambda f: f.drop(columns="arm"), [], "expected a column arm, received seed, accuracy"),
        (lambda f: f.replace({"arm": {"baseline": "full"}}), [], "--baseline and one of full, worse, same"),
        (lambda f: f, ["--baseline", "gone"], "received gone, which is no arm"),
        (lambda f: pd.concat([f, f.tail(1)]), [], "line 26: expected one run of same with seed 7"),
        (lambda f: f.replace({"accuracy": {f["accuracy"][3]: "0.9l"}}), [], "line 5: expected a number for accuracy"),
        (lambda f: f[(f["arm"] != "worse") | (f["seed"] < 1)], [], "expected 2 runs of worse or more"),
        (lambda f: f.drop(columns="accuracy"), [], "expected a column with a metric, received none"),
        (lambda f: f.rename(columns={"accuracy": "zap"}), ["--metric", "zap"], "--better higher or --better lower"),
        (lambda f: f, ["--metric", "f1"], "expected --metric to name a column, received f1"),
        (
            lambda f: f.assign(loss=["", *["1.5"] * 23]),
            ["--metric", "accuracy", "--metric", "loss"],
            "line 2: expected a value of loss, which --metric names",
        ),
        (lambda f: "arm,accuracy\na,0,0.9\na,1,0.8\n", [], "received 2 names, and 3 values in line 2."),
        (lambda f: f, ["--margin", "0.5"], "For 0.5 percentage points write 0.005"),
        (lambda f: f, ["--margin", "loss=1"], "received loss. Metrics of"),
        (lambda f: f, ["--margin", "-1"], "expected a number above 0"),
        (lambda f: f.replace({"accuracy": {f["accuracy"][3]: "91"}}), [], "expected accuracy in one unit"),
        (lambda f: f[f["arm"] == "baseline"], [], "received those of baseline alone"),
        (lambda f: f.assign(accuracy=["nan"] * 8 + ["0.5"] * 16), [], "expected values of baseline"),
        (lambda f: f.head(0), [], "expected a row per run"),
        (lambda f: "", [], "expected a CSV file"),
    ],
    ids=lambda value: None,
)
def test_bad_input_gets_one_clear_error(tmp_path, spoil, options, said):
    assert said in refused(tmp_path, spoil(table()), *options)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StudyError, match="No such file"):
        read_runs(tmp_path / "none.csv")


def test_directions_by_name():
    ways = {
        name: higher_is_better(name) for name in ("val_acc", "Test Loss", "eval/f1", "wall_time", "zap", "error_rate")
    }
    assert ways == {
        "val_acc": True,
        "Test Loss": False,
        "eval/f1": True,
        "wall_time": False,
        "zap": None,
        "error_rate": False,
    }


def test_seeds_that_are_words_pair_too(tmp_path):
    frame = table()
    frame["seed"] = [f"run-{seed}" for seed in frame["seed"]]
    frame.to_csv(tmp_path / "runs.csv", index=False)
    runs = read_runs(tmp_path / "runs.csv")
    assert as_study(runs, "baseline", Asked(), 0.05, None).origin.paired
    assert list(metrics_in(runs, Asked())[0]) == ["accuracy"]


def test_names_stay_apart_and_break_no_table(judged, tmp_path):
    names = {"baseline": "완전한", "worse": "data@x", "same": "data(at)x"}
    frame = table().replace({"arm": names})
    frame = pd.concat([frame, frame[frame["arm"] == "data@x"].assign(arm="a|b`c")])
    rows, terminal, report = judged(frame, "--baseline", "완전한")
    assert {*rows} == {"data(at)x", "data(at)x_", "a¦b'c"} and rows["data(at)x_"]["verdict"] == "hurts"
    assert "data@x is called data(at)x_ here" in terminal and "a|b`c is called a¦b'c here" in terminal
    assert "| `a¦b'c` | – | **" in report


def test_what_a_reader_is_told_to_do_and_where_to_look_can_be_done(judged, tmp_path):
    frame = table().astype({"accuracy": object})
    frame.loc[frame["arm"] == "worse", "accuracy"] = [""] * 8
    frame = frame[(frame["arm"] != "same") & (frame["seed"] < 2)]
    _, terminal, report = judged(frame)
    assert "worse, seeds 0, 1, no value; the first: no accuracy in line " in terminal and "Log:" not in terminal
    assert "More runs of each arm may decide it." in report and "`seeds`" not in report.split("## Verdicts")[0]
    assert "The chance that the verdict is wrong" in report
    assert "All runs of `worse` failed (failed 2/2, reference 0/2), which decides nothing yet." in report
    assert "The baseline's accuracy is " in report
