"""Mistakes planted in what trains: records that look right but for what the training really did are never proven."""

import keras
import pytest

from butfor.checks.manipulation import examine
from butfor.engine import keras_optimisers
from butfor.engine.keras_engine import KerasEngine
from butfor.engine.keras_parts import Parts
from butfor.engine.random_layers import ChanceLayer
from butfor.recipe import streams
from butfor.training.trajectory import Trajectory
from conftest import resolved
from keras_training import arm_runs

RECIPE = resolved(
    model={"name": "mlp", "widths": [16, 12]},
    normalisation="batch",
    weight_decay={"name": "decoupled", "rate": 0.01},
    clipping={"name": "global_norm", "limit": 0.5},
    l2=1e-3,
    dropout=0.2,
    learning_rate=0.05,
    early_stopping={"name": "patience", "patience": 1, "restore_best": True},
    epochs=6,
    batch_size=50,
    loop="graph",
)


@pytest.fixture(scope="module")
def compiled(digits_data):
    """The runs of the recipe, whose model is compiled without mistakes."""
    return arm_runs(RECIPE, digits_data, validation=0.2)


def checked(runs):
    arm = {"name": "baseline", "reference": None, "changed": [], "recipe": RECIPE}
    (row,) = examine({"arms": [arm]}, [runs.train(seed) for seed in (0, 1)])
    return row


def decay_on_biases(patch):
    patch.setattr(keras_optimisers, "NOT_DECAYED", r"(^|/)(kernel|gamma|beta|scale)(:\d+)?$")


def normalisation_after_activation(patch):
    def activated(self, x, layer, activation):
        return self._normalisation(keras.layers.Activation(activation, name=f"{layer}_activation")(x), layer)

    patch.setattr(Parts, "activated", activated)


def one_mask(patch):
    patch.setattr(ChanceLayer, "draws", lambda self, shape: self._drawn([self.seed, 0], shape))


def one_mask_though_the_stream_goes_on(patch):
    def draws(self, shape):
        self.seed_generator.next()
        return self._drawn([self.seed, 0], shape)

    patch.setattr(ChanceLayer, "draws", draws)


def last_weights(patch):
    patch.setattr(KerasEngine, "set_weights", lambda self, weights: None)


def half_the_rate(patch):
    step = keras.optimizers.Adam.update_step
    patch.setattr(keras.optimizers.Adam, "update_step", lambda self, g, v, rate: step(self, g, v, rate / 2))


def the_same_batches(patch):
    batches = Trajectory.batches

    def again(self):
        self._order = streams.generator(self._seed_for_test, "order")
        return batches(self)

    begin = Trajectory.__init__

    def begun(self, recipe, seed, *rest):
        self._seed_for_test = seed
        begin(self, recipe, seed, *rest)

    patch.setattr(Trajectory, "__init__", begun)
    patch.setattr(Trajectory, "batches", again)


def every_seed_is_seed_0(patch):
    key, generator = streams.key, streams.generator
    patch.setattr(streams, "key", lambda seed, *name: key(0, *name))
    patch.setattr(streams, "generator", lambda seed, *name: generator(0, *name))


def every_seed_starts_as_seed_0(patch):
    start = KerasEngine.start
    patch.setattr(KerasEngine, "start", lambda self, seed: start(self, 0))


def clipping_by_value(patch):
    def clipped(self, gradients):
        return [keras.ops.clip(g, -self.global_clipnorm, self.global_clipnorm) for g in gradients]

    patch.setattr(keras.optimizers.Adam, "_clip_gradients", clipped)


def half_the_l2(patch):
    whole = keras.Model.compute_loss

    def half(self, *args, **settings):
        return whole(self, *args, **settings) - sum(self.losses) / 2

    patch.setattr(keras.Model, "compute_loss", half)


MISTAKES = [
    (decay_on_biases, "trial step: expected decay of hidden_1/kernel at 0.01, received"),
    (normalisation_after_activation, "normalisation: expected hidden_1_normalisation to take what hidden_1 gives"),
    (one_mask, "masks: expected dropout_1 to draw anew for every batch"),
    pytest.param(
        one_mask_though_the_stream_goes_on,
        "masks: expected dropout_1 to draw anew for every batch",
        marks=pytest.mark.long,
    ),
    (last_weights, "restored weights: expected validation/loss"),
    (half_the_rate, "trial step: expected hidden_1/kernel to move by"),
    (the_same_batches, "order: expected other batches in every epoch"),
    (every_seed_is_seed_0, "order: expected others for every seed"),
    (every_seed_starts_as_seed_0, "initial weights of hidden_1: expected others for every seed"),
    (clipping_by_value, "trial step: the optimiser saw another gradient of hidden_1/kernel"),
    (half_the_l2, "trial step: expected a loss of"),
]


NOT_COMPILED = last_weights, the_same_batches, every_seed_is_seed_0, every_seed_starts_as_seed_0


def test_a_recipe_with_every_part_is_proven_without_mistakes(compiled):
    row = checked(compiled)
    assert (row["outcome"], row["problems"], row["reasons"]) == ("proven", [], [])


@pytest.mark.parametrize(("mistake", "problem"), MISTAKES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_mistake_is_not_proven(digits_data, compiled, mistake, problem):
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        row = checked(compiled if mistake in NOT_COMPILED else arm_runs(RECIPE, digits_data, validation=0.2))
    assert row["outcome"] == "unproven"
    assert any(found.startswith(problem) for found in row["problems"]), row["problems"]
