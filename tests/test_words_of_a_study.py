"""What is said of a study, fits it: values of arms, levels, intervals that can be, numbers and their nouns, seconds left."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from butfor.checks.footprints.initial_weights import model_trace
from butfor.figures import final_weights, style
from butfor.plain_text import counted, sentence
from butfor.process.pace import Pace
from butfor.report.arm_section import arm_section
from butfor.report.failure_section import failure_section
from butfor.report.headline import headline, unfinished
from butfor.report.provenance_section import provenance_section
from butfor.report.source_section import source_section
from butfor.study.metrics import METRICS
from butfor.verdicts import contrasts
from butfor.verdicts.arms import arm_rows
from butfor.workflow import partial_report
from conftest import resolved
from test_truths_verdicts import fake, study

FULL = resolved(dropout=0.2, learning_rate=0.01)


def made(arm, values, **changed):
    runs = [fake(arm, seed, value, status="ok" if value else "at_chance") for seed, value in enumerate(values)]
    for run in runs:
        object.__setattr__(run, "recipe", {**FULL, **changed})
    return runs


@pytest.fixture
def planned():
    plan = study(["no_dropout"], 3)
    plan["arms"][0] |= {"recipe": FULL, "changed": []}
    plan["arms"][1] |= {"recipe": {**FULL, "dropout": 0.0}, "changed": ["dropout"]}
    return plan


def test_arms_are_shown_with_what_they_change_and_the_mean_of_those_that_did_not_fail(planned):
    rows = arm_rows(planned, [*made("baseline", [90.0, 92.0, 94.0]), *made("no_dropout", [90.0, 91.0, 0], dropout=0.0)])
    text = arm_section(planned, rows)
    assert "| `baseline` | – | – | 3 | 0 | 92.0 ± 2.0 |" in text
    assert "| `no_dropout` | `baseline` | dropout 0.2 → 0.0 | 3 | 1 | 90.50 ± 0.71 (2 of 3) |" in text
    assert "Runs that failed are in no mean" in text and "test accuracy, %" in text


def test_records_of_another_recipe_are_shown_with_theirs(planned):
    records = [*made("baseline", [90.0] * 3, dropout=0.5), *made("no_dropout", [91.0] * 3, dropout=0.0)]
    assert arm_rows(planned, records)[1]["changes"] == ["dropout 0.5 → 0.0"]
    slow = [*records[:3], *made("no_dropout", [91.0] * 3, dropout=0.0, learning_rate=0.001)]
    assert arm_rows(planned, slow)[1]["changes"] == ["dropout 0.5 → 0.0", "learning_rate 0.01 → 0.001"]
    described = {**planned, "study": "s", "question": "Why?", "looks": []}
    for record in records:
        data = {"name": "d", "fingerprint": "f", "train": 1, "validation": 1, "test": 1}
        data |= {"scaling": "none", "inputs": [0.0, 1.0]}
        for key, value in {"data": data, "machine": {}, "loop": "graph", "fingerprint": "0"}.items():
            object.__setattr__(record, key, value)
    text = provenance_section(described, records, "here")
    assert '"dropout": 0.5' in text and "The study file's is another by now: dropout 0.5 → 0.2." in text
    assert "Versions" in text and "JAX" not in text and "Arithmetic" not in text
    object.__setattr__(records[0], "machine", {"jax": "0.11.2", "jaxlib": "0.11.1", "tensorflow": "2.21.0"})
    object.__setattr__(
        records[-1], "recipe", {**records[-1].recipe, "deterministic": True, "matmul_precision": "float32"}
    )
    object.__setattr__(records[-1], "machine", {"deterministic": "required", "precision": "float32", "jax": "0.11.2"})
    told = provenance_section(described, records, "here")
    assert "JAX 0.11.2, jaxlib 0.11.1\n" in told
    assert (
        "`deterministic: true`, `matmul_precision: float32` (operations of the same bits: required; precision: float32)"
        in told
    )
    assert "images" not in text and "- Data: fingerprint `f`, 1 training, 1 validation and 1 test" in text


def test_the_report_says_what_trained_and_how_many_examples_each_arm_had(planned):
    records = [*made("baseline", [90.0] * 3), *made("no_dropout", [91.0] * 3, dropout=0.0)]
    described = {**planned, "study": "s", "question": "Why?", "looks": []}
    keras = {"engine": "butfor.engine.keras_engine:KerasEngine", "tensorflow": "2.21.0", "keras": "3.15.1"}
    jax = {**keras, "engine": "butfor.jax_engine.jax_engine:JaxEngine", "jax": "0.11.2"}
    data = {"name": "d", "fingerprint": "f", "train": 900, "validation": 99, "test": 50}
    data |= {"scaling": "none", "inputs": [0.0, 1.0]}

    def section(machine, other, sizes):
        for record in records:
            is_base = record.arm == "baseline"
            own = {"data": data if is_base else data | sizes, "machine": machine if is_base else other}
            for key, value in {**own, "loop": "graph", "fingerprint": "0"}.items():
                object.__setattr__(record, key, value)
        return provenance_section(described, records, ["here"])

    text = section(keras, keras, {})
    assert (
        "- Engine: Keras 3.15.1 on TensorFlow 2.21.0\n" in text
        and "99 validation and 50 test examples per run, from here\n" in text
    )
    mixed = section(keras, jax, {"train": 400})
    assert (
        "- Engine: Keras 3.15.1 on TensorFlow 2.21.0 (`baseline`); Keras 3.15.1 on JAX 0.11.2 (`no_dropout`)\n" in mixed
    )
    assert "from here; `no_dropout`: 400 training, 99 validation and 50 test examples per run\n" in mixed
    assert "- Engine: `mine:Mine`\n" in section({"engine": "mine:Mine"}, {"engine": "mine:Mine"}, {})


def test_intervals_end_at_what_is_possible(planned):
    records = [*made("baseline", [99.0, 1.0, 97.0]), *made("no_dropout", [99.5, 99.0, 97.0], dropout=0.0)]
    row = contrasts.judge(planned, records, [])[0]
    assert row["metric"] == "test/accuracy" and row["level"] == pytest.approx(197 / 3)
    assert (row["low"], row["high"]) == (-100, 100), "accuracies are 100 points apart at most"
    assert row["low"] < row["effect"] < row["high"] and row["p_raw"] == pytest.approx(row["p_difference"])
    assert METRICS["test/loss"].possible(-9.0, 9.0) == (-9.0, 9.0)
    assert METRICS["gap/loss"].possible(-9.0, 9.0) == (-9.0, 9.0)
    assert np.isnan(METRICS["test/accuracy"].possible(np.nan, np.nan)).all()


def test_intervals_near_a_bound_hold_the_true_effect_as_often_as_they_say():
    """Cut at 100 less the mean of the reference's runs, half of these would not: that mean is a draw as well."""
    rng, metric, count = np.random.default_rng(0), METRICS["test/accuracy"], 2000
    differences = np.minimum(99.99 + 0.005 * rng.standard_normal((count, 5)), 100) - (
        98.5 + 0.54 * rng.standard_normal((count, 5))
    )
    means, half = differences.mean(axis=1), 2.776 * differences.std(axis=1, ddof=1) / 5**0.5
    ends = [metric.possible(mean - each, mean + each) for mean, each in zip(means, half, strict=True)]
    assert np.mean([low <= 1.49 <= high for low, high in ends]) == pytest.approx(0.95, abs=0.015)


def test_a_tie_at_one_seed_settles_nothing(planned):
    row = contrasts.judge(planned, [*made("baseline", [90.0, 0, 0]), *made("no_dropout", [90.0, 0, 91.0])], [])[0]
    assert (row["pairs"], row["verdict"]) == (1, "inconclusive") and row["remark"].startswith("1 finished pair;")


def test_numbers_and_their_nouns_fit():
    assert (counted(1, "seed"), counted(0, "run"), counted(2, "planned look")) == (
        "1 seed",
        "0 runs",
        "2 planned looks",
    )
    assert (sentence("it raises"), sentence("Stop.")) == ("it raises.", "Stop.")


def test_no_time_is_promised_from_an_epoch_that_holds_the_compilation():
    pace = Pace()
    pace.seconds.append(20.0)
    assert pace.left(9) is None
    pace.seconds += [1.0, 1.2]
    assert pace.left(8) == pytest.approx(8.8)


def test_a_model_of_ones_own_is_described_by_its_layers():
    rows = [
        {"layer": "a", "activation": "linear", "shape": [4, 8]},
        {"layer": "b", "activation": "linear", "shape": [8, 2]},
    ]
    built = [
        {"class": name, "shape": [width]}
        for name, width in (("InputLayer", 4), ("Dense", 8), ("ReLU", 8), ("Dense", 2))
    ]
    own = SimpleNamespace(recipe={"model": {"name": "m:b"}}, layers={"start": rows}, structure=built, parameters=58)
    assert model_trace(own) == "58 weights; 3 layers: Dense 8, ReLU 8, Dense 2"
    own.structure = [{"class": "Dense", "shape": [width]} for width in range(6)]
    assert model_trace(own).endswith("6 layers: Dense 0, Dense 1, Dense 2, Dense 3, Dense 4, Dense 5")
    one = SimpleNamespace(
        recipe={"model": {"name": "mlp"}}, layers={"start": rows[1:]}, structure=built[3:], parameters=18
    )
    assert model_trace(one) == "18 weights in 1 layer, widths 2"


def test_an_empty_bin_of_weights_has_no_bar():
    axes = style.sheet(1.0).subplots()
    final_weights._draw(axes, (np.array([2.0, 0.0, 1.0]), np.arange(4.0)), 0.5, fill=True)
    (steps,) = axes.patches
    assert np.isnan(steps.get_data().values[1]) and steps.get_data().values[0] == 2.0


def test_finished_seeds_of_a_job_that_goes_on_are_in_a_partial_report(planned, tmp_path):
    from butfor.records.record import read, write
    from test_record import EXAMPLE

    paths = [tmp_path / "runs" / "no_dropout" / ".unfinished" / mark / "seed_0.json" for mark in ("now", "before")]
    for path, dropout in zip(paths, (0.0, 0.7), strict=True):
        write(path, EXAMPLE.__class__(**{**vars(EXAMPLE), "arm": "no_dropout", "recipe": {**FULL, "dropout": dropout}}))
    gone = tmp_path / "runs" / "no_dropout" / ".unfinished" / "now" / "seed_1.json"
    (folder,) = partial_report._kept(planned, [*map(str, paths), str(gone)], tmp_path / "seeds")
    (record,) = [read(path) for path in (tmp_path / "seeds" / "no_dropout").iterdir()]
    assert folder.endswith("no_dropout") and record.recipe["dropout"] == 0.0


def test_a_start_that_failed_names_its_jobs_their_logs_and_what_to_do(tmp_path):
    note = tmp_path / "runs" / "a" / ".unfinished" / "look1.failure.json"
    note.parent.mkdir(parents=True)
    said = {"arm": "a", "look": "look1", "log": "logs/train/a_look1.log", "process": 0, "host": "elsewhere", "seed": 3}
    note.write_text(json.dumps({**said, "why": "ValueError: no"}))
    text = unfinished(tmp_path)
    job = "  a, look1, at seed 3: ValueError: no. Log: logs/train/a_look1.log"
    lead = "No run of the study has ended well. 1 training job left no records:"
    assert text.startswith(f"{lead}\n{job}\n")
    assert "The same command tries again" in text and "partial" not in text
    for arm in ("b", "c.1"):  # for the same reason, but for the name in it
        other = tmp_path / "runs" / arm / ".unfinished" / "look1.failure.json"
        other.parent.mkdir(parents=True)
        other.write_text(
            json.dumps({**said, "arm": arm, "seed": None, "why": f"{arm}: own:make: building it for {arm}, no"})
        )
    assert "  b and c.1, look1: own:make: building it for b, no. Log: logs/train/a_look1.log\nThe" in unfinished(
        tmp_path
    )
    (tmp_path / "runs" / "b" / "look1").mkdir(parents=True)
    assert "`snakemake partial`, with the same options, reports on what there is." in unfinished(tmp_path)


def test_the_last_words_count_failed_runs_and_name_at_most_five_kinds(tmp_path):
    failed = [
        {"arm": f"a{n}", "look": "look1", "ending": "diverged", "seeds": [0, 1], "reason": "the loss was nan"}
        for n in range(7)
    ]
    failed[1]["seeds"] = [0]
    comparison = {"metric": "test/accuracy", "runs": 20, "failed": failed, "baseline": "", "arms": []}
    (tmp_path / "contrasts.json").write_text("[]")
    (tmp_path / "comparison.json").write_text(json.dumps(comparison))
    lines = headline(tmp_path, tmp_path).splitlines()
    assert "Failed: 13 of 20 runs." in lines and lines[-2:] == ["  and 2 more", "  No change has a verdict."]
    log = f"Log: {tmp_path}/logs/train"
    assert f"  a0, seeds 0, 1, diverged; the first: the loss was nan. {log}/a0_look1.log" in lines
    assert f"  a1, seed 0, diverged: the loss was nan. {log}/a1_look1.log" in lines


@pytest.mark.parametrize(("ending", "told"), [("no better than the commonest class", True), ("diverged", False)])
def test_runs_that_name_the_commonest_class_are_told_with_what_to_write(ending, told):
    row = {"arm": "baseline", "look": "look1", "ending": ending, "seeds": [0], "reason": "so"}
    section = failure_section([], [row], 1)
    assert ("verdict: {metric: test/loss}" in section and "must_learn: false" in section) == told


@pytest.mark.parametrize(
    ("folder", "results", "command"),
    [
        ("the clone", "results/mine", "make ui RESULTS=results/mine"),
        ("another", "results/mine", "butfor ui results/mine"),
        ("another", "results/my own", "butfor ui 'results/my own'"),
        ("another", "results", "butfor ui"),
    ],
)
def test_how_to_open_the_runs_is_a_command_that_the_working_folder_has(tmp_path, monkeypatch, folder, results, command):
    """There is no Makefile outside the clone."""
    comparison = {"metric": "test/accuracy", "runs": 0, "failed": [], "baseline": "", "arms": []}
    monkeypatch.chdir(tmp_path)
    place = tmp_path / results
    place.mkdir(parents=True)
    for name, text in {"contrasts.json": "[]", "comparison.json": json.dumps(comparison), "tracked.json": "{}"}.items():
        (place / name).write_text(text)
    if folder == "the clone":  # where nothing may be written
        monkeypatch.setattr("butfor.report.headline.WORKFLOW", tmp_path.resolve())
    assert f"Runs:   {command}" in headline(Path(results), Path(results)).splitlines()


def test_a_report_says_butfor_ui_wherever_it_is_read():
    text = source_section({"baseline": "runs/baseline"})
    assert "`butfor ui` opens it" in text and "make" not in text
