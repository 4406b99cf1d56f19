"""Models on request: kept beside the records, loaded by MLflow and by plain Keras, registered once."""

import dataclasses
import subprocess
import sys
from types import SimpleNamespace

import keras
import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from butfor.data.dataset import load
from butfor.engine import model_file
from butfor.engine.keras_internals import every_layer
from butfor.engine.keras_parts import Parts
from butfor.engine.random_layers import ChanceLayer
from butfor.records.record import read
from butfor.study.schema import ConfigError
from butfor.study.settings import study_and_plan
from butfor.tracking import model_artifacts
from butfor.training import model_choice
from butfor.training.arm_job import train_arm
from conftest import KERAS, SCHEMA, resolved
from keras_training import arm_runs
from test_record import EXAMPLE
from test_tracking import TRACKING, artifacts, track
from test_training import same

ARMS = {"baseline": {"family": "baseline", "reference": None}}
PARTS = {"dropout": 0.1, "input_dropout": 0.1, "max_norm": 2.0, "shift": 1, "flip": True}


def job(model="mlp", **settings):
    """Two seeds of an arm with every part that butfor has layers of its own for."""
    built = {"mlp": {"name": "mlp", "widths": [16]}, "cnn": {"name": "cnn", "filters": [4], "width": 8}}[model]
    spatial = {"spatial_dropout": 0.1} if model == "cnn" else {}
    said = {**PARTS, **spatial, "loop": "graph", **settings}
    recipe = resolved(model=built, epochs=2, batch_size=32, learning_rate=0.01, **said)
    return {"arm": "baseline", "seeds": [0, 1], "recipe": recipe, "validation": 0.1, "engine": KERAS}


def train(digits, runs, best_models=None, all_models=None):
    """Train the job's seeds, and keep models if they are to be somewhere."""
    train_arm(job(), *digits, 1, runs, best_models=best_models, all_models=all_models)


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    """A results folder in which a job has left every model."""
    results = tmp_path_factory.mktemp("results")
    models = results / "models" / "all" / "baseline" / "look1"
    train(digits, results / "runs" / "baseline" / "look1", all_models=models)
    return results


@pytest.mark.cases
def test_keeping_models_changes_no_record_and_best_keeps_the_best_by_validation(trained, digits, tmp_path):
    plain, kept = tmp_path / "runs" / "baseline" / "look1", tmp_path / "models"
    train(digits, plain)
    train(digits, tmp_path / "other" / "baseline" / "look1", kept)
    records = [read(plain / f"seed_{seed}.json") for seed in (0, 1)]
    for record in records:
        same(record, read(trained / "runs" / "baseline" / "look1" / f"seed_{record.seed}.json"))
    best = max(records, key=lambda record: record.metrics["validation/accuracy"])
    assert [path.name for path in kept.iterdir()] == [f"seed_{best.seed}.keras"]
    assert sorted(path.name for path in plain.iterdir()) == ["seed_0.json", "seed_1.json"]


@pytest.mark.parametrize("values, expected", [([0.5, 0.6], 1), ([0.6, 0.6], 0), ([0.9, None], 0), ([None, None], None)])
def test_the_best_model_is_chosen_by_validation_and_never_by_the_test_set(values, expected):
    runs = [
        dataclasses.replace(
            EXAMPLE,
            seed=seed,
            status="ok" if value else "at_chance",
            metrics={"validation/accuracy": value or 1.0, "validation/loss": 0.1, "test/accuracy": -seed},
        )
        for seed, value in enumerate(values)
    ]
    best = model_choice.best(reversed(runs))
    assert (best.seed if best else None) == expected


def test_the_best_model_is_the_best_by_what_early_stopping_is_told_to_watch():
    auc = {"name": "roc_auc", "score": "roc_auc", "options": {}, "higher_is_better": True}

    def best(monitor, *runs):
        recipe = {**EXAMPLE.recipe, "early_stopping": {"name": "patience", "monitor": monitor}}
        metrics = [{f"validation/{name}": value for name, value in {"loss": 0.1, **run}.items()} for run in runs]
        made = [
            dataclasses.replace(EXAMPLE, seed=seed, status="ok", recipe=recipe, metrics=own)
            for seed, own in enumerate(metrics)
        ]
        return model_choice.best(made).seed

    runs = {"accuracy": 0.9, "roc_auc": 0.7}, {"accuracy": 0.8, "roc_auc": 0.8}, {"accuracy": 0.85}
    assert best(auc, *runs) == 1 and best("loss", *runs) == 0, "one that leaves it undefined is the worst"
    assert best({**auc, "higher_is_better": False}, *runs) == 0
    assert best("trained_loss", {"accuracy": 0.9, "trained_loss": 0.4}, {"accuracy": 0.8, "trained_loss": 0.3}) == 1
    named = {"butfor.chosen_by": "higher val/final_roc_auc"}
    assert model_artifacts.chosen_by({"early_stopping": {"monitor": auc}}) == named
    assert model_artifacts.chosen_by({"early_stopping": {"name": "none"}}) == {}

    def in_mlflow(seed, tags, **metrics):
        data = {f"val/final_{name}": value for name, value in metrics.items()}
        return SimpleNamespace(data=SimpleNamespace(tags={"butfor.seed": str(seed), **tags}, metrics=data))

    for tags, expected in ((named, "1"), ({}, "0"), ({"butfor.chosen_by": "lower val/final_roc_auc"}, "0")):
        mirrored = [in_mlflow(seed, tags, **run) for seed, run in enumerate(runs)]
        assert min(mirrored, key=model_artifacts._rank).data.tags["butfor.seed"] == expected


@pytest.mark.parametrize("model", ["mlp", pytest.param("cnn", marks=[pytest.mark.cases, pytest.mark.long])])
def test_what_is_kept_is_plain_keras_and_predicts_the_same(digits_data, model, tmp_path):
    engine = arm_runs(job(model)["recipe"], digits_data).engine
    engine.start(0)
    assert any(isinstance(layer, ChanceLayer) for layer in engine.model.layers)
    engine.save(tmp_path / "m.keras")
    alone = (
        "import sys, keras, numpy as np\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "assert 'butfor' not in sys.modules\n"
        "np.save(sys.argv[2], model(np.load(sys.argv[3]), training=False))"
    )
    images = digits_data.x_test[:20].astype(np.float32) / 255
    np.save(tmp_path / "images.npy", images)
    words = [sys.executable, "-c", alone, *(str(tmp_path / name) for name in ("m.keras", "logits.npy", "images.npy"))]
    subprocess.run(words, check=True, cwd=tmp_path, capture_output=True)
    assert np.array_equal(np.load(tmp_path / "logits.npy"), engine.model(images, training=False).numpy())
    assert [path.name for path in tmp_path.glob("m*.keras")] == ["m.keras"]


def test_what_is_kept_of_a_nested_block_is_plain_keras_too(tmp_path):
    parts = Parts(resolved(dropout=0.3, max_norm=1.0), 0, "philox")
    inside = keras.Input((6,))
    block = keras.Model(inside, parts.dropout(parts.dense(inside, 5, "hidden_1", "relu")), name="block")
    deeper = keras.Sequential([keras.Input((6,)), block, keras.layers.Dense(4)], name="deeper")
    inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.layers.Dense(3, **parts.kernel("logits"))(deeper(inputs)))
    model_file.save(model, tmp_path / "m.keras")
    kept, images = keras.models.load_model(tmp_path / "m.keras"), np.ones((2, 6), np.float32)
    assert np.array_equal(kept(images), model(images))
    classes = {type(layer).__module__.split(".")[0] for layer in every_layer(kept)}
    assert classes == {"keras"}


def test_a_model_that_keras_cannot_write_is_said_to_be_one(tmp_path):
    class Odd(keras.layers.Layer):
        def __init__(self, units):
            super().__init__()

        def call(self, x):
            return x

    inputs = keras.Input((4,))
    odd = keras.Model(inputs, Odd(3)(inputs))
    with pytest.raises(model_file.ModelFileError, match=r"get_config.*models: none"):
        model_file.save(odd, tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_without_its_model_is_trained_again(digits, tmp_path, monkeypatch):
    runs, models = tmp_path / "runs" / "baseline" / "look1", tmp_path / "models"
    save, saved = model_file.save, []

    def killed_at_the_last(model, path):
        if path.name == "seed_1.keras" and not saved.count(path.name):
            saved.append(path.name)
            raise KeyboardInterrupt
        save(model, path)

    monkeypatch.setattr(model_file, "save", killed_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        train(digits, runs, all_models=models)
    assert not runs.exists() and not models.exists()
    (waiting,) = (path for path in runs.parent.glob(".unfinished/*") if path.is_dir())
    assert (waiting / "seed_0.json").exists() and not (waiting / "seed_1.json").exists()
    (waiting / "models" / "seed_0.keras").unlink()
    train(digits, runs, all_models=models)
    assert sorted(path.name for path in models.iterdir()) == ["seed_0.keras", "seed_1.keras"]


def mirrored(results, **changes):
    """Mirror the trained study; gives a client and its runs by seed."""
    job = results / "runs" / "baseline" / "look1"
    track(job, arms=ARMS, varying=[], **changes)
    client = MlflowClient(f"sqlite:///{results}/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name(TRACKING["experiment"]).experiment_id
    runs = client.search_runs([experiment], "tags.`butfor.key` LIKE 's/%'")
    return client, job, {run.data.params["seed"]: run for run in runs}


def test_a_model_loaded_by_mlflow_has_the_record_s_test_accuracy(trained, digits):
    _, job, runs = mirrored(trained, models="all")
    dataset = load(*digits)
    images = dataset.x_test.astype(np.float32) / 255
    for seed, run in runs.items():
        folder = artifacts(job, run) / "model"
        expected = read(job / f"seed_{seed}.json").metrics["test/accuracy"]
        for model in (mlflow.keras.load_model(str(folder)), mlflow.pyfunc.load_model(str(folder))):
            logits = np.asarray(model.predict(images))
            assert np.mean(logits.argmax(1) == dataset.y_test) == pytest.approx(expected, abs=1e-12)
        signature = mlflow.models.get_model_info(str(folder)).signature
        assert [tuple(one.shape) for one in (*signature.inputs, *signature.outputs)] == [(-1, 8, 8), (-1, 10)]
        with pytest.raises(mlflow.MlflowException, match="schema"):
            model.predict(images[:, :5])


def test_the_baseline_s_best_model_is_registered_once(trained):
    client, job, runs = mirrored(trained, models="all", register=True)
    again, _, _ = mirrored(trained, models="all", register=True)
    (version,) = again.search_model_versions("name='s'")
    best = model_choice.best(read(path) for path in job.glob("seed_*.json"))
    run = runs[str(best.seed)]
    assert version.run_id == run.info.run_id and version.source == f"{run.info.artifact_uri}/model"
    assert version.tags == {key: run.data.tags[key] for key in ("butfor.key", "butfor.digest")}
    assert client.get_model_version_by_alias("s", "best").version == version.version


def test_a_model_no_longer_asked_for_leaves_the_run(trained):
    _, job, _ = mirrored(trained, models="all")
    _, _, runs = mirrored(trained)
    assert not [run for run in runs.values() if (artifacts(job, run) / "model").exists()]


def test_registering_needs_a_model():
    study = {"study": "s", "ablations": {"a": {"set": {"l2": 0.1}}}, "tracking": {"register": True}}
    with pytest.raises(ConfigError, match="models: best"):
        study_and_plan(study, SCHEMA)
    study["tracking"]["models"] = "best"
    study_and_plan(study, SCHEMA)
