"""The loss that a recipe trains by, penalties aside.

Keras's own losses do the arithmetic where it has one. They are given targets and outputs in the form that they take: classes
as one column each beside logits or probabilities, numbers scaled as the recipe has it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from butfor.engine.answers import Answers
from butfor.engine.batch_mixing import mixes
from butfor.recipe.tasks import CLASSIFICATION, OWN, REGRESSION
from butfor.user_code import call
from butfor.user_code.location import OwnCodeError, is_own

LOGITS = Answers(CLASSIFICATION)
Tensor = Any
Recipe = dict[str, Any]
KERAS = {  # the names of a recipe that are losses of Keras's, for numbers or probabilities
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
}
OF_BATCH = ("Dice", "Tversky")  # of Keras's other losses, those with one value for a batch


class SmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy in nats against labels of which the share `smoothing` is spread over all classes.

    Labels `(batch,)`, logits `(batch, classes)`. Szegedy et al. 2016, section 7.
    """

    def __init__(self, smoothing: float, **kwargs: Any) -> None:
        super().__init__(name="smoothed_cross_entropy", **kwargs)
        self.smoothing = smoothing

    def call(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        classes = logits.shape[-1]
        labels = tf.reshape(tf.cast(labels, tf.int32), [-1])
        target = tf.one_hot(labels, classes) * (1.0 - self.smoothing) + self.smoothing / classes
        return tf.nn.softmax_cross_entropy_with_logits(target, logits)

    def get_config(self) -> dict[str, Any]:
        return {"smoothing": self.smoothing}


class TaskLoss(keras.losses.Loss):
    """A recipe's loss for a task. function: from targets and outputs, as a model gives them, to values by example or place."""

    def __init__(self, name: str, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(name=name)
        self._function = function

    def call(self, targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return self._function(targets, outputs)


def loss(recipe: Recipe, answers: Answers = LOGITS) -> keras.losses.Loss | None:
    """The loss that a recipe trains by, penalties aside; None where the model has its own. Raises OwnCodeError."""
    name = recipe["loss"]["name"]
    if answers.task is OWN:
        return None
    if (
        name in ("auto", "cross_entropy")
        and answers.task is CLASSIFICATION
        and not answers.probabilities
        and not mixes(recipe)
    ):
        if recipe["label_smoothing"]:
            return SmoothedCrossEntropy(recipe["label_smoothing"])
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if name == "auto":
        name = "mean_squared_error" if answers.task is REGRESSION else "cross_entropy"
    return TaskLoss(name.replace(":", "."), _function(name, recipe, answers))


def is_worked_out_by(model: keras.Model) -> bool:
    """Whether a model works out its loss itself, by a `train_step` or a `compute_loss` of its own."""
    kind = type(model)
    return kind.train_step is not keras.Model.train_step or kind.compute_loss is not keras.Model.compute_loss


def is_of_batch(recipe: Recipe) -> bool:
    """Whether a recipe's loss may have one value for a batch, so that it is another one for other batches; a user's own may."""
    name = recipe["loss"]["name"]
    return name == "dice" or is_own(name) or recipe["loss"].get("of") in OF_BATCH


def _function(name: str, recipe: Recipe, answers: Answers) -> Callable[[Tensor, Tensor], Tensor]:
    settings = {key: value for key, value in recipe["loss"].items() if key != "name"}
    smoothing = recipe["label_smoothing"]
    if name == "cross_entropy":
        return lambda y, z: _cross_entropies(_columns(y, z, answers, smoothing), answers.logits(z), answers)
    if name == "focal":
        return lambda y, z: _focal(_columns(y, z, answers, smoothing), answers.logits(z), answers, settings["gamma"])
    if name == "dice":
        return lambda y, z: _dice(_columns(y, z, answers, 0.0), _probabilities(z, answers))
    if name == "pinball":
        return lambda y, z: _pinball(answers.scaled(y) - z, settings["share"])
    if is_own(name):
        return _of_user(name, answers)
    made, takes_logits = (
        _of_keras(KERAS[name], settings) if name in KERAS else _of_keras(settings["of"], settings["settings"])
    )
    if answers.task is REGRESSION:
        return lambda y, z: made.call(answers.scaled(y), z)
    if takes_logits:
        return lambda y, z: made.call(_columns(y, z, answers, smoothing), answers.logits(z))
    return lambda y, z: made.call(_columns(y, z, answers, smoothing), _probabilities(z, answers))


def _of_keras(name: str, settings: Recipe) -> tuple[Any, bool]:
    """A loss of Keras's by the name of its class, and whether it takes logits. Raises OwnCodeError."""
    kind = getattr(keras.losses, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, keras.losses.Loss)) or name.startswith("Sparse"):
        known = [n for n, v in vars(keras.losses).items() if inspect.isclass(v) and n not in ("Loss",)]
        raise OwnCodeError(
            f"loss.of: expected a class of keras.losses, received {name}. There are"
            f" {', '.join(sorted(n for n in known if not n.startswith('Sparse')))}."
        )
    takes_logits = "from_logits" in inspect.signature(kind.__init__).parameters
    try:
        made = kind(**settings, **({"from_logits": True} if takes_logits else {}))
    except (TypeError, ValueError) as failure:
        raise OwnCodeError(f"loss.settings: keras.losses.{name} does not take {settings}: {failure}") from failure
    return made, takes_logits or "Hinge" in name


def _of_user(name: str, answers: Answers) -> Callable[[Tensor, Tensor], Tensor]:
    function = call.load(name)
    call.check_arguments(name, function, ("truth", "prediction"))
    if answers.task is REGRESSION:
        return lambda y, z: function(answers.scaled(y), z)
    return lambda y, z: function(y, _probabilities(z, answers))


def _columns(targets: Tensor, outputs: Tensor, answers: Answers, smoothing: float) -> Tensor:
    """Classes as a column each, float32 in the shape of the outputs, of which a share is spread over all of them; those of a
    mixed batch are columns already."""
    if answers.independent:
        columns, share = answers.as_column(targets), smoothing / 2
    else:
        classes = outputs.shape[-1]
        mixed = len(targets.shape) == len(outputs.shape) and targets.shape[-1] == classes
        columns = tf.cast(targets, tf.float32) if mixed else tf.one_hot(tf.cast(targets, tf.int32), classes)
        share = smoothing / classes
    return columns * (1.0 - smoothing) + share if smoothing else columns


def _probabilities(outputs: Tensor, answers: Answers) -> Tensor:
    if answers.probabilities:
        return outputs
    return tf.sigmoid(outputs) if answers.independent else tf.nn.softmax(outputs)


def _cross_entropies(columns: Tensor, logits: Tensor, answers: Answers) -> Tensor:
    if answers.independent:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(columns, logits), axis=-1)
    return tf.nn.softmax_cross_entropy_with_logits(columns, logits)


def _focal(columns: Tensor, logits: Tensor, answers: Answers, gamma: float) -> Tensor:
    """Lin et al. 2017, equation 4, without weights of classes."""
    if answers.independent:
        right = columns * tf.sigmoid(logits) + (1 - columns) * tf.sigmoid(-logits)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(columns, logits)
        return tf.reduce_mean((1 - right) ** gamma * losses, axis=-1)
    logarithms = tf.nn.log_softmax(logits)
    return -tf.reduce_sum(columns * (1 - tf.exp(logarithms)) ** gamma * logarithms, axis=-1)


def _dice(columns: Tensor, probabilities: Tensor) -> Tensor:
    """1 less Dice's coefficient of each class, as a mean; 1 is added above and below, so that an absent class counts nothing."""
    axes = list(range(len(columns.shape) - 1))
    shared = tf.reduce_sum(columns * probabilities, axis=axes)
    sizes = tf.reduce_sum(columns, axis=axes) + tf.reduce_sum(probabilities, axis=axes)
    return 1 - tf.reduce_mean((2 * shared + 1) / (sizes + 1))


def _pinball(errors: Tensor, share: float) -> Tensor:
    return tf.reduce_mean(tf.maximum(share * errors, (share - 1) * errors), axis=-1)
