"""Test examples that belong together, such as those of a patient: it is patients that another test set would vary."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from butfor import stats
from butfor.metrics.jackknife import GROUPS, pseudo_values
from butfor.records.right_answers import packed_answers
from butfor.stats.crossed_errors import by_group, sources
from butfor.verdicts.example_errors import example_errors, with_groups
from test_example_errors import f1, rmse
from test_truths_verdicts import fake, study

PATIENTS, SEEDS, STUDIES = 40, 8, 60


def patients(rng, unequal=True):
    """The patient of each example, about ten of each."""
    return np.repeat(np.arange(PATIENTS), rng.integers(4, 17, PATIENTS) if unequal else 10)


def outside(made, studies=STUDIES, seed=0):
    """The shares of made-up studies without an effect whose interval for new data leaves 0 out: with examples taken for
    independent, and with patients as what varies. made: gives a study's effect, and its errors by kind."""
    rng, lost = np.random.default_rng(seed), {}
    for _ in range(studies):
        effect, errors = made(rng)
        for kind, of in errors.items():
            low, high = of.beside(stats.Estimate(effect, of.seeds, SEEDS - 1)).interval(0.05)
            lost[kind] = lost.get(kind, 0) + (not low <= 0 <= high)
    return {kind: count / studies for kind, count in lost.items()}


def of_accuracy(rng):
    """What one arm makes of a patient differs from what the other does, alike in all of the patient's examples."""
    of = patients(rng)
    hard, part = rng.normal(1.0, 1.0, len(of)), rng.normal(0.0, 1.5, (2, PATIENTS))[:, of]
    shape = SEEDS, len(of)
    a, b = (hard + part[arm] + rng.normal(0, 0.15, (SEEDS, 1)) + rng.normal(0, 0.7, shape) > 0 for arm in range(2))
    whole = sources(by_group(a, of), by_group(b, of), PATIENTS)
    return float(a.mean() - b.mean()), {"examples": sources(a, b, len(of)), "patients": whole}


def of_metric(score):
    def made(rng):
        of = patients(rng)
        truth, off = rng.normal(0.0, 1.0, len(of)), rng.normal(0.0, 0.5, (2, PATIENTS))[:, of]
        found = {"examples": [], "patients": []}
        whole = np.zeros((2, SEEDS))
        for arm in range(2):
            for seed in range(SEEDS):
                predicted = truth + off[arm] + rng.normal(0.0, 0.05) + rng.normal(0.0, 0.3, len(of))
                value = whole[arm, seed] = score(truth, predicted)
                found["examples"].append(pseudo_values(score, truth, predicted, value))
                found["patients"].append(pseudo_values(score, truth, predicted, value, of))
        pairs = {kind: np.split(np.array(values), 2) for kind, values in found.items()}
        return float(np.subtract(*whole).mean()), {k: sources(a, b, a.shape[1]) for k, (a, b) in pairs.items()}

    return made


@pytest.mark.parametrize("made", [of_accuracy, of_metric(rmse), of_metric(f1)], ids=["accuracy", "rmse", "f1"])
def test_an_interval_for_new_patients_holds_and_one_that_takes_examples_for_independent_misses(made):
    lost = outside(made)
    assert lost["patients"] <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / STUDIES) and lost["examples"] > 2 * lost["patients"], (
        lost
    )


def test_groups_of_examples_are_of_whole_patients_and_about_the_same_size():
    rng = np.random.default_rng(1)
    of = np.array([f"p{each}" for each in patients(rng)])
    seen = []
    truth = np.arange(len(of))
    pseudo_values(lambda kept, _: seen.append(set(kept.tolist())) or 0.0, truth, truth, 0.0, of)
    out = [np.array(sorted({*range(len(of))} - kept)) for kept in seen]
    assert len(out) == GROUPS and sorted(np.concatenate(out)) == list(range(len(of)))
    assert all(not {*of[group]} & {*of[np.setdiff1d(truth, group)]} for group in out)
    assert max(map(len, out)) < 1.5 * min(map(len, out))


def test_of_groups_of_one_size_the_figures_are_their_means_and_their_mean_is_that_of_all():
    rng = np.random.default_rng(2)
    of, figures = patients(rng, unequal=False), rng.random((3, 10 * PATIENTS)) < 0.8
    assert by_group(figures, of) == pytest.approx(figures.reshape(3, PATIENTS, 10).mean(axis=2))
    of = patients(rng)
    errors = rng.random(len(of))
    assert by_group(errors[None], of).mean() == pytest.approx(errors.mean())
    found = pseudo_values(lambda t, p: float(p.mean()), errors, errors, float(errors.mean()), of)
    assert np.mean(found) == pytest.approx(errors.mean())
    assert pseudo_values(rmse, errors[:8], errors[:8], 0.0, np.repeat([0, 1], 4)) == []


def test_groups_come_from_the_stored_arrays_and_widen_the_error_of_accuracy(tmp_path):
    rng = np.random.default_rng(3)
    of = patients(rng)
    np.savez(tmp_path / "arrays.npz", groups_test=np.array([f"p{each}" for each in of]))
    part, records = rng.normal(0, 2, (2, PATIENTS))[:, of], []
    for arm, name in enumerate(("baseline", "arm_0")):
        for seed in range(5):
            right = packed_answers(1 + part[arm] + rng.normal(0, 0.5, len(of)) > 0)
            record = fake(name, seed, 80.0)
            records.append(dataclasses.replace(record, right=right, data={**record.data, "test": len(of)}))
    asked, looks = study(["arm_0"], 5), {"arm_0": 1, "baseline": 1}
    metric = type("Accuracy", (), {"name": "test/accuracy", "unit": type("Unit", (), {"scale": 100.0})})
    plain = example_errors(asked, records, looks, metric)["arm_0"]
    whole = example_errors(with_groups(asked, {"": (tmp_path / "arrays.npz", "mark")}), records, looks, metric)["arm_0"]
    assert whole.examples > 1.5 * plain.examples and whole.seeds == pytest.approx(plain.seeds)
    assert with_groups(asked, {}) is asked


@pytest.mark.cases
def test_a_study_whose_data_say_what_examples_belong_to_reports_on_these(workflow_copy):
    copy = workflow_copy("grouped")
    rng = np.random.default_rng(0)
    x, of = rng.normal(size=(160, 4)).astype("float32"), np.repeat(np.arange(32), 5)
    y = (x[:, 0] + rng.normal(0, 0.3, 160) > 0).astype("int32") + (x[:, 1] > 1)
    parts = {"x_train": x[:80], "y_train": y[:80], "x_test": x[80:], "y_test": y[80:]}
    np.savez(copy.folder / "d.npz", **parts, site_train=of[:80], site_test=of[80:])
    copy.write(
        {
            **{"study": "grouped", "seeds": [2], "data": {"name": "npz", "file": "d.npz", "groups": "site"}},
            **{"recipe": {"epochs": 2, "batch_size": 16, "model": {"name": "mlp", "widths": [8]}}, "tracking": {"mlflow": False}},
            **{"verdict": {"must_learn": False}, "metrics": ["f1_macro"]},
            "ablations": {"a": {"set": {"learning_rate": 0.01}}},
        }
    )  # fmt: skip
    done = copy.run()
    assert done.returncode == 0, done.stdout + done.stderr
    results = copy.folder / "results" / "grouped"
    assert "what varies is whole groups of them" in (results / "report.md").read_text()
    rows = json.loads((results / "contrasts.json").read_text())
    assert all(row["test_error"] is not None for row in rows if row["metric"] in ("test/accuracy", "test/f1_macro"))
