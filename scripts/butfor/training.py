"""The seeds of one arm, trained one after another in one process, each leaving a record.

TensorFlow's import and XLA's compilation cost more than a small training, so the seeds share them: the model is built
and compiled once, and every seed starts by assigning its own initial weights.
"""

from __future__ import annotations

import logging
import math
import shutil
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from butfor import data, epoch, losses, models, optimisers, own_code, provenance, schedules, streams
from butfor.arm import fingerprint
from butfor.clock import Clock
from butfor.diagnostics import Draws, Probe, digest, structure
from butfor.early_stopping import EarlyStopping
from butfor.machine_load import MachineLoad
from butfor.plateau import Plateau
from butfor.progress import SUFFIX, Progress
from butfor.record import Record, Status, read, write

PROBE_IMAGES = 1000
log = logging.getLogger(__name__)


def use_device(threads: int) -> str:
    """Set the CPU threads, let GPUs grow their memory as needed, and name the device that trains."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))
    return f"CPU, {threads} thread" + ("s" if threads > 1 else "")


def train_arm(training: dict[str, Any], arrays: Path, manifest: Path, threads: int, runs: Path) -> None:
    """Train every seed of `training` (see Plan.training) and leave `seed_<n>.json` for each in the folder `runs`.

    Finished seeds wait beside `runs` in a folder named by everything that decides their numbers, so that a job which
    was killed goes on after its last finished seed, and never with another recipe's, code's or data set's results.
    """
    began = time.perf_counter()
    device = use_device(threads)
    dataset = data.load(arrays, manifest)
    code = provenance.code_fingerprint(own_code.files(training["recipe"]["model"]["name"]))
    decides = [training, dataset.fingerprint, code, provenance.training_versions(), device]
    waiting = runs.parent / ".unfinished" / fingerprint(decides)
    arm = ArmTraining(training["arm"], training["recipe"], training["validation"], dataset, device)
    arm.seconds["data"] = time.perf_counter() - began
    for place, seed in enumerate(training["seeds"], start=1):
        path = waiting / f"seed_{seed}.json"
        if path.exists():
            log.info("%s · seed %d: finished earlier", training["arm"], seed)
            continue
        arm.left = (len(training["seeds"]) - place) * training["recipe"]["epochs"]
        about = {"arm": training["arm"], "look": runs.name, "seed": seed, "recipe": training["recipe"]}
        with Progress(waiting / f"seed_{seed}{SUFFIX}", about) as progress:
            write(path, arm.run(seed, progress))
    for seed in training["seeds"]:
        read(waiting / f"seed_{seed}.json")
    runs.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(runs, ignore_errors=True)
    waiting.rename(runs)


class ArmTraining:
    """One arm's compiled model, and the runs it makes, one seed at a time.

    `seconds` holds what the next record is to carry for the job as a whole; `left` the epochs after the running seed.
    """

    def __init__(
        self, name: str, recipe: dict[str, Any], validation: float, dataset: data.Dataset, device: str
    ) -> None:
        self.name, self.recipe, self.validation, self.dataset, self.device = name, recipe, validation, dataset, device
        self.seconds: dict[str, float] = {}
        self._machine = {**provenance.machine(), **provenance.training_versions(), "revision": provenance.revision()}
        self._load = MachineLoad()
        self.left = 0
        self.steps = len(self._split(0)[0]) // recipe["batch_size"]
        self._compile()

    def _compile(self) -> None:
        images, labels = tf.constant(self.dataset.x_train), tf.constant(self.dataset.y_train)
        self.loop = epoch.loop_for(self.recipe, models.convolves(self._build(seed=0, loop="graph")))
        self.model = self._build(seed=0, loop=self.loop)
        optimiser = optimisers.optimiser(self.recipe, schedules.learning_rates(self.recipe, self.steps))
        self._rates: optimisers.RateTable = optimiser._learning_rate
        self.model.compile(optimiser, losses.loss(self.recipe), jit_compile=False)
        self.model.optimizer.build(self.model.trainable_variables)
        self._optimiser_start = [variable.numpy() for variable in self.model.optimizer.variables]
        self._train_epoch = epoch.compiled_epoch(self.model, images, labels, self.loop)
        self._evaluate = epoch.compiled_evaluation(self.model, images, labels)
        self._evaluate_test = epoch.compiled_evaluation(
            self.model, tf.constant(self.dataset.x_test), tf.constant(self.dataset.y_test)
        )
        self._probe = Probe(self.model)
        self._draws = Draws(self.model, compiled=self.loop == "xla")
        self._epoch_seconds: list[float] = []

    def _build(self, seed: int, loop: str) -> keras.Model:
        algorithm = "threefry" if loop == "xla" else "philox"
        image = self.dataset.x_train.shape[1:]
        return models.build(self.recipe, image, self.dataset.classes, seed, algorithm)

    def _split(self, seed: int) -> tuple[data.Rows, data.Rows]:
        return data.split(len(self.dataset.x_train), self.validation, self.recipe["train_size"], seed)

    def start(self, seed: int) -> None:
        """Give the compiled model this seed's initial weights and mask counters, and the optimiser its first state."""
        fresh = self._build(seed, self.loop)
        for layer, fresh_layer in zip(self.model.layers, fresh.layers, strict=True):
            for variable, value in zip(layer.variables, fresh_layer.variables, strict=True):
                variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self._optimiser_start, strict=True):
            variable.assign(value)
        self._rates.scale.assign(1.0)

    def run(self, seed: int, progress: Progress | None = None) -> Record:
        """Train one seed and say all there is to say about it."""
        clock = Clock(self.seconds, progress.started if progress else None)
        self.seconds = {}
        self.start(seed)
        train, held = self._split(seed)
        probed = self.dataset.x_train[held[:PROBE_IMAGES]], self.dataset.y_train[held[:PROBE_IMAGES]]
        draws = {"split": digest(train), "validation": digest(held), **self._initial_digests()}
        chance, first_loss = self._draws.measured(), self._probe.first_loss(*probed)
        penalty = {"start": self._probe.penalties(probed[0])}
        layers = {"start": self._probe.statistics(*probed, as_trained=True)}
        clock.lap("diagnose")
        history, rates, stopping, reason = self._epochs(seed, train, held, clock, progress)
        clock.lap("train")
        metrics = {} if reason else self._final_metrics(train, held)
        clock.lap("evaluate")
        penalty["end"], layers["end"] = self._probe.penalties(probed[0]), self._probe.statistics(*probed)
        clock.lap("diagnose")
        status, reason = self._status(metrics, reason)
        log.info("%s · seed %d: %s", self.name, seed, reason or f"test accuracy {metrics['test/accuracy']:.4f}")
        return Record(
            arm=self.name,
            seed=seed,
            status=status,
            reason=reason,
            recipe=self.recipe,
            fingerprint=fingerprint(self.recipe),
            data=self._data(train, held),
            loop=self.loop,
            parameters=int(sum(np.prod(variable.shape) for variable in self.model.trainable_variables)),
            history=history,
            learning_rate=rates,
            steps_per_epoch=self.steps,
            stopped_epoch=len(history),
            restored_epoch=stopping.best_epoch if stopping.restores else len(history),
            metrics=metrics,
            structure=structure(self.model),
            optimiser=optimisers.described(self.model.optimizer),
            first_loss=first_loss,
            penalty=penalty,
            layers=layers,
            draws=draws,
            chance=chance,
            machine={"device": self.device, **self._machine},
            timing=clock.timing(),
        )

    def validate(self, seed: int) -> dict[str, float | None]:
        """Train one seed and measure its final weights on validation images only; None where the loss broke."""
        self.start(seed)
        train, held = self._split(seed)
        *_, reason = self._epochs(seed, train, held, Clock({}))
        measured = self._measure("validation", held)
        return {key: None if reason or not math.isfinite(value) else value for key, value in measured.items()}

    def _epochs(
        self, seed: int, train: data.Rows, held: data.Rows, clock: Clock, progress: Progress | None = None
    ) -> tuple[list[dict[str, Any]], list[float], EarlyStopping, str]:
        """Train until the epochs run out, early stopping ends it, or a loss is no longer finite (the reason)."""
        stopping, plateau = EarlyStopping(self.recipe["early_stopping"]), Plateau(self.recipe["schedule"])
        order = streams.generator(seed, "order")
        size = self.steps * self.recipe["batch_size"]
        history: list[dict[str, Any]] = []
        rates: list[float] = []
        best: list[npt.NDArray[Any]] = []
        for number in range(1, self.recipe["epochs"] + 1):
            began = time.perf_counter()
            batches = order.permutation(train)[:size].reshape(self.steps, -1)
            used, objective = self._train_epoch(batches)
            rates.extend(used)  # float32 values, which a record spells shortest
            validated = self._measure("validation", held)
            row = {"epoch": number, "objective": objective, **self._measure("train", train[: len(held)]), **validated}
            history.append({**row, "order": digest(batches)})
            self._epoch_seconds.append(time.perf_counter() - began)
            ended = clock.epoch_ended(self._load.read())
            self._tell(seed, row)
            if progress:
                progress.epoch({**row, "learning_rate": float(str(rates[-1])), **ended})
            if not (math.isfinite(objective) and math.isfinite(validated["validation/loss"])):
                return history, rates, stopping, f"the loss was {objective} in epoch {number}"
            figures = {key.split("/")[1]: value for key, value in validated.items()}
            self._rates.scale.assign(plateau.after_epoch(figures))
            improved = stopping.is_best(figures)
            if improved and stopping.restores:
                best = self.model.get_weights()
            if stopping.over:
                break
        if stopping.restores:
            self.model.set_weights(best)
        if len(self._epoch_seconds) == len(history) > 1:
            clock.move("train", "compile", self._epoch_seconds[0] - min(self._epoch_seconds))
        return history, rates, stopping, ""

    def _measure(self, part: str, rows: data.Rows) -> dict[str, float]:
        accuracy, loss = self._evaluate(rows)
        return {f"{part}/accuracy": accuracy, f"{part}/loss": loss}

    def _final_metrics(self, train: data.Rows, held: data.Rows) -> dict[str, float]:
        accuracy, loss = self._evaluate_test(np.arange(len(self.dataset.x_test), dtype=np.int32))
        tested = {"test/accuracy": accuracy, "test/loss": loss}
        return {**self._measure("train", train), **self._measure("validation", held), **tested}

    def _status(self, metrics: dict[str, float], reason: str) -> tuple[Status, str]:
        if not reason:
            broken = [key for key, value in metrics.items() if not math.isfinite(value)]
            reason = f"{broken[0]} was {metrics[broken[0]]} at the end" if broken else ""
        if reason:
            metrics.clear()
            return "diverged", reason
        chance = np.bincount(self.dataset.y_test).max() / len(self.dataset.y_test)
        bound = chance + 3 * math.sqrt(chance * (1 - chance) / len(self.dataset.y_test))
        if metrics["test/accuracy"] <= bound:
            return "at_chance", f"test accuracy {metrics['test/accuracy']:.4f}, where chance gives {chance:.4f}"
        return "ok", ""

    def _tell(self, seed: int, row: dict[str, Any]) -> None:
        left = (self.left + self.recipe["epochs"] - row["epoch"]) * float(
            np.median(self._epoch_seconds[1:] or self._epoch_seconds)
        )
        log.info(
            "%s · seed %d · epoch %d of %d: objective %.4f, validation accuracy %.4f; about %.0f s left",
            *(self.name, seed, row["epoch"], self.recipe["epochs"]),
            *(row["objective"], row["validation/accuracy"], left),
        )
        details = ", ".join(f"{key} {value:.6g}" for key, value in row.items())
        log.debug("%s · seed %d: %s, %.3f s", self.name, seed, details, self._epoch_seconds[-1])

    def _initial_digests(self) -> dict[str, dict[str, str]]:
        layers = self._probe.layers
        biased = [layer for layer in layers if getattr(layer, "bias", None) is not None]
        return {
            "weights": {layer.name: digest(layer.kernel.numpy()) for layer in layers},
            "biases": {layer.name: digest(layer.bias.numpy()) for layer in biased},
        }

    def _data(self, train: data.Rows, held: data.Rows) -> dict[str, Any]:
        counts = {"train": len(train), "validation": len(held), "test": len(self.dataset.x_test)}
        return {
            "name": self.dataset.name,
            "fingerprint": self.dataset.fingerprint,
            "classes": self.dataset.classes,
            **counts,
        }
