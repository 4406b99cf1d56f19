"""Metrics that early stopping and plateaus watch: named in a study, computed after each epoch, proven and told."""

import dataclasses
import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from butfor.checks.footprints.epochs import stopping_fault
from butfor.checks.repetition import repeated
from butfor.checks.steadiness import identical
from butfor.data.dataset import load
from butfor.engine.keras_engine import KerasEngine
from butfor.errors import StudyError
from butfor.figures.curves import curves
from butfor.figures.measured_by_epoch import course_of
from butfor.figures.stopping import best_epoch
from butfor.metrics.fitting import refuse_unfit
from butfor.metrics.stored_data import StoredData
from butfor.metrics.watched_scores import WatchedScores
from butfor.recipe.early_stopping import EarlyStopping
from butfor.recipe.plateau import Plateau
from butfor.recipe.watched_figures import measured_for_watching, watched
from butfor.records.tables import runs_table
from butfor.report.seed_words import measured, unwatched
from butfor.study.asked_metrics import MetricError
from butfor.study.data_needs import data_needs
from butfor.study.recipe_words import in_short
from butfor.study.study_metrics import metrics_of
from butfor.study.watched_losses import figure_title, metric_in_words, watched_metrics
from butfor.study.watched_metrics import to_be_fit
from butfor.training.arm_runs import ArmRuns
from butfor.training.scorer_choice import scorer_of
from butfor.user_code.location import OwnCodeError
from butfor.workflow import joint_trainings, parameters
from butfor.workflow.arm_code import NO_CODE, ArmCode
from conftest import resolved
from keras_training import use_device  # noqa: F401 - one thread, as in all tests
from numpy_engine import NumpyEngine

AUC = {"name": "roc_auc", "score": "roc_auc", "options": {}, "higher_is_better": True}
RANKS = {"name": "ranks", "score": "spearman", "options": {}, "higher_is_better": True}
PATIENT = {"name": "patience", "patience": 2, "min_delta": 0.0, "warmup_epochs": 0, "restore_best": True}
SMALL = {
    "model": {"name": "mlp", "widths": [8]},
    "batch_size": 64,
    "epochs": 30,
    "learning_rate": 0.05,
    "loop": "graph",
}


def recipe_watching(monitor, **others):
    return {**resolved(**SMALL, **others), "early_stopping": {**PATIENT, "monitor": monitor}}


def trained(digits, recipe, kind=KerasEngine):
    """The runs of an arm on digits, and the record of one."""
    training = {"arm": "a", "recipe": recipe, "validation": 0.1, "scorer": parameters.SCORER}
    runs = ArmRuns(kind, training, load(*digits), "test", scorer_of(training, *digits))
    return runs, runs.train(0)


@pytest.fixture(scope="module")
def by_auc(digits):
    return trained(digits, recipe_watching(AUC))


@pytest.fixture(scope="module")
def by_loss(digits):
    recipe = resolved(**SMALL, early_stopping={"name": "patience", "patience": 2})
    return ArmRuns(KerasEngine, {"arm": "a", "recipe": recipe, "validation": 0.1}, load(*digits), "test").train(0)


def test_a_recipe_holds_what_computes_the_metric_that_it_watches(planned):
    text = """
    metrics: {of_two: {score: f1, positive: 2}, error: {score: brier}}
    recipe: {early_stopping: {name: patience, monitor: roc_auc}}
    ablations:
      named: {set: {early_stopping.monitor: of_two}}
      own: {from: named, set: {schedule: {name: reduce_on_plateau, monitor: error}}}
      plain: {set: {early_stopping.monitor: loss}}
    """
    _, plan = planned(text)
    monitors = {name: arm.recipe["early_stopping"]["monitor"] for name, arm in plan.arms.items()}
    assert monitors["baseline"] == AUC and monitors["plain"] == "loss"
    two = {"name": "of_two", "score": "f1", "options": {"positive": 2}, "higher_is_better": True}
    assert monitors["named"] == monitors["own"] == two
    schedule = plan.arms["own"].recipe["schedule"]
    assert schedule["monitor"] == {"name": "error", "score": "brier", "options": {}, "higher_is_better": False}
    assert watched(plan.arms["own"].recipe) == {"early_stopping": "of_two", "schedule": "error"}
    assert plan.arms["named"].changed == ("early_stopping.monitor",)
    assert data_needs([plan.arms["plain"].recipe])["watched"] == ["loss"]
    assert data_needs([plan.arms["own"].recipe])["watched"] == []


@pytest.mark.parametrize(
    ("monitor", "told"),
    [
        ("val_auc", "received val_auc. Did you mean roc_auc?"),
        ("val_accuracy", "received val_accuracy. Did you mean accuracy?"),
        ("val_loss", "received val_loss. Did you mean trained_loss?"),
        ("val_f1_score", "received val_f1_score. Did you mean f1?"),
        ("nothing", "mape, r2, spearman, pearson, pinball), received nothing."),
        ("theirs", "received theirs, Keras's AUC. Name one of the catalogue, such as roc_auc"),
    ],
)
def test_what_validation_examples_cannot_give_is_refused_before_anything_trains(planned, monitor, told):
    text = f"""
    metrics: {{theirs: {{keras: AUC}}}}
    recipe: {{early_stopping: {{name: patience, monitor: {monitor}}}}}
    ablations: {{a: {{set: {{dropout: 0.4}}}}}}
    """
    with pytest.raises(StudyError) as refused:
        planned(text)
    said = str(refused.value)
    assert (said.startswith("recipe.early_stopping.monitor: expected ") and said.endswith(told)) or told in said


@pytest.mark.parametrize(
    ("task", "monitor", "is_refused"),
    [("regression", "f1", True), ("binary", "rmse", True), ("binary", "f1", False), ("auto", "rmse", False)],
)
def test_a_metric_of_another_task_is_refused_before_data_are_known_where_the_study_names_its_task(
    planned, task, monitor, is_refused
):
    text = f"""
    task: {task}
    data: {{name: csv, file: pyproject.toml, target: y}}
    ablations: {{a: {{set: {{early_stopping: {{name: patience, monitor: {monitor}}}}}}}}}
    """
    if not is_refused:
        planned(text)
        return
    words = rf"ablations\.a\.early_stopping\.monitor: expected a metric for {task}, .*, received {monitor}\."
    with pytest.raises(StudyError, match=words):
        planned(text)


@pytest.mark.parametrize(
    ("task", "there", "not_there"),
    [("binary", "accuracy", "mae"), ("regression", "mae", "accuracy"), ("auto", "accuracy", "")],
)
def test_what_the_task_can_have_is_offered_and_each_once(planned, task, there, not_there):
    text = (
        "task: %s\nrecipe: {early_stopping: {name: patience, monitor: nothing}}\nablations: {a: {set: {dropout: 0.4}}}"
    )
    with pytest.raises(StudyError) as refused:
        planned(text % task)
    words = re.findall(r"\w+", str(refused.value).partition("catalogue")[0] + str(refused.value).rpartition("(")[2])
    assert words.count(there) == 1 and not_there not in words
    assert ("rmse" in words, "roc_auc" in words) == (task != "binary", task != "regression")


def test_a_metric_that_the_data_do_not_allow_is_refused_though_the_study_does_not_ask_for_it(planned):
    text = "recipe: {early_stopping: {name: patience, monitor: %s}}\nablations: {a: {set: {dropout: 0.4}}}"
    settings, plan = planned(text % "f1")
    asked = to_be_fit(settings["metrics"], plan.recipes)
    with pytest.raises(
        MetricError, match=r"recipe\.early_stopping\.monitor: expected two classes, .* received 10 classes"
    ):
        refuse_unfit(asked, {"task": "classification", "classes": 10})
    with pytest.raises(
        MetricError, match=r"recipe\.early_stopping\.monitor: expected a metric for regression, received f1"
    ):
        refuse_unfit(asked, {"task": "regression", "classes": 1})
    settings, plan = planned("ablations: {a: {set: {schedule: {name: reduce_on_plateau, monitor: rmse}}}}")
    with pytest.raises(MetricError, match=r"ablations\.a\.schedule\.monitor: .* binary, received rmse") as refused:
        refuse_unfit(to_be_fit(settings["metrics"], plan.recipes), {"task": "binary", "classes": 2})
    assert refused.value.at == ("ablations", "a", "schedule", "monitor")
    settings, plan = planned(text % "roc_auc")
    lacking = to_be_fit(settings["metrics"], plan.recipes)
    refuse_unfit(lacking, {"task": "classification", "classes": 2}, tested=[5, 0])  # it is not computed of these


def test_the_epoch_is_chosen_by_the_metric_of_what_is_predicted_then(by_auc, digits):
    runs, record = by_auc
    curve = [row["validation/roc_auc"] for row in record.history]
    assert record.restored_epoch == 1 + int(np.argmax(curve)) == best_epoch(record)
    assert record.stopped_epoch == record.restored_epoch + 2 < 30
    predicted = runs.predict(0, ["validation"])["validation"]
    data = StoredData(*digits, 0.1)
    rows, _ = data.rows("validation", 0, None)
    truth = data.array("y_train")[rows]
    expected = np.mean([roc_auc_score(truth == one, predicted[:, one]) for one in range(10)])
    assert record.metrics["validation/roc_auc"] == pytest.approx(expected, abs=1e-12) == max(curve)


def test_an_engine_that_knows_nothing_of_metrics_watches_them(digits):
    _, record = trained(digits, recipe_watching(AUC), NumpyEngine)
    curve = [row["validation/roc_auc"] for row in record.history]
    assert (
        record.restored_epoch == 1 + int(np.argmax(curve)) and record.metrics["validation/roc_auc"] == max(curve) > 0.9
    )
    assert stopping_fault(record) == "" and not list(repeated(record))


def test_it_is_computed_only_where_it_is_watched_and_changes_nothing_else(by_auc, by_loss):
    _, record = by_auc
    assert not any("roc_auc" in name for name in [*by_loss.metrics, *by_loss.history[0]])
    for row, other in zip(by_loss.history, record.history, strict=False):
        assert row == {name: value for name, value in other.items() if name != "validation/roc_auc"}


def test_the_checks_repeat_the_choice_from_the_record(by_auc, by_loss):
    _, record = by_auc
    assert stopping_fault(record) == "" and not list(repeated(record))
    other = [{**row, "validation/roc_auc": -row["validation/roc_auc"]} for row in record.history]
    assert "expected epoch" in stopping_fault(dataclasses.replace(record, history=other))
    metrics = {**record.metrics, "validation/roc_auc": 0.5}
    (told,) = repeated(dataclasses.replace(record, metrics=metrics))
    assert told.startswith("restored weights: expected validation/roc_auc ")
    # Watching alone is no effect: the same way but for what only one of them measures.
    alike = dataclasses.replace(
        record,
        recipe=by_loss.recipe,
        history=[{k: x for k, x in row.items() if k != "validation/roc_auc"} for row in record.history],
        metrics={k: x for k, x in record.metrics.items() if k != "validation/roc_auc"},
    )
    assert identical(record, alike) and not identical(record, by_loss)


def test_early_stopping_and_plateaus_follow_its_direction_and_an_undefined_value_is_no_improvement():
    values = [math.nan, 0.5, 0.7, math.nan, 0.6]
    stopping = EarlyStopping({**PATIENT, "monitor": AUC})
    assert [stopping.is_best({"roc_auc": value}) for value in values] == [True, True, True, False, False]
    assert stopping.best_epoch == 3 and stopping.over
    error = {"name": "error", "score": "brier", "options": {}, "higher_is_better": False}
    settings = {
        "name": "reduce_on_plateau",
        "factor": 0.5,
        "patience": 2,
        "min_delta": 0.0,
        "cooldown": 0,
        "min_factor": 0,
    }
    higher, lower = (Plateau({**settings, "monitor": monitor}, 1.0) for monitor in (AUC, error))
    assert [higher.after_epoch({"roc_auc": value}) for value in (0.5, 0.6, 0.7)] == [1.0, 1.0, 1.0]
    assert [lower.after_epoch({"error": value}) for value in (0.5, 0.6, 0.7)] == [1.0, 1.0, 0.5]


def made(tmp_path, task, y, classes):
    """A stored data set of numbers that say nothing."""
    x = np.random.default_rng(0).normal(size=(len(y), 3)).astype(np.float32)
    np.savez(tmp_path / "arrays.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    shapes = {name: list(x.shape) for name in ("x_train", "x_test")}
    about = {"task": task, "classes": classes, "fingerprint": "f", "shapes": shapes}
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    return tmp_path / "arrays.npz", tmp_path / "manifest.json"


def watching(monitor, paths):
    return WatchedScores({"arm": "a", "recipe": recipe_watching(monitor), "validation": 0.5}, *paths)


def test_a_metric_that_is_undefined_whatever_is_predicted_is_refused_before_the_training(tmp_path):
    paths = made(tmp_path, "binary", np.zeros(40, np.int32), 1)
    with pytest.raises(
        MetricError, match=r"received roc_auc, which is nan whatever .* of the 20 of a, seed 0.*larger data\.val"
    ):
        watching(AUC, paths).try_on(0, None, np.full((20, 1), 0.5, np.float32))


def test_a_run_tries_what_it_watches_before_it_trains(digits, monkeypatch):
    def refuse(self, seed, train_size, predicted):
        raise MetricError(f"{seed}, {train_size}, {predicted.shape}, {predicted.sum():.4g}")

    monkeypatch.setattr(WatchedScores, "try_on", refuse)
    monkeypatch.setattr(KerasEngine, "train_epoch", lambda self, order: pytest.fail("it was trained"))
    with pytest.raises(MetricError, match=r"^0, None, \(144, 10\), 144"):
        trained(digits, recipe_watching(AUC))


def test_a_metric_that_is_undefined_only_before_the_training_is_none_to_refuse(tmp_path):
    paths = made(tmp_path, "regression", np.arange(40, dtype=np.float32)[:, None], 1)
    scorer, same = watching(RANKS, paths), np.zeros((20, 1), np.float32)
    scorer.try_on(0, None, same)
    assert math.isnan(scorer.of(0, None)(same)["ranks"])


def test_a_metric_of_the_user_s_own_that_fails_is_told_before_the_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "failing.py").write_text("def cost(truth, prediction):\n    return truth.sum() / prediction['p']\n")
    paths = made(tmp_path, "regression", np.arange(40, dtype=np.float32)[:, None], 1)
    own = {"name": "cost", "score": "failing:cost", "options": {}, "higher_is_better": False}
    with pytest.raises(
        OwnCodeError, match=r"failing:cost: measuring predictions, it raised IndexError: .*failing.py, line 2"
    ):
        watching(own, paths).try_on(0, None, np.zeros((20, 1), np.float32))


def test_one_of_the_user_s_own_is_asked_nothing_of_a_run_that_diverges_and_may_be_undefined(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strict.py").write_text(
        "import numpy as np\n\n\ndef cost(truth, prediction):\n    assert np.isfinite(prediction).all()\n"
        "    return float(np.corrcoef(truth[:, 0], prediction[:, 0])[0, 1])\n"
    )
    paths = made(tmp_path, "regression", np.arange(40, dtype=np.float32)[:, None], 1)
    scorer = watching({"name": "cost", "score": "strict:cost", "options": {}, "higher_is_better": True}, paths)
    score, same = scorer.of(0, None), np.zeros((20, 1), np.float32)
    scorer.try_on(0, None, same)
    assert all(math.isnan(score(predicted)["cost"]) for predicted in (same, np.full((20, 1), np.nan, np.float32)))


def test_an_undefined_metric_at_the_end_is_no_divergence(digits, monkeypatch):
    monkeypatch.setattr(WatchedScores, "try_on", lambda self, *given: None)
    monkeypatch.setattr(WatchedScores, "of", lambda self, *given: lambda predicted: {"roc_auc": math.nan})
    _, record = trained(digits, recipe_watching(AUC))
    assert record.status == "ok" and "validation/roc_auc" not in record.metrics and record.restored_epoch == 1


def test_what_is_watched_is_named_in_plan_and_report_and_drawn(by_auc, by_loss):
    _, record = by_auc
    assert (
        in_short(AUC) == "roc_auc"
        and figure_title("roc_auc", None) == "ROC AUC"
        and figure_title("mine", None) == "mine"
    )
    one, other = watched_metrics({"a": record.recipe, "b": by_loss.recipe})
    recorded = "Watched on validation examples, as every run records it: loss, by early_stopping in b."
    assert metric_in_words(other, 2) == recorded
    assert "epoch: area, by" in metric_in_words(one, 2, titles={"roc_auc": "area"})
    assert figure_title("roc_auc", None, {"roc_auc": "area"}) == "area"
    assert "(watched: area)" in measured([record], {"roc_auc": "area"})
    told = "Watched on validation examples, computed of what is predicted after each epoch: ROC AUC, by early_stopping in a."
    assert metric_in_words(one, 2) == told
    assert unwatched([record], {}) == [told.replace("early_stopping in a", "`early_stopping` in every arm")]
    assert runs_table([record])["recipe.early_stopping.monitor"].tolist() == ["roc_auc"]
    columns = [measure.column for measure in course_of([record], None).measures]
    assert columns[-1] == "validation/roc_auc"
    assert "validation/roc_auc" not in [measure.column for measure in course_of([record, by_loss], None).measures]


def written(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda item: hasattr(item, "get_text")))


def test_who_is_not_drawn_does_not_hide_the_metric_that_those_drawn_watch(by_auc, by_loss):
    """An arm that stops by the loss, and whose line would lie on the baseline's: of what the others watch it has no figure."""
    _, baseline = by_auc
    unlike = [
        {**row, "validation/accuracy": row["validation/accuracy"] + 0.2, "validation/loss": 2 * row["validation/loss"]}
        for row in baseline.history
    ]
    same = dataclasses.replace(
        by_loss,
        arm="same",
        history=[{k: x for k, x in row.items() if k != "validation/roc_auc"} for row in baseline.history],
    )
    others = [dataclasses.replace(baseline, arm=arm, history=unlike) for arm in ("b", "c")]
    records = [dataclasses.replace(baseline, arm="a"), same, *others]
    assert "ROC AUC" in written(curves(records, ["a", "same", "b", "c"]))
    assert "ROC AUC" not in written(curves(records, ["a", "same"]))


def test_the_metric_that_decides_is_drawn_first_where_every_run_watches_it(by_auc, planned):
    settings, _ = planned("metrics: [roc_auc]\nablations: {a: {set: {dropout: 0.4}}}")
    course = course_of([by_auc[1]], metrics_of(settings)["test/roc_auc"])
    assert course.measures[0].column in ("validation/roc_auc", "deciding")


def test_a_training_follows_from_the_code_that_computes_what_it_watches(planned):
    class Own:
        def code(self, name):
            return f"code of {name}"

    own = {"name": "mine", "score": "my:metric", "options": {}, "higher_is_better": True}
    recipes = {"plain": resolved(), "auc": recipe_watching(AUC), "own": recipe_watching(own)}
    code = ArmCode(recipes, {}, Own(), "trains", "watches")
    assert code.of("plain") == ("trains", NO_CODE) and code.of("auc") == ("watches", NO_CODE)
    assert code.of("own")[0] == "watches" and code.of("own")[1] != NO_CODE
    assert measured_for_watching(recipes["own"]) == {"mine"} and measured_for_watching(resolved()) == set()
    text = "recipe: {early_stopping: {name: patience, monitor: roc_auc}}\nablations: {a: {set: {early_stopping: none}}}"
    _, plan = planned(text)
    assert parameters.training(plan, "baseline", "look1", "", "")["scorer"] == parameters.SCORER
    assert "scorer" not in parameters.training(plan, "a", "look1", "", "")


def test_arms_that_watch_a_metric_train_one_by_one():
    targets = SimpleNamespace(data=SimpleNamespace(made={"": {}}))
    trainings = [
        {"arm": name, "recipe": recipe, "seeds": [0, 1]}
        for name, recipe in {"auc": recipe_watching(AUC), "loss": resolved(**SMALL)}.items()
    ]
    (joint,) = joint_trainings.joint_trainings(trainings, targets)
    assert [training["arm"] for training in joint.trainings] == ["loss"]
