"""Exact truths of training, each through butfor's own code: what initialisers, optimisers, penalties, chance layers,
early stopping and settings without effect do, against formulas written out here or against bare Keras.

Schedules have their own file.
"""

import copy
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare

from butfor.engine import keras_optimisers, loops, losses, models
from butfor.engine.data_parts import HeldPart
from butfor.engine.keras_parts import Parts
from butfor.engine.probe import Probe
from butfor.fingerprint import fingerprint
from butfor.recipe import schedules
from butfor.recipe.early_stopping import EarlyStopping
from butfor.training.evaluation import Evaluation
from conftest import resolved
from keras_training import arm_runs

pytestmark = pytest.mark.cases

IN, OUT = 784, 256
CUT = 0.87962566103423978  # standard deviation of a standard normal cut at 2, as Keras has it


def optimiser(recipe, rates):
    """A recipe's optimiser at one learning rate per step."""
    return keras_optimisers.optimiser(recipe, keras_optimisers.RateTable(rates))


# --- Initial weights ---


def kernel(initialiser, image=(28, 28), width=OUT, seed=5, layer="hidden_1"):
    """A layer's initial kernel in the model that a recipe builds."""
    recipe = resolved(model={"name": "mlp", "widths": [width]}, initialiser=initialiser)
    return models.build(recipe, image, 10, seed, "philox").get_layer(layer).kernel.numpy().astype(np.float64)


def scaling(scale, mode, distribution):
    return {"name": "variance_scaling", "scale": scale, "mode": mode, "distribution": distribution}


CUT_NORMALS = [
    ("lecun_normal", np.sqrt(1 / IN)),
    ("glorot_normal", np.sqrt(2 / (IN + OUT))),
    ("he_normal", np.sqrt(2 / IN)),
    (scaling(3.0, "fan_in", "truncated_normal"), np.sqrt(3 / IN)),
    (scaling(3.0, "fan_out", "truncated_normal"), np.sqrt(3 / OUT)),
    (scaling(3.0, "fan_avg", "truncated_normal"), np.sqrt(3 / ((IN + OUT) / 2))),
]
NORMALS = [
    ({"name": "normal", "stddev": 1.0}, 1.0),
    ({"name": "normal", "stddev": 0.01}, 0.01),
    ("normal", 0.05),
    (scaling(4.0, "fan_in", "untruncated_normal"), 2 / np.sqrt(IN)),
    (scaling(3.0, "fan_out", "untruncated_normal"), np.sqrt(3 / OUT)),
]
UNIFORMS = [
    ("lecun_uniform", np.sqrt(3 / IN)),
    ("glorot_uniform", np.sqrt(6 / (IN + OUT))),
    ("he_uniform", np.sqrt(6 / IN)),
    ({"name": "uniform", "limit": 0.2}, 0.2),
    (scaling(2.0, "fan_in", "uniform"), np.sqrt(6 / IN)),
    (scaling(2.0, "fan_out", "uniform"), np.sqrt(6 / OUT)),
    (scaling(2.0, "fan_avg", "uniform"), np.sqrt(12 / (IN + OUT))),
]


@pytest.mark.parametrize(("initialiser", "std"), CUT_NORMALS, ids=str)
def test_scaled_normals_are_cut_at_two_raw_deviations_and_rescaled_to_their_spread(initialiser, std):
    weights = kernel(initialiser)
    assert weights.shape == (IN, OUT) and weights.mean() == pytest.approx(0, abs=std / 50)
    assert weights.std() == pytest.approx(std, rel=0.01)
    assert 0.99 * 2 / CUT < np.abs(weights).max() / std <= 2.2737


@pytest.mark.parametrize("stddev", [0.07, 1.0])
def test_a_truncated_normal_is_cut_and_not_rescaled(stddev):
    weights = kernel({"name": "truncated_normal", "stddev": stddev})
    assert weights.std() == pytest.approx(CUT * stddev, rel=0.01)
    assert 0.99 * 2 < np.abs(weights).max() / stddev <= 2.00001


@pytest.mark.parametrize(("initialiser", "std"), NORMALS, ids=str)
def test_plain_normals_have_their_spread_and_their_tails(initialiser, std):
    weights = kernel(initialiser)
    assert weights.std() == pytest.approx(std, rel=0.01)
    assert np.abs(weights).max() > 4 * std


@pytest.mark.parametrize(("initialiser", "limit"), UNIFORMS, ids=str)
def test_uniforms_fill_their_range(initialiser, limit):
    weights = kernel(initialiser)
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert 0.999 * limit < np.abs(weights).max() <= limit * 1.000001


@pytest.mark.parametrize("gain", [1.0, 1.5])
@pytest.mark.parametrize(("image", "width"), [((28, 28), 256), ((8, 8), 256)], ids=["tall", "wide"])
def test_an_orthogonal_kernel_has_orthonormal_columns_or_rows_times_its_gain(image, width, gain):
    weights = kernel({"name": "orthogonal", "gain": gain}, image, width)
    product = weights.T @ weights if len(weights) >= width else weights @ weights.T
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize(
    ("initialiser", "value"), [("zeros", 0.0), ("ones", 1.0), ({"name": "constant", "value": 0.25}, 0.25)]
)
def test_a_constant_initialiser_gives_its_value(initialiser, value):
    np.testing.assert_array_equal(kernel(initialiser), value)


@pytest.mark.parametrize(
    ("initialiser", "std", "most"),
    [
        ("zeros", 0.0, 0.0),
        ("ones", 0.0, 1.0),
        ({"name": "constant", "value": 0.3}, 0.0, 0.3),
        ({"name": "normal", "stddev": 0.2}, 0.2, None),
        ({"name": "truncated_normal", "stddev": 0.2}, CUT * 0.2, 0.4),
        ({"name": "uniform", "limit": 0.2}, 0.2 / np.sqrt(3), 0.2),
    ],
    ids=str,
)
def test_biases_start_as_their_own_initialiser_says(initialiser, std, most):
    recipe = resolved(model={"name": "mlp", "widths": [20000]}, bias_initialiser=initialiser)
    biases = models.build(recipe, (2, 2), 10, 0, "philox").get_layer("hidden_1").bias.numpy().astype(np.float64)
    assert biases.std() == pytest.approx(std, rel=0.02, abs=1e-7)
    assert most is None or np.abs(biases).max() == pytest.approx(most, rel=0.01)


def test_two_over_the_root_of_n_is_the_root_of_two_wider_than_he():
    """As a standard deviation; the published one is sqrt(2/n)."""
    too_wide, he = kernel(scaling(4.0, "fan_in", "untruncated_normal")).std(), kernel("he_normal").std()
    assert he == pytest.approx(0.05051, rel=0.01) and too_wide == pytest.approx(0.07143, rel=0.01)
    assert too_wide / he == pytest.approx(np.sqrt(2), rel=0.01)


def test_keras_s_random_normal_is_twenty_times_narrower_than_a_standard_normal():
    keras_s = keras.initializers.get("random_normal")((IN, OUT)).numpy().std()
    assert keras_s == pytest.approx(0.05, rel=0.01)
    assert kernel({"name": "normal", "stddev": 1.0}).std() / keras_s == pytest.approx(20, rel=0.02)


# --- Optimisers ---


def stepped(changes, gradients, start, learning_rate=0.5, warmup=0):
    """The values of variables (each a list) after each step that the recipe's optimiser takes with these gradients."""
    recipe = resolved(learning_rate=learning_rate, batch_size=1, epochs=1, warmup=f"{warmup} steps", **changes)
    made = optimiser(recipe, schedules.learning_rates(recipe, len(gradients)))
    variables = [keras.Variable(np.float32(value), name="kernel") for value in start]
    made.build(variables)
    after = []
    for gradient in gradients:
        made.apply([tf.constant(np.float32(part)) for part in gradient], variables)
        after.append([variable.numpy().astype(np.float64) for variable in variables])
    return after


def momentum(g, lr, w, momentum, nesterov):
    m = 0.0
    for gradient in g:
        m = momentum * m - lr * gradient
        w = w + (momentum * m - lr * gradient if nesterov else m)
        yield w


def adagrad(g, lr, w, initial_accumulator_value, epsilon):
    total = initial_accumulator_value
    for gradient in g:
        total += gradient**2
        w -= lr * gradient / np.sqrt(total + epsilon)
        yield w


def rmsprop(g, lr, w, rho, momentum, centered, epsilon):
    square, mean, m = 0.0, 0.0, 0.0
    for gradient in g:
        square = rho * square + (1 - rho) * gradient**2
        mean = rho * mean + (1 - rho) * gradient
        m = momentum * m + lr * gradient / np.sqrt(square - (mean**2 if centered else 0) + epsilon)
        w -= m
        yield w


def adam(g, lr, w, beta_1, beta_2, epsilon, amsgrad, weight_decay=0.0):
    """Kingma & Ba 2015, the form at the end of their section 2, whose epsilon is beside the uncorrected root."""
    m, v, largest = 0.0, 0.0, 0.0
    for t, gradient in enumerate(g, start=1):
        w -= lr * weight_decay * w
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        largest = max(largest, v)
        rate = lr * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        w -= rate * m / (np.sqrt(largest if amsgrad else v) + epsilon)
        yield w


def lion(g, lr, w, beta_1, beta_2):
    m = 0.0
    for gradient in g:
        w -= lr * np.sign(beta_1 * m + (1 - beta_1) * gradient)
        m = beta_2 * m + (1 - beta_2) * gradient
        yield w


RULES = [
    ("sgd", momentum, {"momentum": 0.0, "nesterov": False}),
    ("sgd", momentum, {"momentum": 0.8, "nesterov": False}),
    ("sgd", momentum, {"momentum": 0.8, "nesterov": True}),
    ("adagrad", adagrad, {"initial_accumulator_value": 0.1, "epsilon": 1e-7}),
    ("adagrad", adagrad, {"initial_accumulator_value": 0.7, "epsilon": 0.3}),
    ("rmsprop", rmsprop, {"rho": 0.83, "momentum": 0.0, "centered": False, "epsilon": 1e-7}),
    ("rmsprop", rmsprop, {"rho": 0.83, "momentum": 0.6, "centered": False, "epsilon": 0.02}),
    ("rmsprop", rmsprop, {"rho": 0.83, "momentum": 0.6, "centered": True, "epsilon": 0.02}),
    ("adam", adam, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}),
    ("adam", adam, {"beta_1": 0.89, "beta_2": 0.95, "epsilon": 0.1, "amsgrad": False}),
    ("adam", adam, {"beta_1": 0.89, "beta_2": 0.5, "epsilon": 0.1, "amsgrad": True}),
    ("adamw", adam, {"beta_1": 0.89, "beta_2": 0.95, "epsilon": 0.1, "amsgrad": False, "weight_decay": 0.3}),
    ("lion", lion, {"beta_1": 0.6, "beta_2": 0.9}),
]


@pytest.mark.parametrize(("name", "rule", "settings"), RULES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_an_optimiser_makes_the_published_steps(name, rule, settings):
    gradients, start = [2.0, -1.0, 0.25], 1.5
    found = stepped({"optimiser": {"name": name, **settings}}, [[[g]] for g in gradients], [[start]])
    expected = list(rule(gradients, 0.5, start, **settings))
    np.testing.assert_allclose([float(step[0][0]) for step in found], expected, rtol=2e-5)


@pytest.mark.parametrize("name", ["sgd", "adagrad", "rmsprop", "adam", "adamw", "lion"])
def test_a_warming_optimiser_steps_by_the_rate_of_the_step(name):
    """The first rate of a warm-up is 0, so the first step goes nowhere."""
    found = stepped({"optimiser": name}, [[[1.0]]] * 3, [[1.5]], warmup=2)
    assert found[0][0][0] == 1.5 and found[1][0][0] < 1.5


GRADIENTS = [[3.0, -4.0], [0.3, 12.0]]  # norms 5 and 12.0037


@pytest.mark.parametrize(
    ("clipping", "expected"),
    [
        ({"name": "value", "limit": 2.0}, [[2.0, -2.0], [0.3, 2.0]]),
        ({"name": "norm", "limit": 10.0}, [[3.0, -4.0], [10 * 0.3 / np.hypot(0.3, 12), 10 * 12 / np.hypot(0.3, 12)]]),
        ({"name": "global_norm", "limit": 6.5}, [[3 * 6.5 / np.sqrt(169.09), -4 * 6.5 / np.sqrt(169.09)],
                                                 [0.3 * 6.5 / np.sqrt(169.09), 12 * 6.5 / np.sqrt(169.09)]]),
        ({"name": "global_norm", "limit": 20.0}, GRADIENTS),
    ],
    ids=str,
)  # fmt: skip
def test_clipping_is_by_entry_by_variable_or_over_all(clipping, expected):
    changes = {"optimiser": "sgd", "clipping": clipping}
    (found,) = stepped(changes, [GRADIENTS], [[0.0, 0.0], [0.0, 0.0]], learning_rate=1.0)
    np.testing.assert_allclose(found, -np.array(expected), rtol=1e-6)


def test_coupled_decay_is_added_after_clipping():
    changes = {"optimiser": "sgd", "clipping": {"name": "value", "limit": 1.0}}
    (found,) = stepped({**changes, "weight_decay": {"name": "coupled", "rate": 3.0}}, [[[5.0]]], [[2.0]])
    assert found[0][0] == pytest.approx(2.0 - 0.5 * (1.0 + 3.0 * 2.0))


@pytest.mark.parametrize("steepest", [10.0, 0.5])
@pytest.mark.parametrize(("share", "converges"), [(1.9, True), (2.1, False)])
def test_gradient_descent_diverges_beyond_two_over_the_steepest_curvature(steepest, share, converges):
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    hessian = tf.constant(turn @ np.diag([steepest, steepest / 10]) @ turn.T, tf.float32)
    recipe = resolved(optimiser="sgd", learning_rate=share / steepest, batch_size=1, epochs=1)
    made = optimiser(recipe, schedules.learning_rates(recipe, 200))
    w = keras.Variable(np.float32([1.0, 2.0]), name="kernel")

    def loss():
        return 0.5 * tf.reduce_sum(w.value * tf.linalg.matvec(hessian, w.value))

    first = float(loss())
    for _ in range(200):
        made.apply([tf.linalg.matvec(hessian, w.value)], [w])
    assert float(loss()) / first < 1e-6 if converges else float(loss()) / first > 1e3


# --- Penalties and decay ---


SGD = {"optimiser": "sgd", "learning_rate": 0.1}
MOMENTUM = {"optimiser": {"name": "sgd", "momentum": 0.9}, "learning_rate": 0.02}
ADAM = {"optimiser": "adam", "learning_rate": 0.003}
SMALL = {"model": {"name": "mlp", "widths": [32, 16]}, "batch_size": 25, "bias_initialiser": "ones", "loop": "graph"}


def weights_after(data, steps, **changes):
    """The weights after some steps on one fixed order, and the last epoch's objective."""
    recipe = resolved(**{**copy.deepcopy(SMALL), "epochs": 1, **changes})
    model = models.build(recipe, data.x_train.shape[1:], data.classes, 0, "philox")
    model.compile(optimiser(recipe, schedules.learning_rates(recipe, steps)), losses.loss(recipe))
    model.optimizer.build(model.trainable_variables)
    train = loops.compiled_epoch(model, HeldPart(data.x_train, data.y_train), recipe["loop"])
    order = np.random.default_rng(3).permutation(len(data.x_train)).astype(np.int32)
    _, objective = train(order[: steps * recipe["batch_size"]].reshape(steps, -1))
    return model.get_weights(), objective


def apart(a, b):
    return max(float(np.abs(x - y).max()) for x, y in zip(a, b, strict=True))


def decay(name, rate):
    return {"weight_decay": {"name": name, "rate": rate}}


def test_for_sgd_an_l2_penalty_is_weight_decay_of_twice_its_rate(digits_data):
    """λΣw² has the gradient 2λw: there is no factor ½. Both kinds of decay do the same, and biases are left alone."""
    penalised, _ = weights_after(digits_data, 40, **SGD, l2=0.01)
    for name in ("decoupled", "coupled"):
        assert apart(penalised, weights_after(digits_data, 40, **SGD, **decay(name, 0.02))[0]) < 1e-6
    assert apart(penalised, weights_after(digits_data, 40, **SGD, **decay("decoupled", 0.01))[0]) > 1e-3


@pytest.mark.parametrize("optimiser", [pytest.param(MOMENTUM, marks=pytest.mark.long), ADAM], ids=["momentum", "adam"])
def test_beyond_plain_sgd_an_l2_penalty_is_coupled_decay_and_not_decoupled(digits_data, optimiser):
    penalised, _ = weights_after(digits_data, 40, **optimiser, l2=0.01)
    assert apart(penalised, weights_after(digits_data, 40, **optimiser, **decay("coupled", 0.02))[0]) < 1e-5
    assert apart(penalised, weights_after(digits_data, 40, **optimiser, **decay("decoupled", 0.02))[0]) > 1e-3


@pytest.mark.parametrize(
    ("kind", "normalisation"),
    [
        ("decoupled", "none"),
        ("coupled", "batch"),
        *(
            pytest.param(*pair, marks=pytest.mark.long)
            for pair in (("coupled", "none"), ("decoupled", "batch"), ("decoupled", "layer"), ("coupled", "layer"))
        ),
    ],
)
def test_decay_pulls_on_kernels_alone_by_rate_times_learning_rate(digits_data, kind, normalisation):
    changes = {**SGD, "normalisation": normalisation}
    start = weights_after(digits_data, 1, **{**changes, "learning_rate": 1e-30})[0]
    plain, decayed = (
        weights_after(digits_data, 1, **changes)[0],
        weights_after(digits_data, 1, **changes, **decay(kind, 0.3))[0],
    )
    for before, without, with_decay in zip(start, plain, decayed, strict=True):
        pulled = 0.1 * 0.3 * before if before.ndim == 2 else 0.0
        np.testing.assert_allclose(without - with_decay, pulled + np.zeros_like(before), atol=1e-6)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.0, 0.5), (1.0, 0.0), (0.6, 0.25)])
def test_ridge_and_lasso_have_their_closed_forms_on_an_orthonormal_design(l1, l2):
    """Mean squared error ‖w - ols‖² + c, so that λ₂ divides by 1 + λ₂ and λ₁ moves each weight by λ₁/2 towards 0."""
    hadamard = np.array([[1.0]])
    for _ in range(3):
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    design, ols = hadamard[:, 1:5], np.array([2.0, -0.8, 0.3, -0.1])
    noise = 0.7 * hadamard[:, 6]
    recipe = resolved(optimiser="sgd", learning_rate=0.1, l1=l1, l2=l2, batch_size=8, epochs=1, initialiser="ones",
                      schedule={"name": "exponential", "decay": "100 steps", "factor": 0.5})  # fmt: skip
    inputs = keras.Input((4,))
    layer = keras.layers.Dense(1, use_bias=False, **Parts(recipe, 0, "philox").kernel("hidden_1"))
    model = keras.Model(inputs, layer(inputs))
    model.compile(optimiser(recipe, schedules.learning_rates(recipe, 1000)), "mse")
    target = tf.constant((design @ ols + noise)[:, None], tf.float32)
    loops.compiled_epoch(model, HeldPart(tf.constant(design, tf.float32), target), "graph")(
        np.tile(np.int32(range(8)), (1000, 1))
    )
    expected = np.sign(ols) * np.maximum(np.abs(ols) - l1 / 2, 0) / (1 + l2)
    np.testing.assert_allclose(layer.kernel.numpy()[:, 0], expected, atol=1e-3)


def built(image=(6, 7), seed=0, algorithm="philox", **changes):
    return models.build(resolved(**changes), image, 10, seed, algorithm)


CNN = {"name": "cnn", "filters": [4, 8], "kernel": 3, "width": 16}
TANH = {"name": "mlp", "widths": [20, 10], "activation": "tanh"}


@pytest.mark.parametrize("model", [TANH, {**CNN, "activation": "tanh"}], ids=["mlp", "cnn"])
@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.2), (0.3, 0.2)])
def test_the_activity_penalty_is_that_of_one_image_whatever_the_batch(model, l1, l2):
    net = built(model=model, activity_l1=l1, activity_l2=l2)
    images = np.random.default_rng(0).random((2, 6, 7)).astype(np.float32)
    probe = Probe(net)
    hidden = [layer.output for layer in net.layers if layer.name.endswith("_activation")]
    values = [value.numpy().astype(np.float64) for value in keras.Model(net.inputs, hidden)(tf.constant(images))]
    assert len(values) == (2 if model is TANH else 3) and all((value < 0).any() for value in values)
    of_each = sum(l1 * np.abs(v).reshape(2, -1).sum(1) + l2 * np.square(v).reshape(2, -1).sum(1) for v in values)
    for repeats in (1, 7):
        found = probe.penalties(np.repeat(images[:1], repeats, axis=0))
        assert found["activations"] == pytest.approx(of_each[0], rel=1e-6) and found["kernels"] == 0
    assert probe.penalties(images)["activations"] == pytest.approx(of_each.mean(), rel=1e-6)


@pytest.mark.parametrize("model", [TANH, CNN], ids=["mlp", "cnn"])
@pytest.mark.parametrize("changes", [{}, {"l1": 0.1, "l2": 0.3}, {"activity_l2": 0.2}, {"l2": 0.1, "activity_l1": 0.2}])
def test_penalties_are_the_same_to_the_bit_where_examples_need_not_be_seen(model, changes):
    net = built(model=model, normalisation="batch", **changes)
    images = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    every = []
    for own in (True, False):
        net(images, training=False)  # penalties on activations of others, which are no more to be counted
        every.append([Probe(net, own=own).penalties(2 * images, as_trained) for as_trained in (False, True)])
    kernels = sum(float(v.regularizer(v)) for v in net.trainable_variables if v.regularizer)
    assert every[0] == every[1] and {row["kernels"] for row in every[0]} == {kernels}
    assert all((row["activations"] > 0) == any(key.startswith("activity") for key in changes) for row in every[0])


def test_the_activity_penalty_of_a_batch_is_in_the_objective(digits_data):
    """One step on one batch: the objective is from before the step."""
    penalised, plain = ({**SGD, "activity_l1": 0.01}, SGD)
    more = weights_after(digits_data, 1, **penalised)[1] - weights_after(digits_data, 1, **plain)[1]
    rows = np.random.default_rng(3).permutation(len(digits_data.x_train))[:25]
    net = models.build(resolved(**SMALL, **penalised), (8, 8), 10, 0, "philox")
    assert more == pytest.approx(Probe(net).penalties(digits_data.x_train[rows])["activations"], rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.75])
def test_label_smoothing_is_cross_entropy_against_the_mixed_label(smoothing):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 10)), rng.integers(0, 10, 50)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    target = (1 - smoothing) * np.eye(10)[labels] + smoothing / 10
    found = losses.loss(resolved(label_smoothing=smoothing))(tf.constant(labels), tf.constant(logits, tf.float32))
    assert float(found) == pytest.approx(-(target * log_p).sum(axis=1).mean(), rel=1e-6)


# --- Chance layers ---


def drawn(layer, inputs, algorithm):
    """What a layer makes of its inputs in training, as the loop that uses the algorithm runs it."""
    run = tf.function(lambda: layer(tf.constant(inputs), training=True), jit_compile=algorithm == "threefry")
    return run().numpy()


DROPOUTS = [
    ({"model": TANH, "dropout": 0.3}, "dropout_1", 0.3),
    ({"model": TANH, "dropout": [0.1, 0.6]}, "dropout_1", 0.1),
    ({"model": TANH, "dropout": [0.1, 0.6]}, "dropout_2", 0.6),
    ({"model": TANH, "input_dropout": 0.2}, "input_dropout", 0.2),
    ({"model": CNN, "input_dropout": 0.2}, "input_dropout", 0.2),
    ({"model": CNN, "dropout": 0.5}, "dropout_1", 0.5),
]
ALGORITHMS = pytest.mark.parametrize("algorithm", ["philox", "threefry"])


@ALGORITHMS
@pytest.mark.parametrize(("changes", "name", "rate"), DROPOUTS, ids=str)
def test_dropout_drops_its_share_of_units_and_scales_the_others(changes, name, rate, algorithm):
    layer = built(algorithm=algorithm, **changes).get_layer(name)
    ones = np.ones((4000, *layer.input.shape[1:]), np.float32)
    out = drawn(layer, ones, algorithm)
    assert abs((out == 0).mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / out.size)
    np.testing.assert_allclose(out[out != 0], 1 / (1 - rate), rtol=1e-6)
    assert abs(out.mean() - 1) < 4 * np.sqrt(rate / (1 - rate) / out.size)
    by_unit, by_image = (out == 0).reshape(len(out), -1).mean(0), (out == 0).reshape(len(out), -1).mean(1)
    assert np.abs(by_unit - rate).max() < 6 * np.sqrt(rate * (1 - rate) / len(out))
    assert by_image.std() == pytest.approx(np.sqrt(rate * (1 - rate) / by_unit.size), rel=0.1)
    np.testing.assert_array_equal(layer(ones, training=False), ones)
    assert (drawn(layer, ones, algorithm) != out).any()


@ALGORITHMS
@pytest.mark.parametrize("name", ["spatial_dropout_1", "spatial_dropout_2"])
def test_spatial_dropout_drops_its_share_of_whole_feature_maps(name, algorithm):
    layer = built(algorithm=algorithm, model=CNN, spatial_dropout=0.3).get_layer(name)
    ones = np.ones((2000, 3, 3, 8), np.float32)
    out = drawn(layer, ones, algorithm)
    maps = out[:, 0, 0, :]
    np.testing.assert_array_equal(out, np.broadcast_to(maps[:, None, None, :], out.shape))
    assert abs((maps == 0).mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / maps.size)
    np.testing.assert_allclose(maps[maps != 0], 1 / 0.7, rtol=1e-6)
    assert (maps == 0).mean(1).std() == pytest.approx(np.sqrt(0.3 * 0.7 / 8), rel=0.1)
    np.testing.assert_array_equal(layer(ones, training=False), ones)


def numbered(shape, images):
    """Images in which every number is another, none of them 0."""
    return np.broadcast_to(np.arange(1, np.prod(shape) + 1, dtype=np.float32).reshape(shape), (images, *shape)).copy()


def moved(image, down, right):
    """An image moved by whole pixels, with 0 where nothing comes in."""
    out = np.zeros_like(image)
    height, width = image.shape[:2]
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                out[row, column] = image[row - down, column - right]
    return out


@ALGORITHMS
@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 3)], ids=["grey", "colour"])
@pytest.mark.parametrize("pixels", [1, 2])
def test_a_shift_moves_each_image_by_whole_pixels_each_way_equally_often(shape, pixels, algorithm):
    layer = built(shape, algorithm=algorithm, shift=pixels).get_layer("shift")
    images = numbered(shape, 5000)
    ways = range(-pixels, pixels + 1)
    expected = {moved(images[0], down, right).tobytes(): (down, right) for down in ways for right in ways}
    found = [expected.get(image.tobytes()) for image in drawn(layer, images, algorithm)]
    assert None not in found
    counts = [found.count(way) for way in expected.values()]
    assert len(counts) == (2 * pixels + 1) ** 2 and chisquare(counts).pvalue > 1e-3
    np.testing.assert_array_equal(layer(images, training=False), images)


@ALGORITHMS
@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 3)], ids=["grey", "colour"])
def test_a_flip_mirrors_half_of_the_images_left_to_right(shape, algorithm):
    layer = built(shape, algorithm=algorithm, flip=True).get_layer("flip")
    images = numbered(shape, 2000)
    out = drawn(layer, images, algorithm)
    mirrored = (out == images[:, :, ::-1]).reshape(len(out), -1).all(1)
    untouched = (out == images).reshape(len(out), -1).all(1)
    assert (mirrored ^ untouched).all()
    assert abs(mirrored.mean() - 0.5) < 4 * np.sqrt(0.25 / len(out))
    np.testing.assert_array_equal(layer(images, training=False), images)


@ALGORITHMS
def test_moved_and_mirrored_images_keep_their_own_pixels(algorithm):
    """Each image of a batch is moved, not its neighbour put in its place."""
    net = built((6, 7), algorithm=algorithm, shift=1, flip=True)
    images = np.full((500, 6, 7), np.arange(1, 501)[:, None, None], np.float32)
    out = drawn(net.get_layer("flip"), drawn(net.get_layer("shift"), images, algorithm), algorithm)
    np.testing.assert_array_equal(out.max(axis=(1, 2)), images[:, 0, 0])
    assert set(np.unique((out == 0).sum(axis=(1, 2)))) == {0, 6, 7, 12}


# --- Early stopping ---


def keras_s(curve, settings):
    """What Keras's callback makes of a validation curve: the last epoch, and the epoch of the weights in the end."""
    model = SimpleNamespace(weights=0, stop_training=False)
    model.get_weights, model.set_weights = lambda: model.weights, lambda weights: vars(model).update(weights=weights)
    mode = "min" if settings["monitor"] == "loss" else "max"
    callback = keras.callbacks.EarlyStopping(
        monitor="watched", mode=mode, patience=settings["patience"], min_delta=settings["min_delta"],
        restore_best_weights=settings["restore_best"], start_from_epoch=settings["warmup_epochs"],
    )  # fmt: skip
    callback.set_model(model)
    callback.on_train_begin()
    for number, value in enumerate(curve):
        model.weights = number + 1
        callback.on_epoch_end(number, {"watched": value})
        if model.stop_training:
            break
    last = model.weights
    callback.on_train_end()
    return last, model.weights


def patience(**changes):
    plain = {"name": "patience", "monitor": "loss", "patience": 2, "min_delta": 0.0, "warmup_epochs": 0}
    return {**plain, "restore_best": True, **changes}


PATIENT = [
    patience(), patience(patience=1), patience(patience=3, min_delta=0.03), patience(monitor="accuracy"),
    patience(warmup_epochs=3), patience(warmup_epochs=4, patience=1, min_delta=0.03), patience(restore_best=False),
    patience(patience=30), patience(warmup_epochs=30), patience(monitor="accuracy", min_delta=0.03, warmup_epochs=2),
]  # fmt: skip


@pytest.mark.parametrize("settings", PATIENT, ids=str)
def test_early_stopping_ends_and_restores_where_keras_does(settings):
    """On random curves: a third off the grid, a third on it, where comparisons hang on rounding, and a third a billionth off."""
    rng = np.random.default_rng(2)
    outcomes = set()
    for number in range(300):
        off = (1e-4, 0.0, 1e-9)[number % 3]
        curve = (
            (500 + np.cumsum(rng.integers(-4, 5, 8)) * 10) / 1000 + rng.permutation(8) * off
        ).tolist()  # as fit logs it
        stopping, last = EarlyStopping(settings), 0
        for last, value in enumerate(curve, start=1):  # noqa: B007
            stopping.is_best({"loss": value, "accuracy": value})
            if stopping.over:
                break
        counts = stopping.best_epoch if stopping.restores else last
        assert (last, counts) == keras_s(curve, settings)
        outcomes.add((last, counts))
    limit = settings["patience"] + settings["warmup_epochs"] >= 8
    assert len(outcomes) > 2 or (limit and {last for last, _ in outcomes} == {8})


@pytest.fixture(scope="module")
def scripted(digits_data):
    """A training whose validation figures are a given curve: the engine, its run, and the weights after each epoch."""
    arm = arm_runs(resolved(**{**SMALL, **SGD, "epochs": 8}), digits_data)
    train_epoch = arm.engine.train_epoch

    def run(curve, settings):
        snapshots, left = [], list(curve)

        def epoch_then_snapshot(order):
            made = train_epoch(order)
            snapshots.append(arm.engine.weights())
            return made

        def validation(self):
            value = left.pop(0) if left else 0.5
            return {"validation/accuracy": value, "validation/loss": value}

        arm.recipe = {**arm.recipe, "early_stopping": settings}
        arm.engine.train_epoch = epoch_then_snapshot
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Evaluation, "validation", validation)
            return arm.engine, arm.train(0), snapshots

    return run


CURVE = [0.9, 0.5, 0.7, 0.6, 0.49, 0.8, 0.47, 0.9]


@pytest.mark.parametrize(
    ("settings", "last", "counts"),
    [
        (patience(), 4, 2),
        (patience(patience=3), 8, 7),  # the limit on epochs comes first
        (patience(patience=3, min_delta=0.02), 5, 2),
        (patience(monitor="accuracy"), 3, 1),
        (patience(warmup_epochs=2), 7 + 1, 7),
        (patience(warmup_epochs=2, patience=1), 6, 5),
        (patience(warmup_epochs=8), 8, 8),
        (patience(restore_best=False), 4, 4),
        ({"name": "none"}, 8, 8),
    ],
    ids=str,
)
def test_a_training_with_a_scripted_curve_ends_with_the_weights_of_its_best_epoch(scripted, settings, last, counts):
    engine, run, snapshots = scripted(CURVE, settings)
    assert (run.stopped_epoch, run.restored_epoch, len(snapshots)) == (last, counts, last)
    if settings["name"] != "none":
        assert (last, counts) == keras_s(CURVE, settings)
    assert apart(engine.weights(), snapshots[counts - 1]) == 0
    others = [weights for number, weights in enumerate(snapshots, start=1) if number != counts]
    assert all(apart(engine.weights(), weights) > 0 for weights in others)


# --- Settings without effect ---


OFF = {
    "dropout": 0, "input_dropout": 0, "spatial_dropout": 0, "l1": 0, "l2": 0, "activity_l1": 0, "activity_l2": 0,
    "max_norm": 0, "label_smoothing": 0, "shift": 0, "flip": False, "clipping": "none", "warmup": 0,
    "weight_decay": "none", "normalisation": "none", "schedule": "none", "early_stopping": "none",
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), OFF.items())
def test_a_part_switched_off_leaves_the_recipe_without_it(key, value):
    """The same fingerprint, so the same training: 0 is 0.0, and a name alone is a choice without settings."""
    assert fingerprint(resolved(**SMALL, **{key: value})) == fingerprint(resolved(**SMALL))


def test_with_every_part_switched_off_training_is_plain_keras_to_the_bit(digits_data):
    changes = {**SGD, **OFF, "bias_initialiser": "zeros", "loop": "fit"}
    ours, _ = weights_after(digits_data, 40, **changes)
    start = models.build(resolved(**{**SMALL, **changes}), (8, 8), 10, 0, "philox").get_weights()
    dense = keras.layers.Dense
    plain = keras.Sequential([keras.layers.Flatten(), dense(32, "relu"), dense(16, "relu"), dense(10)])
    plain.build((None, 8, 8))
    plain.set_weights(start)
    plain.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = np.random.default_rng(3).permutation(len(digits_data.x_train))[: 40 * 25]
    images = loops.as_inputs(tf.constant(digits_data.x_train[rows]))
    plain.fit(images, digits_data.y_train[rows], batch_size=25, shuffle=False, verbose=0)
    assert apart(ours, plain.get_weights()) == 0


def history(data, **changes):
    """What three epochs say of themselves."""
    recipe = resolved(**{**copy.deepcopy(SMALL), **SGD, "epochs": 3, "bias_initialiser": "zeros", **changes})
    run = arm_runs(recipe, data).train(0)
    return [run.history, run.metrics, run.learning_rate, [row["weights"] for row in run.layers["end"]]]


@pytest.fixture(scope="module")
def baseline_history(digits_data):
    return history(digits_data)


def same(a, b):
    np.testing.assert_equal(a, b)


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout": [0.0, 0]},
        pytest.param({"early_stopping": patience(patience=3, restore_best=False)}, marks=pytest.mark.long),
        {"early_stopping": patience(patience=1, warmup_epochs=3, restore_best=False)},
        {"schedule": {"name": "reduce_on_plateau", "patience": 3}},
        pytest.param({"schedule": {"name": "step", "factor": 1.0}}, marks=pytest.mark.long),
    ],
    ids=str,
)
def test_a_part_that_never_acts_changes_no_bit(digits_data, baseline_history, changes):
    same(history(digits_data, **changes), baseline_history)


# Here the part is built and acts, by an amount that rounding swallows.
BELOW_ROUNDING = [
    {"l2": 1e-30}, {"activity_l1": 1e-30}, {"weight_decay": {"name": "coupled", "rate": 1e-30}},
    {"clipping": {"name": "norm", "limit": 2.0**30}}, {"max_norm": 1e9},
]  # fmt: skip
ALIKE = [  # computed as one of these is
    {"l1": 1e-30}, {"activity_l2": 1e-30}, {"weight_decay": {"name": "decoupled", "rate": 1e-30}},
    {"clipping": {"name": "value", "limit": 1e9}}, {"clipping": {"name": "global_norm", "limit": 2.0**30}},
]  # fmt: skip


@pytest.mark.parametrize(
    "changes", [*BELOW_ROUNDING, *(pytest.param(each, marks=pytest.mark.long) for each in ALIKE)], ids=str
)
def test_a_part_too_weak_to_act_changes_no_bit(digits_data, baseline_history, changes):
    same(history(digits_data, **changes), baseline_history)


def test_adamw_without_decay_is_adam_to_the_bit(digits_data):
    adamw = {"optimiser": {"name": "adamw", "weight_decay": 0.0}, "learning_rate": 0.003}
    same(history(digits_data, **adamw), history(digits_data, **ADAM))


@pytest.mark.parametrize("name", ["norm", pytest.param("global_norm", marks=pytest.mark.long)])
def test_a_limit_on_norms_that_is_never_reached_changes_gradients_by_rounding_at_most(digits_data, name):
    """g·limit/limit may be a rounding error off g where the limit is no power of two."""
    plain = weights_after(digits_data, 40, **SGD)[0]
    assert apart(plain, weights_after(digits_data, 40, **SGD, clipping={"name": name, "limit": 1e9})[0]) < 1e-5
    assert apart(plain, weights_after(digits_data, 40, **SGD, clipping={"name": name, "limit": 0.01})[0]) > 1e-2


@pytest.mark.parametrize("limit", [0.5, 1.0])
def test_no_unit_s_weights_exceed_the_limit_on_their_norm(digits_data, limit):
    weights = weights_after(digits_data, 10, **SGD, max_norm=limit)[0]
    norms = np.concatenate([np.sqrt(np.square(w.astype(np.float64)).sum(0)) for w in weights if w.ndim == 2])
    assert norms.max() <= limit * (1 + 1e-6) and (norms > 0.999 * limit).sum() > 10


def test_a_limit_on_norms_scales_a_filter_as_a_whole_and_leaves_its_direction():
    recipe = resolved(model=CNN, max_norm=0.5, batch_size=1)
    layer = built((6, 7), model=CNN, max_norm=0.5).get_layer("convolution_2")
    before = layer.kernel.numpy()
    after = layer.kernel.constraint(layer.kernel.value).numpy()
    norms = np.sqrt(np.square(before.astype(np.float64)).sum(axis=(0, 1, 2)))
    assert recipe["max_norm"] == 0.5 and norms.min() > 0.5
    np.testing.assert_allclose(after, before * 0.5 / norms, rtol=1e-5)
