"""Runs measured by what they predict: each value once, from predictions that are whole, by functions that give one number."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.metrics import f1_score

from butfor.data.dataset import load, split
from butfor.data.prepare import prepare
from butfor.errors import StudyError
from butfor.metrics import measuring as module
from butfor.metrics import own_metric
from butfor.metrics.fitting import refuse_unfit
from butfor.metrics.jackknife import GROUPS
from butfor.metrics.measuring import measure, score_of
from butfor.metrics.stored_data import StoredData
from butfor.records import kept_predictions, measures
from butfor.records.record import write
from butfor.records.tables import records_in
from butfor.study.asked_metrics import completed
from butfor.training.predictions import predicted, probabilities
from conftest import NEEDS
from test_truths_verdicts import fake
from validation import SAME

FIELDS = ("fingerprint", "loop", "history", "learning_rate", "format", "data", "machine", "timing")
SHOWN = {key: SAME[key] for key in FIELDS}
OWN = """
import numpy as np

def wrong(truth, prediction):
    return np.mean(prediction.argmax(1) != truth)

def bright(truth, prediction, inputs):
    assert len(inputs) == len(truth) == len(prediction)
    return inputs.mean()

def many(truth, prediction):
    return truth

def broken(truth, prediction):
    return truth.colour

def other(answers):
    return 1.0
"""


@pytest.fixture
def runs(tmp_path, digits):
    """Two runs of one arm with predictions on the test set and on training examples, and one that diverged."""
    data, rng = load(*digits), np.random.default_rng(1)
    folder = tmp_path / "runs" / "a" / "look1"
    for seed in range(3):
        diverged = seed == 2
        record = dataclasses.replace(
            fake("a", seed, 50.0, status="diverged" if diverged else "ok"),
            **{**SHOWN, "recipe": {"train_size": 100}},
        )
        path = folder / f"seed_{seed}.json"
        counts = {"test": len(data.x_test), "train": 100}
        arrays = {part: rng.dirichlet(np.ones(10), size=n).astype(np.float32) for part, n in counts.items()}
        kept_predictions.write(path, {} if diverged else arrays)
        write(path, dataclasses.replace(record, metrics={} if diverged else record.metrics))
    return folder


def asked(**metrics):
    keys, own = ("name", "score", "options", "parts"), {"code": "", "files": ""}
    rows = completed(metrics).items()
    return [{**{key: terms[key] for key in keys}, **own, "mark": name} for name, terms in rows]


@pytest.fixture
def measured(runs, digits, tmp_path):
    def of(metrics, code="1"):
        path = tmp_path / "measures" / "look1.json"
        measure({"metrics": metrics, "validation": {"": 0.1}, "code": code}, [runs], *([file] for file in digits), path)
        return records_in([runs], [path])

    return of


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module_name = f"mine_{tmp_path.name}"  # Python imports a module once
    (tmp_path / f"{module_name}.py").write_text(OWN)
    return lambda name: asked(mine={"function": f"{module_name}:{name}", "higher_is_better": False})


def test_values_are_those_of_the_predictions_and_of_the_rows_that_the_seed_has_trained_on(measured, runs, digits):
    terms = asked(f1_macro={})
    terms[0]["parts"] = ["test", "gap"]
    data, records = load(*digits), measured(terms)
    for record in records[:2]:
        kept = kept_predictions.read(runs / f"seed_{record.seed}.json")
        rows, _ = split(len(data.x_train), 0.1, 100, record.seed)
        for part, truth in (("test", data.y_test), ("train", data.y_train[rows])):
            expected = f1_score(truth, kept[part].argmax(axis=1), average="macro")
            assert record.metrics[f"{part}/f1_macro"] == expected
        assert "test/accuracy" in record.metrics
    assert records[2].metrics == {}


def test_what_groups_of_test_examples_do_is_known_of_keras_metrics_too(measured, digits, runs):
    """A count is that of a group, times the groups, and a mean that of the group."""
    terms = asked(CategoricalAccuracy={}, TruePositives={"settings": {"thresholds": 0.3}})
    (record, *_), truth = measured(terms), load(*digits).y_test
    guessed = kept_predictions.read(runs / "seed_0.json")["test"]
    group = np.random.default_rng(0).permutation(len(truth)) % GROUPS
    right, found = guessed.argmax(axis=1) == truth, guessed[range(len(truth)), truth] > 0.3
    sizes = np.bincount(group)
    of_accuracy, of_count = (record.metrics[f"test/{each['name']}"].pseudo for each in terms)
    assert of_accuracy == pytest.approx(np.bincount(group, right) / sizes, abs=1e-4)
    assert of_count == pytest.approx(np.bincount(group, found) * len(truth) / sizes)


def test_what_is_known_is_not_computed_again_but_for_what_it_depends_on(measured, runs, monkeypatch):
    counted = []
    monkeypatch.setattr(module, "pseudo_values", lambda *given: [])
    monkeypatch.setitem(module.SCORES, "ece", lambda a, options: counted.append(1) or 0.5)
    measured(asked(ece={}))
    measured(asked(ece={}, f1_macro={}))
    assert len(counted) == 2
    measured(asked(ece={"bins": 7}))
    assert len(counted) == 4
    measured(asked(ece={"bins": 7}), code="2")
    assert len(counted) == 6
    kept_predictions.write(runs / "seed_0.json", {"test": np.full((360, 10), 0.1, np.float32)})
    measured(asked(ece={"bins": 7}), code="2")
    assert len(counted) == 7


def test_a_function_of_ones_own_is_given_truth_prediction_and_inputs_that_it_may_spoil(measured, own, runs, digits):
    data = load(*digits)
    kept = kept_predictions.read(runs / "seed_1.json")["test"]
    assert measured(own("wrong"))[1].metrics["test/mine"] == np.mean(kept.argmax(axis=1) != data.y_test)
    assert measured(own("bright"))[1].metrics["test/mine"] == data.x_test.mean()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("many", "expected one finite number of predictions of shape (360, 10), received ndarray of shape (360,)."),
        ("broken", "measuring predictions, it raised AttributeError"),
        ("other", "expected other(truth, prediction), received other(answers)"),
    ],
)
def test_a_function_that_gives_no_number_is_refused_in_one_sentence(measured, own, name, words):
    with pytest.raises(StudyError, match=r"^mine_\w+:\w+: ") as raised:
        measured(own(name))
    assert words in str(raised.value)


def test_an_undefined_value_is_an_error_for_a_run_that_learnt_and_nothing_for_one_that_did_not(
    measured, runs, monkeypatch
):
    monkeypatch.setitem(module.SCORES, "matthews", lambda a, options: float("nan"))
    with pytest.raises(StudyError, match=r"metrics.matthews: expected a number, received nan for a, seed 0, on test"):
        measured(asked(matthews={}))
    for seed in range(2):
        write(runs / f"seed_{seed}.json", dataclasses.replace(fake("a", seed, 50.0, status="at_chance"), **SHOWN))
    assert all("test/matthews" not in record.metrics for record in measured(asked(matthews={})))


def test_damaged_predictions_are_deleted_so_that_they_are_made_anew(measured, runs):
    kept_predictions.beside(runs / "seed_1.json").write_bytes(b"PK")
    with pytest.raises(StudyError, match=r"seed_1.predictions.npz was damaged or missing"):
        measured(asked(f1_macro={}))
    assert not kept_predictions.holds(runs / "seed_1.json", ["test"])


def test_which_predictions_a_run_has_is_known_without_reading_them(runs):
    first, diverged = runs / "seed_0.json", runs / "seed_2.json"
    assert kept_predictions.holds(first, ["test", "train"]) and not kept_predictions.holds(first, ["validation"])
    assert kept_predictions.holds(diverged, ["test"]) and kept_predictions.holds(runs / "seed_9.json", [])
    assert not kept_predictions.holds(runs / "seed_9.json", ["test"])


def test_measures_of_another_recipe_do_not_merge(runs, tmp_path):
    (one, *_) = records_in([runs])
    measures.write(tmp_path / "m.json", [(dataclasses.replace(one, fingerprint="other"), {"test/x": ("key", 1.0)})])
    assert "test/x" not in records_in([runs], [tmp_path / "m.json"])[0].metrics
    (tmp_path / "m.json").write_text(json.dumps({"runs": 3}))
    assert records_in([runs], [tmp_path / "m.json"])[0].metrics == one.metrics


def test_predictions_are_probabilities_of_the_rows_asked_for(digits_data):
    class Engine:
        def scores(self, part, rows):
            return np.column_stack([rows, np.full(len(rows), 1e4)]).astype(np.float32)

    rows = {"train": np.array([3, 1], np.int32)}
    found = predicted(Engine(), digits_data, rows, ["test", "train"])
    assert found["test"].shape == (len(digits_data.x_test), 2) and found["train"].shape == (2, 2)
    assert np.array_equal(found["train"], probabilities(np.array([[3, 1e4], [1, 1e4]], np.float32)))
    assert found["test"].dtype == np.float32 and np.allclose(found["test"].sum(axis=1), 1)


@pytest.mark.parametrize(
    ("metrics", "about", "tested", "words"),
    [
        ({"mae": {}}, {"classes": 3}, [], "expected a metric for classification, received mae, which is for regression"),
        ({"f1_macro": {}}, {"classes": 1, "task": "regression"}, [], "expected a metric for regression, received f1_macro"),
        ({"f1": {}}, {"classes": 3}, [], "Write f1: {positive: 1} for one class"),
        ({"f1": {"positive": 5}}, {"classes": 3}, [], "expected classes from 0 to 2"),
        ({"top_k_accuracy": {}}, {"classes": 4}, [], "metrics.top_k_accuracy.k: expected less than the 4 classes"),
        ({"roc_auc": {}}, {"classes": 3}, [5, 5], "no test example is of class 2"),
        ({"pr_auc": {}}, {"classes": 2}, [0, 5], "no test example is of class 0"),
    ],
)  # fmt: skip
def test_a_metric_that_the_data_do_not_allow_is_refused(metrics, about, tested, words):
    with pytest.raises(StudyError) as raised:
        refuse_unfit(completed(metrics).values(), about, tested)
    assert words in str(raised.value)


NAMES = {"task": "binary", "classes": 1, "labels": ["benign", "malignant"]}


@pytest.mark.parametrize(
    ("about", "positive", "words"),
    [
        (NAMES, "benine", "metrics.f1.positive: expected a class of the data, benign, malignant, received benine. Did you mean"),
        ({"classes": 3}, "x", "expected a class of the data, 0, 1, 2, received x."),
    ],
)  # fmt: skip
def test_a_class_that_there_is_not_is_answered_with_those_that_there_are(about, positive, words):
    with pytest.raises(StudyError, match=re.escape(words)):
        refuse_unfit(asked(f1={"positive": positive}), about)


@pytest.mark.parametrize("name", ["precision", "recall", "f1", "roc_auc", "pr_auc"])
def test_a_class_is_asked_about_by_its_name(tmp_path, name):
    truth, p = np.array([0, 0, 1, 0, 1, 1, 0]), np.array([0.1, 0.8, 0.7, 0.3, 0.4, 0.9, 0.2])
    (tmp_path / "m.json").write_text(json.dumps(NAMES))
    data = StoredData(tmp_path / "a.npz", tmp_path / "m.json", 0.1)
    scores = {}
    for positive in ("benign", 0, "malignant", None):
        terms = data.numbered(asked(**{name: {} if positive is None else {"positive": positive}})[0])
        refuse_unfit([terms], NAMES, [4, 3])
        scores[positive] = score_of(terms, truth, p, "binary")[0]
    score = {"roc_auc": sk.roc_auc_score, "pr_auc": sk.average_precision_score}.get(name)
    expected = score(truth == 0, 1 - p) if score else getattr(sk, f"{name}_score")(truth == 0, p < 0.5)
    assert scores["benign"] == scores[0] == pytest.approx(expected)
    assert scores["malignant"] == scores[None] and (scores[0] != scores[None]) == (name != "roc_auc")


def test_one_class_is_not_asked_about_where_an_example_has_several():
    with pytest.raises(StudyError, match=r"pr_auc.positive: expected a task in which an example has one class"):
        refuse_unfit(asked(pr_auc={"positive": 1}), {"task": "multilabel", "classes": 3})


def test_metrics_that_the_data_allow_are_not_refused():
    fitting = {"f1": {}, "roc_auc": {}, "iou": {"classes": [1]}, "mine": {"score": "f1", "positive": 1}}
    refuse_unfit(completed(fitting).values(), {"classes": 2}, [5, 5])
    refuse_unfit(completed({"mae": {}, "f1": {}}).values(), {"task": "own"})
    refuse_unfit(completed({"mae": {}}).values(), {})


def test_runs_are_measured_on_the_validation_part_and_the_data_set_that_they_had(tmp_path):
    """An official validation part is the last of the training examples; and each data set has its own truth."""
    labels = {"one": np.arange(30) % 3, "two": np.arange(20) % 2}
    stored = {name: (tmp_path / f"{name}.npz", tmp_path / f"{name}.json") for name in labels}
    for name, y in labels.items():
        np.savez(stored[name][0], y_train=y, y_test=y[:10])
        about = {"fingerprint": name, **({"official": 7} if name == "one" else {})}
        stored[name][1].write_text(json.dumps(about))
        record = dataclasses.replace(fake(f"a@{name}", 0, 50.0), **{**SHOWN, "recipe": {"train_size": None}})
        held = y[-7:] if name == "one" else y[split(20, 0.2, None, 0)[1]]
        path = tmp_path / "runs" / f"a@{name}" / "look1" / "seed_0.json"
        kept_predictions.write(
            path, {part: np.eye(3, dtype=np.float32)[rows] for part, rows in (("test", y[:10]), ("validation", held))}
        )
        write(path, record)
    terms = [{**each, "parts": ["test", "validation"]} for each in asked(balanced_accuracy={})]
    folders = [tmp_path / "runs" / f"a@{name}" / "look1" for name in ("two", "one")]
    asked_of = {"metrics": terms, "validation": {"one": "official", "two": 0.2}, "code": "1"}
    measure(asked_of, folders, *zip(*stored.values(), strict=True), tmp_path / "look1.json")
    for record in records_in(folders, [tmp_path / "look1.json"]):
        assert (record.metrics["test/balanced_accuracy"], record.metrics["validation/balanced_accuracy"]) == (1.0, 1.0)


GROUPED = """
def of_patients(truth, prediction, groups):
    return float(len(set(groups)))
"""


def test_groups_are_arrays_beside_the_others_that_only_metrics_are_told(tmp_path, monkeypatch):
    """Of the rows that are measured; others change nothing that trains."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grouped.py").write_text(GROUPED)
    x, y = np.random.default_rng(0).normal(size=(50, 4)), np.arange(50) % 2
    settings = {**{"name": "npz", "file": "a.npz", "folder": None, "arrays": {}, "validation": 0.1}, "largest": NEEDS}
    marks = []
    for who in (np.array([f"p{n}" for n in range(5)] * 10), np.arange(50) % 7):
        parts = {"ward_train": who[:40], "ward_test": who[40:]}
        np.savez("a.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:], **parts)
        prepare({**settings, "groups": "ward"}, "arrays.npz", "manifest.json", "source.json")
        stored, about = np.load("arrays.npz"), json.loads(Path("manifest.json").read_text())
        assert stored["groups_test"].tolist() == who[40:].tolist() and len(stored["groups_train"]) == 40
        marks.append((about["fingerprint"], about["groups"]))
        given = {"groups": lambda kept=stored: kept["groups_test"]}
        assert own_metric.measured("grouped:of_patients", stored["y_test"], stored["y_test"], given) == len(
            set(who[40:])
        )
    assert marks[0][0] == marks[1][0] and marks[0][1] != marks[1][1]
    np.savez(
        "a.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:], ward_train=who[:39], ward_test=who[40:]
    )
    with pytest.raises(StudyError, match="one for each of the 40 examples of the train part"):
        prepare({**settings, "groups": "ward"}, "arrays.npz", "manifest.json", "source.json")
    with pytest.raises(StudyError, match="missing bed_train, bed_test"):
        prepare({**settings, "groups": "bed"}, "arrays.npz", "manifest.json", "source.json")


def test_a_metric_that_asks_for_groups_is_refused_where_the_data_name_none(workflow_copy):
    """Before anything trains, with the line to write."""
    flow = workflow_copy("ungrouped")
    (flow.folder / "grouped.py").write_text(GROUPED)
    asked = {"fair": {"function": "grouped:of_patients", "higher_is_better": True}}
    flow.write(
        {"study": "s", "data": {"name": "digits"}, "metrics": asked, "ablations": {"a": {"set": {"dropout": 0.5}}}}
    )
    done = flow.run("-n")
    assert done.returncode != 0 and "metrics.fair: expected data that say what each example belongs to" in done.stderr
