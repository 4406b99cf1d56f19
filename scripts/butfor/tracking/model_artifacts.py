"""Trained models in MLflow: files that MLflow can load, and versions in its model registry.

The files are those that mlflow.keras.log_model writes, made from the `.keras` file without importing Keras or guessing
requirements.
"""

from __future__ import annotations

import json
import logging
import math
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mlflow import MlflowClient, __version__
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import Schema, TensorSpec

from butfor.recipe.tasks import OWN, SEGMENTATION, task_of
from butfor.recipe.watched_figures import chooses, figure_name, higher_is_better
from butfor.records.record import Record
from butfor.study.arm import is_baseline
from butfor.tracking import metric_names
from butfor.tracking.artifacts import Artifact

IDENTITY = "butfor.identity"  # of the study that a name in the registry belongs to
FOLDER = "model"
HISTORY = "mlflow.log-model.history"  # the tag by which MLflow recognises a run that holds a model
ALIAS = "best"
CHOSEN_BY = "butfor.chosen_by"  # of a run whose early stopping is told what to watch: its direction, and its name
HIGHER, LOWER = "higher", "lower"
DESCRIPTION = (
    "Inputs as the model was trained on them, pixels from 0 to 1; logits or numbers come out. Chosen among the baseline's runs by"
    " what early stopping watches where it is told, by validation accuracy, or by validation loss where there is none."
)
log = logging.getLogger(__name__)


def description(path: Path, record: Record, run_id: str) -> Model:
    """MLflow's description of the model in the file `path`: how to load it, and the shapes of inputs and outputs."""
    shapes = _inputs(path)
    named = {name: name for name in shapes} if len(shapes) > 1 else {}
    inputs = Schema([TensorSpec(np.dtype("float32"), (-1, *shape), named.get(name)) for name, shape in shapes.items()])
    shape = _output_shape(record, next(iter(shapes.values())))
    outputs = Schema([TensorSpec(np.dtype("float32"), (-1, *shape))]) if shape else None
    model = Model(FOLDER, run_id, signature=ModelSignature(inputs, outputs))
    keras = {"keras_version": record.machine["keras"], "keras_backend": "tensorflow", "save_exported_model": False}
    model.add_flavor("keras", data=path.stem, **keras)
    python = {"loader_module": "mlflow.keras", "python_version": record.machine["python"]}
    model.add_flavor("python_function", env={"virtualenv": "python_env.yaml"}, **python)
    return model


def _output_shape(record: Record, inputs: Sequence[int]) -> list[int]:
    """The shape of what the model gives for one example, whose own shape is `inputs`; none where only its own step knows."""
    task, last = task_of(record.data), record.data["classes"]
    if task == OWN:
        return []
    places = inputs[:2] if task == SEGMENTATION else inputs[:1]
    return [*places, last] if task.places else [last]


def files(path: Path, model: Model, record: Record) -> Iterator[Artifact]:
    """The artifacts that make up a model."""
    requirements = {"mlflow": __version__} | {key: record.machine[key] for key in ("keras", "tensorflow", "numpy")}
    environment = {"python": record.machine["python"], "dependencies": ["-r requirements.txt"]}
    yield Artifact(f"{FOLDER}/MLmodel", model.to_yaml())
    yield Artifact(
        f"{FOLDER}/requirements.txt", "".join(f"{name}=={version}\n" for name, version in requirements.items())
    )
    yield Artifact(f"{FOLDER}/python_env.yaml", json.dumps(environment))
    yield Artifact(f"{FOLDER}/{path.name}", path)


def history(model: Model) -> str:
    """The tag's value for a run that holds the model."""
    return json.dumps([model.get_tags_dict()])


def is_of_keras(path: Path, record: Record) -> bool:
    """Whether a file is a model that Keras has saved."""
    if "keras" not in record.machine or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "config.json" in archive.namelist()


def register(client: MlflowClient, names: Sequence[str], identity: str, runs: Iterable[Run]) -> None:
    """Register the best of the baseline's models among `runs` as a version of a model, unless it is registered already, and
    give that version the alias "best". The model has the first of the `names` that is not another study's.
    """
    tagged = [run for run in runs if HISTORY in run.data.tags and run.data.tags["butfor.status"] == "ok"]
    candidates = [run for run in tagged if is_baseline(run.data.tags["butfor.arm"])]
    if not candidates:
        log.warning("no model of the baseline is there to be registered")
        return
    run = min(candidates, key=_rank)
    name = next((name for name in names if _is_ours(client, name, identity, run.info.experiment_id)), None)
    if name is None:
        log.warning("no model is registered: other studies hold the names %s", ", ".join(names))
        return
    key, digest = (run.data.tags[tag] for tag in ("butfor.key", "butfor.digest"))
    all_versions = client.search_model_versions(f"name='{name}'")
    versions = [v for v in all_versions if (v.tags.get("butfor.key"), v.tags.get("butfor.digest")) == (key, digest)]
    if not versions:
        source, note = f"{run.info.artifact_uri}/{FOLDER}", run.data.tags["mlflow.note.content"]
        marks = {"butfor.key": key, "butfor.digest": digest}
        versions = [client.create_model_version(name, source, run.info.run_id, marks, description=note)]
    if client.get_registered_model(name).aliases.get(ALIAS) != versions[0].version:
        client.set_registered_model_alias(name, ALIAS, versions[0].version)


def _is_ours(client: MlflowClient, name: str, identity: str, experiment: str) -> bool:
    """Whether a name in the registry is the study's: it is made now, or bears the study's identity, or has been without one
    since an earlier version put a run of the study's experiment there.
    """
    try:
        client.create_registered_model(name, tags={IDENTITY: identity}, description=DESCRIPTION)
        return True
    except MlflowException as failure:
        if failure.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    bears = client.get_registered_model(name).tags.get(IDENTITY)
    if bears is None:
        sources = [version.run_id for version in client.search_model_versions(f"name='{name}'")]
        if not any(client.get_run(run).info.experiment_id == experiment for run in sources if run):
            return False
        client.set_registered_model_tag(name, IDENTITY, identity)
    return bears in (None, identity)


def chosen_by(recipe: dict[str, Any]) -> dict[str, str]:
    """The tag by which the models of a recipe's runs are ranked, where early stopping is told what to watch."""
    if (monitor := chooses(recipe)) is None:
        return {}
    direction = HIGHER if higher_is_better(monitor) else LOWER
    return {CHOSEN_BY: f"{direction} {metric_names.final(f'validation/{figure_name(monitor)}')}"}


def _rank(run: Run) -> tuple[float, float, float, int]:
    """The order of training.model_choice: what early stopping is told to watch, validation accuracy, loss, then the seed."""
    better, _, watched = run.data.tags.get(CHOSEN_BY, "").partition(" ")
    value = run.data.metrics.get(watched, -math.inf if better == HIGHER else math.inf) if watched else 0.0
    accuracy, loss = (
        run.data.metrics.get(f"val/final_{name}", no) for name, no in (("accuracy", 0.0), ("loss", math.inf))
    )
    return -value if better == HIGHER else value, -accuracy, loss, int(run.data.tags["butfor.seed"])


def _inputs(path: Path) -> dict[str, list[int]]:
    """The shapes of the inputs that the model in a .keras file takes, without the batch, by name."""
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))["config"]
    layers = [layer["config"] for layer in config["layers"] if layer["class_name"] == "InputLayer"]
    return {layer["name"]: layer["batch_shape"][1:] for layer in layers}
