"""The seeds of one arm, trained one after another in one process.

TensorFlow's import and XLA's compilation cost more than a small training, so the seeds share them: the model is built
and compiled once, and every seed starts by assigning its own initial weights.
"""

from __future__ import annotations

import logging
import math
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from butfor import data, epoch, losses, models, optimisers, provenance, schedules
from butfor.arm import fingerprint
from butfor.checkpoint import Arrays, Checkpoint
from butfor.clock import Clock
from butfor.course import Course
from butfor.diagnostics import Draws, Probe, digest, structure
from butfor.machine_load import MachineLoad
from butfor.progress import Progress
from butfor.record import Record, Status

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

    def run(self, seed: int, progress: Progress | None = None, checkpoint: Checkpoint | None = None) -> Record:
        """Train one seed, from its `checkpoint` if there is one, and say all there is to say about it."""
        clock = Clock(self.seconds)
        self.seconds = {}
        self.start(seed)
        train, held = self._split(seed)
        probed = self.dataset.x_train[held[:PROBE_IMAGES]], self.dataset.y_train[held[:PROBE_IMAGES]]
        draws = {"split": digest(train), "validation": digest(held), **self._initial_digests()}
        chance, first_loss = self._draws.measured(), self._probe.first_loss(*probed)
        penalty = {"start": self._probe.penalties(probed[0])}
        layers = {"start": self._probe.statistics(*probed, as_trained=True)}
        clock.lap("diagnose")
        course = self._course(seed, train, held, clock, progress, checkpoint)
        clock.lap("train")
        metrics = {} if course.reason else self._final_metrics(train, held)
        clock.lap("evaluate")
        penalty["end"], layers["end"] = self._probe.penalties(probed[0]), self._probe.statistics(*probed)
        clock.lap("diagnose")
        status, reason = self._status(metrics, course.reason)
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
            history=course.history,
            learning_rate=course.rates,
            steps_per_epoch=self.steps,
            stopped_epoch=len(course.history),
            restored_epoch=course.counted_epoch,
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
        broken = self._course(seed, train, held, Clock({})).reason
        measured = self._measure("validation", held)
        return {key: None if broken or not math.isfinite(value) else value for key, value in measured.items()}

    def _course(
        self,
        seed: int,
        train: data.Rows,
        held: data.Rows,
        clock: Clock,
        progress: Progress | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Course:
        """Train until it is over, and leave the model with the weights that count."""
        course = Course(self.recipe, seed, train, self.steps)
        if checkpoint:
            self._go_on(course, checkpoint, clock)
        if progress:
            progress.begin(clock.started)
            for place in range(len(course.history)):
                progress.epoch({**course.told(place), **clock.told(place)})
        while not course.over:
            began = time.perf_counter()
            batches = course.batches()
            used, objective = self._train_epoch(batches)
            row = {"epoch": len(course.history) + 1, "objective": objective, **self._watched(train, held)}
            if course.take({**row, "order": digest(batches)}, used):
                course.best = self.model.get_weights()
            self._rates.scale.assign(course.scale)
            self._epoch_seconds.append(time.perf_counter() - began)
            clock.epoch_ended(self._load.read())
            self._tell(seed, row)
            if progress:
                progress.epoch({**course.told(-1), **clock.told(-1)})
            if checkpoint and checkpoint.due and not course.over:
                clock.lap("train")
                checkpoint.write(self._state(course), {"history": course.history, "timing": clock.timing()})
        if course.best and not course.reason:
            self.model.set_weights(course.best)
        if len(self._epoch_seconds) == len(course.history) > 1:
            clock.move("train", "compile", self._epoch_seconds[0] - min(self._epoch_seconds))
        return course

    def _go_on(self, course: Course, checkpoint: Checkpoint, clock: Clock) -> None:
        """Bring everything to where the checkpoint left it, if there is one."""
        kept = checkpoint.read()
        if kept is None:
            return
        arrays, said = kept
        course.take_again(said["history"], arrays["rates"][0], arrays["best"])
        for variable, value in zip(self._all_variables(), arrays["variables"], strict=True):
            variable.assign(value)
        self._rates.scale.assign(course.scale)
        clock.resume(said["timing"])
        log.info("%s: goes on after epoch %d", self.name, len(course.history))

    def _state(self, course: Course) -> Arrays:
        variables = [variable.numpy() for variable in self._all_variables()]
        return {"variables": variables, "rates": [np.array(course.rates)], "best": course.best}

    def _all_variables(self) -> list[Any]:
        return [v for layer in self.model.layers for v in layer.variables] + list(self.model.optimizer.variables)

    def _watched(self, train: data.Rows, held: data.Rows) -> dict[str, float]:
        return {**self._measure("train", train[: len(held)]), **self._measure("validation", held)}

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
