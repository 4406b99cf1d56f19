"""Manipulation checks: broken knobs in the code are caught, leaks are named, arms that change nothing are void."""

import dataclasses
import functools
import json

import keras
import numpy as np
import pytest

from butfor.checks.manipulation import OF_ANOTHER_RECIPE, _stepped_otherwise, check, examine, identical
from butfor.checks.steadiness import steady
from butfor.engine import keras_initialisers, random_layers
from butfor.recipe import schedules
from butfor.records import stored_record
from butfor.records.record import write
from butfor.report.refused_section import refused_section
from butfor.verdicts import contrasts
from conftest import resolved
from keras_training import arm_runs

RECIPE = {"model": {"name": "mlp", "widths": [32, 16]}, "batch_size": 50, "epochs": 2, "loop": "graph"}


def train(data, name, *seeds, **changes):
    arm = arm_runs(resolved(**{**RECIPE, **changes}), data, name, validation=0.2)
    return [arm.train(seed) for seed in seeds]


def study_of(**ablations):
    """ablations: arm to the keys that it changes, as {key: value}."""
    arms = [
        {
            "name": "baseline",
            "reference": None,
            "family": "",
            "changed": [],
            "primary": False,
            "recipe": resolved(**RECIPE),
        }
    ]
    for name, changes in ablations.items():
        recipe = resolved(**{**RECIPE, **changes})
        rest = {"reference": "baseline", "family": "f", "changed": list(changes), "primary": False, "recipe": recipe}
        arms.append({"name": name, **rest})
    verdict = {"alpha": 0.05, "margin": 0.5, "loss_margin": None, "must_learn": True}
    verdict |= {"metric": "test/accuracy", "corrected_over": "report", "paired": True, "futility": True}
    looks = [{"name": "look1", "seeds": [0, 1], "seen": 2}]
    return {"study": "s", "question": "q?", "arms": arms, "looks": looks, "verdict": verdict}


@pytest.fixture(scope="module")
def baseline(digits_data):
    return train(digits_data, "baseline", 0, 1)


@pytest.fixture(scope="module")
def changed(digits_data):
    """An arm's runs at seeds 0 and 1, each change trained once."""

    @functools.cache
    def of(changes):
        return train(digits_data, "arm", 0, 1, **json.loads(changes))

    return lambda **changes: list(of(json.dumps(changes, sort_keys=True)))


def check_of(study, records, arm="arm"):
    return next(row for row in examine(study, records) if row["arm"] == arm)


def dropout_ignored(patch):
    patch.setattr(random_layers.Dropout, "call", lambda self, inputs, training=False: inputs)


def initialiser_swapped(patch):
    rows = keras_initialisers.INITIALISERS
    patch.setattr(keras_initialisers, "INITIALISERS", rows | {"glorot_normal": rows["glorot_uniform"]})


def schedule_not_applied(patch):
    rates = schedules.learning_rates
    none = {"name": "none"}
    patch.setattr(schedules, "learning_rates", lambda recipe, steps, own: rates({**recipe, "schedule": none}, steps))


def l2_halved(patch):
    penalty = keras.regularizers.L1L2
    patch.setattr(keras.regularizers, "L1L2", lambda l1, l2: penalty(l1, l2 / 2))


BROKEN = [
    (dropout_ignored, {"dropout": 0.3}, "dropout: expected 0.3 of dropout_1 dropped, received 0"),
    (initialiser_swapped, {"initialiser": "glorot_normal"}, "initialiser: hidden_1 under glorot_normal: expected"),
    (schedule_not_applied, {"schedule": "cosine"}, "schedule: expected the learning rate"),
    (l2_halved, {"l2": 0.01}, "l2: expected "),
]


@pytest.mark.parametrize(("broken", "changes", "problem"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_knob_that_is_broken_in_the_code_is_caught(digits_data, baseline, changed, broken, changes, problem):
    study = study_of(arm=changes)
    whole = check_of(study, [*baseline, *changed(**changes)])
    assert (whole["outcome"], whole["problems"]) == ("proven", [])
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        records = train(digits_data, "arm", 0, 1, **changes)
    caught = check_of(study, [*baseline, *records])
    assert caught["outcome"] in ("unproven", "void")
    assert any(found.startswith(problem) for found in caught["problems"]), caught["problems"]


def test_an_arm_that_never_acts_is_void_and_gets_no_verdict(baseline, changed):
    changes = {"early_stopping": {"name": "patience", "patience": 9, "restore_best": False}}
    study = study_of(arm=changes, other={"learning_rate": 0.01})
    other = [dataclasses.replace(run, arm="other") for run in changed(learning_rate=0.01)]
    records = [*baseline, *changed(**changes), *other]
    checks = examine(study, records)
    assert [row["outcome"] for row in checks] == ["proven", "void", "proven"]
    assert checks[1]["line"].endswith("every run as the reference's")
    rows = contrasts.judge(study, records, checks)
    void = [row for row in rows if row["arm"] == "arm"]
    assert {(row["verdict"], row["remark"]) for row in void} == {("void: nothing changed", "")}
    (alone,) = contrasts.judge(study_of(other={"learning_rate": 0.01}), records, checks[::2])[:1]
    judged = next(row for row in rows if row["arm"] == "other" and row["metric"] == "test/accuracy")
    assert judged["p_difference"] == alone["p_difference"]
    quoted = refused_section(checks)
    assert quoted.startswith("> **Void: nothing changed.** `arm`:") and "other" not in quoted
    assert "by `butfor explain arm`. Give it a value that acts, or take the arm out of `ablations`" in quoted


def test_an_arm_that_acts_at_some_seeds_only_is_proven_and_says_at_how_many(baseline, changed):
    changes = {"learning_rate": 0.01}
    first, second = changed(**changes)
    row = check_of(study_of(arm=changes), [*baseline, first, second])
    assert row["outcome"] == "proven" and row["line"].endswith("runs differ in 2 of 2 pairs")
    idle = dataclasses.replace(second, history=baseline[1].history, metrics=baseline[1].metrics)
    row = check_of(study_of(arm=changes), [*baseline, first, idle])
    assert row["outcome"] == "proven" and row["line"].endswith("runs differ in 1 of 2 pairs")


@pytest.mark.parametrize(
    ("leak", "word"),
    [
        (lambda r: {"draws": {**r.draws, "split": "other"}}, "split moved"),
        (lambda r: {"history": [{**row, "order": "other"} for row in r.history]}, "order moved"),
        (
            lambda r: {"draws": {**r.draws, "weights": {**r.draws["weights"], "hidden_2": "other"}}},
            "weights/hidden_2 moved",
        ),
        (lambda r: {"optimiser": {**r.optimiser, "beta_1": 0.8}}, "optimiser moved"),
        (lambda r: {"parameters": r.parameters + 1}, "parameters moved"),
        (lambda r: {"data": {**r.data, "fingerprint": "other"}}, "data moved"),
        (lambda r: {"learning_rate": [2 * rate for rate in r.learning_rate]}, "learning rate moved"),
    ],
)
def test_what_no_changed_key_may_move_is_held_still(baseline, changed, leak, word):
    changes = {"dropout": 0.3}
    leaky = [dataclasses.replace(record, **leak(record)) for record in changed(**changes)]
    row = check_of(study_of(arm=changes), [*baseline, *leaky])
    assert row["outcome"] == "unproven"
    assert f"{word}, which dropout must not move" in row["problems"]


def test_recipes_that_differ_otherwise_than_declared_fail(digits_data, baseline):
    records = train(digits_data, "arm", 0, 1, dropout=0.3, l2=0.01)
    study = study_of(arm={"dropout": 0.3, "l2": 0.01})
    study["arms"][1]["changed"] = ["dropout"]
    row = check_of(study, [*baseline, *records])
    assert row["outcome"] == "unproven" and "l2 differs, undeclared" in row["problems"]
    study["arms"][1]["changed"] = ["dropout", "l2", "clipping"]
    assert "clipping was declared and does not differ" in check_of(study, [*baseline, *records])["problems"]
    study["arms"][1]["recipe"] = resolved(**RECIPE)
    assert OF_ANOTHER_RECIPE in check_of(study, [*baseline, *records])["problems"]


def test_a_fault_in_the_reference_fails_the_arms_that_change_that_key(baseline, changed):
    sick = [
        dataclasses.replace(r, penalty={**r.penalty, "start": {"kernels": 1.0, "activations": 0.0}}) for r in baseline
    ]
    records = [*sick, *changed(l2=0.01)]
    rows = examine(study_of(arm={"l2": 0.01}), records)
    assert [row["outcome"] for row in rows] == ["unproven", "unproven"]
    assert any("the reference's own footprint is wrong" in problem for problem in rows[1]["problems"])
    verdicts = contrasts.judge(study_of(arm={"l2": 0.01}), records, rows)
    assert {row["verdict"] for row in verdicts} == {"unproven"}


def test_arms_without_records_are_unknown_and_failures_are_checked_too(digits_data, baseline):
    rows = examine(study_of(arm={"l2": 0.01}), baseline)
    assert [row["outcome"] for row in rows] == ["proven", "unknown"]
    changes = {"learning_rate": 1e30, "optimiser": {"name": "sgd"}}
    records = train(digits_data, "arm", 0, 1, **changes)
    assert {record.status for record in records} == {"diverged"}
    assert check_of(study_of(arm=changes), [*baseline, *records])["outcome"] == "proven"


def test_nan_equals_nan_when_histories_are_compared(baseline):
    a = dataclasses.replace(baseline[0], history=[{"epoch": 1, "objective": float("nan")}])
    b = dataclasses.replace(baseline[0], history=[{"epoch": 1, "objective": np.nan}])
    assert identical(a, b) and not identical(a, baseline[0])


def test_a_run_whose_weights_are_the_reference_s_to_the_bit_is_the_same_however_its_loss_is_rounded(baseline):
    run = baseline[0]
    rounded = [{**row, "objective": row["objective"] * (1 + 1e-7)} for row in run.history]
    other = dataclasses.replace(
        run, history=rounded, trial={**run.trial, "objective": run.trial["objective"] * (1 + 1e-7)}
    )
    assert identical(run, other) and not _stepped_otherwise(run, other)
    first, *rest = run.layers["end"]
    elsewhere = dataclasses.replace(other, layers={**run.layers, "end": [{**first, "weights": {}}, *rest]})
    assert not identical(run, elsewhere)
    variables = {name: {"digest": "another"} for name in run.trial["variables"]}
    assert _stepped_otherwise(run, dataclasses.replace(run, trial={**run.trial, "variables": variables}))


def test_a_check_reads_each_record_about_once_however_many_there_are(baseline, tmp_path, monkeypatch):
    names = [f"arm_{n}" for n in range(40)]
    references = dict(zip(names, ["baseline"] * 10 + names[:10] + names[10:20] + ["gone"] + names[20:29], strict=True))
    study = study_of(**{name: {"l2": 0.01} for name in reversed(names)})
    for arm in study["arms"][1:]:
        arm["reference"] = references[arm["name"]]
    records = [dataclasses.replace(one, arm=arm) for arm in ("baseline", *names, "gone") for one in baseline]
    folders = [tmp_path / "runs" / arm / "look1" for arm in ("baseline", *names, "gone")]
    for one in records:
        write(tmp_path / "runs" / one.arm / "look1" / f"seed_{one.seed}.json", one)
    read, size = [], (folders[0] / "seed_0.json").stat().st_size
    monkeypatch.setattr(stored_record, "MOST", 20 * size)
    monkeypatch.setattr(
        stored_record, "_fields", lambda path, fields=stored_record._fields: read.append(path) or fields(path)
    )
    check(study, folders, tmp_path / "checks.json")
    rows = json.loads((tmp_path / "checks.json").read_text())
    assert [row["arm"] for row in rows] == ["baseline", *reversed(names)] and rows == examine(study, records)
    assert {*read} == {*tmp_path.glob("runs/*/*/*.json")} and len(read) < 1.2 * len(records)


def test_what_an_own_model_gives_before_any_step_is_no_loss(baseline):
    """Its own step alone has one: arms with other losses were said to have the same first loss."""
    run = baseline[0]
    own = dataclasses.replace(run, data={**run.data, "task": "own"})
    assert {"first loss", "first objective"} < steady(run).keys() and "first outputs" not in steady(run)
    assert "first outputs" in steady(own) and not {"first loss", "first objective"} & steady(own).keys()


def test_watching_another_loss_is_no_effect_by_itself(baseline):
    run = baseline[0]
    watching = {**run.recipe["early_stopping"], "name": "patience", "monitor": "trained_loss"}
    history = [{**row, "train/trained_loss": 0.1, "validation/trained_loss": 0.2} for row in run.history]
    more = {"recipe": {**run.recipe, "early_stopping": watching}, "history": history}
    other = dataclasses.replace(run, **more, metrics={**run.metrics, "test/trained_loss": 0.3})
    assert identical(run, other) and identical(other, run) and identical(other, other)
    changed = [{**row, "validation/trained_loss": 0.3} for row in history]
    assert not identical(other, dataclasses.replace(other, history=changed))
    assert not identical(run, dataclasses.replace(other, metrics={**run.metrics, "test/loss": 9.0}))
