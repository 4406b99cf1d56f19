"""What Snakemake passes to jobs: plain values in a fixed order, any change of which makes a job run again.

One value holds all that a training is made from, because Snakemake compares the values and not their names. Standard
library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any, cast

from butfor.recipe.watched_figures import metrics_watched
from butfor.records import provenance
from butfor.study.claims import asking_seeds
from butfor.study.plan import Plan
from butfor.study.study_protocol import terms
from butfor.study.summary import DescribedStudy, Study
from butfor.tracking import target

Settings = dict[str, Any]

KERAS = "butfor.engine.keras_engine:KerasEngine"
JAX = "butfor.jax_engine.jax_engine:JaxEngine"
ENGINES = {"tensorflow": KERAS, "jax": JAX}
JAX_COHORTS = "butfor.jax_engine.cohort_process"  # which trains many of its runs together
SCORER = "butfor.metrics.watched_scores:WatchedScores"  # which computes the metrics that a recipe watches
JAX_LIBRARIES = ("jax", "jaxlib")
RUN_WRITING = "butfor.tracking.run_writing"  # what decides the content of a run in MLflow
ARM_WRITING = "butfor.tracking.arm_content"  # and of that of an arm


def engine() -> str:
    """The engine that trains, as `module:Class`: that of the environment, which may say `jax`, or Keras on TensorFlow."""
    named = os.environ.get(provenance.ENGINE_VARIABLE) or KERAS
    return ENGINES.get(named, named)


def trained_by() -> tuple[str, ...]:
    """The modules that train, beside the script of a job: those of the engine."""
    return (engine(), JAX_COHORTS) if engine() == JAX else (engine(),)


def codes(code: Callable[..., str]) -> tuple[str, str, str, str]:
    """The fingerprints of the code that makes the data, builds users' models, trains, and trains where metrics are watched. code:
    gives that of an entry script with further modules."""
    trains = code("train", *trained_by())
    return code("data"), code("build", engine()), trains, code("train", *trained_by(), SCORER)


def training(
    plan: Plan, arm: str, look: str, code: str, user_code: str, predictions: Sequence[str] = ()
) -> dict[str, Any]:
    """The parameters of one training job: those of Plan.training, the engine, the fingerprints of the code that trains and of
    the user's own, the versions of its libraries, and the parts of the data of which predictions are to be kept; where it
    watches metrics, also what computes these."""
    training = plan.training(arm, look)
    software = _software(code, user_code) | _scorer(training["recipe"])
    return {**training, **software, "predictions": list(predictions)}


def search(plan: Plan, arm: str, code: str, user_code: str) -> dict[str, Any]:
    """The parameters of one search of the learning rate; code as of a training."""
    search = plan.search(arm)
    return {**search, **_software(code, user_code), **_scorer(search["recipe"])}


def analysis(settings: Settings, plan: Plan) -> Study:
    """The parameters of the stages after training: the plan as plain values, the settings of verdicts, the metrics that the
    study asks for, the folds that are its replicates, and the budget."""
    asked = {key: settings[key] for key in ("metrics", "claimed", "replicates") if settings[key]}
    if folds := asked.get("replicates"):
        groups = (data["folds"]["groups"] for data in settings["data_sets"].values())
        asked["replicates"] = {**folds, "groups": ", ".join(dict.fromkeys(filter(None, groups))) or None}
    judging = {"verdict": settings["verdict"], "budget": settings["budget"], "removed": {}}
    return cast(Study, {**plan.summary(), **judging, **asked, **asking_seeds(settings["claims"])})


def described(settings: Settings, plan: Plan) -> DescribedStudy:
    """The parameters of the report: also the study's name and question, how the report is to look, and whether runs are shown in
    MLflow."""
    shown = {key: settings[key] for key in ("study", "question", "report")}
    return cast(DescribedStudy, {**analysis(settings, plan), **shown, "mlflow": settings["tracking"]["mlflow"]})


def protocol(settings: Settings) -> dict[str, Any]:
    """What a study is judged by, and why it was changed: what the register is asked for and no other parameter holds."""
    return {**terms(settings), "because": settings["because"]}


def mirrored(settings: Settings, plan: Plan, code_of: Callable[[str], str]) -> dict[str, Any]:
    """The parameters of the mirror in MLflow; code_of: gives the fingerprint of a module's code."""
    tracking = settings["tracking"]
    return {
        "experiment": settings["study"],
        "question": settings["question"],
        "target": target.mark(),
        "identity": tracking["identity"],
        "code": code_of(RUN_WRITING),
        "arm_code": code_of(ARM_WRITING),
        "must_learn": settings["verdict"]["must_learn"],
        "metric": settings["verdict"]["metric"],
        "metrics": settings["metrics"],
        "system_metrics": tracking["system_metrics"],
        "models": tracking["models"],
        "register": tracking["register"],
        **plan.tracking(),
    }


def _software(code: str, user_code: str) -> dict[str, Any]:
    return {"engine": engine(), "code": code, "user_code": user_code, "versions": _versions(engine() == JAX)}


def _scorer(recipe: Settings) -> dict[str, str]:
    return {"scorer": SCORER} if metrics_watched(recipe) else {}


@functools.cache
def _versions(with_jax: bool) -> dict[str, str]:
    """Looked up once: they take as long as all else that is asked of an arm."""
    more = {library: provenance.version(library) for library in JAX_LIBRARIES} if with_jax else {}
    return {**provenance.training_versions(), **more}
