"""The record of a run: one JSON file per arm and seed, from which everything else is made.

All of it but `machine` and `timing` is equal to the bit when the run is repeated on the same machine.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from butfor.errors import StudyError
from butfor.records import files
from butfor.records.failure_rule import counts_as_failed
from butfor.records.files import write_atomically
from butfor.records.packed_rates import packed, unpacked

FORMAT = 4
WORDS = {"arm", "reason", "recipe", "data", "machine", "structure", "layer", "class", "activation", "name"}
RATES = "learning_rate"
VALIDATION = "validation/"
Status = Literal["ok", "commonest_class", "at_chance", "diverged"]


class RecordError(StudyError):
    """A record that cannot be read: cut short, damaged, or of another format."""


@dataclass(frozen=True)
class Record:
    """The record of a run.

    status: `ok`; `diverged` (a loss was NaN or infinite; `metrics` is then empty); `at_chance` (nothing was learnt: the
        scores do not tell the test examples' classes apart, or a regression answers no better than a constant would, by the
        loss that it was trained by); `commonest_class` (classes are told apart, but the answers are no better than always
        naming the commonest). See training/skill and training/learning.
    reason: why the status is not `ok`, else empty.
    recipe, fingerprint: the resolved recipe, and 16 hexadecimal digits that stand for it.
    data: name, fingerprint, classes, task (see recipe/tasks), how many examples were trained on, validated on and tested on,
        the `scaling` of the inputs (see recipe/input_scalings), the range of the `inputs` after it, both by name where there are
        several inputs, and `class_weights`; where examples count as the data say, `sample_weights`: mean, smallest and
        largest of those trained on; the `fold` that was tested on, if it was one (its `repeat` and `fold` from 0, of so many
        `folds`).
    loop: what ran the steps: of Keras's engine xla, graph or fit.
    parameters: the number of trainable weights; all_parameters: with those that are not, such as running moments; None in
        records of earlier versions.
    history: one row per epoch: `epoch` (from 1), `objective` (mean training loss as the optimiser saw it: dropout on,
        penalties in), `train/…` and `validation/…` figures: the task's plain loss and what is measured beside it (accuracy as
        a share, mae; see recipe/tasks), measured in inference mode without penalties, train on as many images as validation; of
        a recipe that watches it, also `trained_loss`, the loss that it trains by, without what examples and classes count;
        `order`, a digest of the epoch's batches.
    learning_rate: the rate the optimiser used at each step; `steps_per_epoch` of them make an epoch, but for the last of a
        run that diverged, which may end early. Of many steps, an array (see packed_rates).
    stopped_epoch, restored_epoch: the last epoch trained, and the one whose weights were evaluated at the end.
    metrics: `train/…`, `validation/…` and `test/…` figures of the final weights, on all images of each part.
    structure: the built model's layers: name, class, output shape, parameters.
    optimiser: class and parameters of the optimiser that trained, as it says itself, without the learning rate.
    first_loss: the loss before any step, in several ways (see training/protocol), and as `expected` by recipe/loss_functions.
    penalty: at the `start` and the `end`, the terms on `kernels` and on `activations` of the probed images, in nats.
    layers: per layer, statistics of weights, activations and gradients (see layer_statistics): at the `start` as in training
        but for dropout and augmentation, at the `end` in inference mode.
    draws: digests of what the seed decided: the split, the validation rows, each layer's initial weights and biases, and all
        other weights by path; `pretrained` where the model's file says that weights are read, the same for every seed.
    chance: what dropout and augmentation drew for a first batch (see training/protocol), and how many `draws` they made in
        the training; empty without them.
    trial: a step taken before the training and taken back, beside the same step worked out apart (see training/trial).
    right: which of up to 20 000 test examples, evenly spaced, the answers are right for, where each has one class (see
        right_answers).
    machine: device, engine, host, versions, and what else decides the last bits of sums.
    timing: `started`, `ended`, `epochs_ended` (seconds since 1970), `loads` of the machine at the end of each epoch
        (see MachineLoad.read) and `seconds` per phase, of runs that were trained together each one's share; `compile` falls on a
        job's first seed.
    """

    arm: str
    seed: int
    status: Status
    reason: str
    recipe: dict[str, Any]
    fingerprint: str
    data: dict[str, Any]
    loop: str
    parameters: int
    history: list[dict[str, Any]]
    learning_rate: list[float]
    steps_per_epoch: int
    stopped_epoch: int
    restored_epoch: int
    metrics: dict[str, float]
    structure: list[dict[str, Any]]
    optimiser: dict[str, Any]
    first_loss: dict[str, float]
    penalty: dict[str, dict[str, float]]
    layers: dict[str, list[dict[str, Any]]]
    draws: dict[str, Any]
    chance: dict[str, dict[str, Any]]
    machine: dict[str, Any]
    timing: dict[str, Any]
    trial: dict[str, Any] = field(default_factory=dict)
    right: str = ""
    all_parameters: int | None = None
    format: int = FORMAT

    def failed(self, must_learn: bool, metric: str) -> bool:
        """Whether the run counts as failed in a study; see counts_as_failed."""
        return counts_as_failed(self.status, must_learn, metric)


def validation_figures(row: dict[str, Any]) -> dict[str, float]:
    """The figures on validation examples in a row of a history, by name, such as `loss`."""
    return {key.removeprefix(VALIDATION): value for key, value in row.items() if key.startswith(VALIDATION)}


def write(path: Path, record: Record) -> None:
    """Write a record, completely or not at all. NaN and infinity are written as their names."""
    names = [each.name for each in dataclasses.fields(record)]
    before, after = (
        _text({name: getattr(record, name) for name in some})
        for some in (names[: names.index(RATES)], names[names.index(RATES) + 1 :])
    )
    rates = _text_of_rates(record.learning_rate)
    write_atomically(path, files.sealed(f'{before[:-1]}, "{RATES}": {rates}, {after[1:]}'))


def read(path: Path) -> Record:
    """The record in a file. Raises RecordError."""
    try:
        content = path.read_bytes()
        fields = _numbers(json.loads(content))
        if fields["format"] != FORMAT:
            raise RecordError(f"{path}: format {fields['format']}; this version of butfor reads format {FORMAT}.")
        if not files.is_sealed(content):
            raise ValueError("its checksum differs")
        del fields["sha256"]
        fields["learning_rate"] = unpacked(fields["learning_rate"])
        return Record(**fields)
    except (ValueError, TypeError, KeyError) as failure:
        raise RecordError(f"{path} is not a complete record ({failure}). The same command makes it anew.") from failure


def _text(value: Any) -> str:
    """A value as JSON."""
    try:  # whose encoder in C asks for nothing but NumPy's values
        return json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain)
    except ValueError:  # a number is not finite
        return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)


def _text_of_rates(rates: Sequence[Any]) -> str:
    """Learning rates as JSON, whose spelling is kept: the seeds of an arm use the same."""
    value = packed(rates)
    if isinstance(value, list) and set(map(type, value)) == {np.float32}:
        return _text_of_bits(np.array(value, np.float32).tobytes())
    return _text(value)


@lru_cache(maxsize=64)
def _text_of_bits(bits: bytes) -> str:
    return _text(np.frombuffer(bits, np.float32))


def _plain(value: Any) -> Any:
    """A value as plain JSON; a float32 gets the shortest spelling that reads back as the same float32."""
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype != np.float32:
        value = value.tolist()  # faster than one by one, and the same numbers
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            return str(float(value))
        return float(str(value)) if isinstance(value, np.float32) else float(value)
    return value


def _numbers(value: Any) -> Any:
    """A value read from JSON, with the names of NaN and infinity as numbers, but where a user's word may stand."""
    if isinstance(value, dict):
        return {key: item if key in WORDS else _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value
