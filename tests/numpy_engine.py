"""An engine in NumPy (see butfor/training/protocol), for studies in tests: multilayer perceptrons, TensorFlow not imported.

`BUTFOR_ENGINE=numpy_engine:NumpyEngine`, with this folder on the Python path. It trains recipes with the model mlp, any
initialiser, penalties, dropout, label smoothing, SGD and Adam. It ignores nothing: what it has no code for is refused.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from butfor.data.streamed_array import StreamedArray
from butfor.errors import StudyError
from butfor.fingerprint import digest
from butfor.recipe import schedules, streams
from butfor.recipe.architectures import architecture
from butfor.recipe.initialisers import CUT, law
from butfor.recipe.optimisers import OPTIMISERS
from butfor.records.layer_statistics import DRAWN_IMAGES, layer_row
from butfor.training.protocol import TrialStep, TriedVariable
from butfor.user_code.location import OwnCodeError

OFF = {
    "normalisation": {"name": "none"}, "weight_decay": {"name": "none"}, "clipping": {"name": "none"}, "max_norm": 0.0,
    "loss": {"name": "auto"}, "class_weight": {"name": "none"}, "precision": "float32", "ema": {"name": "none"},
    "activity_l1": 0.0, "activity_l2": 0.0, "shift": 0, "flip": False, "rotation": 0.0, "zoom": 0.0, "noise": 0.0, "cutout": 0,
    "sample_weight": "none", "accumulation": 1, "mixup": 0.0, "cutmix": 0.0, "categories": {"name": "embedded", "width": None},
    "deterministic": False, "matmul_precision": "tf32",
}  # fmt: skip
ACTIVATIONS = {  # the function, and its slope by its value
    "linear": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(np.float32)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
}


class UnsupportedError(StudyError):
    """A recipe that this engine cannot train."""


def drawn(settings, shape, generator):
    """Initial values by the law of an initialiser, float32."""
    promised = law(settings, shape)
    if promised.kind == "constant":
        return np.full(shape, promised.size, np.float32)
    if promised.kind == "uniform":
        return generator.uniform(-promised.size, promised.size, shape).astype(np.float32)
    values = generator.standard_normal(shape)
    while promised.kind == "truncated" and (beyond := np.abs(values) > CUT).any():
        values[beyond] = generator.standard_normal(int(beyond.sum()))
    return (promised.size * values).astype(np.float32)


class Dense:
    """A kernel `(inputs, units)` and a bias `(units,)`."""

    def __init__(self, name, inputs, units, recipe):
        self.name, self.units, self.shape = name, units, [inputs, units]
        self._settings = recipe["layer_initialisers"].get(name, recipe["initialiser"]), recipe["bias_initialiser"]
        self.start(0)

    def start(self, seed):
        kernel, bias = self._settings
        self.kernel = drawn(kernel, self.shape, streams.generator(seed, "weights", self.name))
        self.bias = drawn(bias, [self.units], streams.generator(seed, "biases", self.name))

    def forward(self, x, training):
        self._x = x
        return x @ self.kernel + self.bias

    def backward(self, slope):
        self.gradients = [self._x.T @ slope, slope.sum(axis=0)]
        return slope @ self.kernel.T


class Activation:
    """A function of each value."""

    def __init__(self, name, units, function):
        self.name, self.units, self.function = name, units, function

    def forward(self, x, training):
        self.values = ACTIVATIONS[self.function][0](x)
        return self.values

    def backward(self, slope):
        return slope * ACTIVATIONS[self.function][1](self.values)


class Dropout:
    """Inverted dropout, drawing from the stream of its name; `stream` holds the seed and how often it has drawn."""

    def __init__(self, name, units, rate):
        self.name, self.units, self.rate = name, units, rate
        self.start(0)

    def start(self, seed):
        self.stream = np.array([seed, 0])

    def next_mask(self, shape):
        seed, number = map(int, self.stream)
        generator = np.random.Generator(np.random.PCG64([streams.key(seed, "masks", self.name), number]))
        kept = generator.random(shape, np.float32) >= self.rate
        return kept.astype(np.float32) / np.float32(1 - self.rate)

    def forward(self, x, training):
        if not training:
            return x
        self._mask = self.next_mask(x.shape)
        self.stream[1] += 1
        return x * self._mask

    def backward(self, slope):
        return slope * self._mask


class Flatten:
    """Values in one row per image."""

    name = "flatten"

    def __init__(self, units):
        self.units = units

    def forward(self, x, training):
        return x.reshape(len(x), -1)

    def backward(self, slope):
        return slope


class LayerStack:
    """What the architecture's network is put together from (see recipe/network_parts); `x` is the width so far."""

    def __init__(self, recipe):
        self.recipe, self.layers = recipe, []

    def flatten(self, x):
        return self._added(Flatten(math.prod(x)))

    def dense(self, x, units, layer, activation):
        if activation not in ACTIVATIONS:
            raise UnsupportedError(f"activation: expected one of {', '.join(ACTIVATIONS)}, received {activation}.")
        self._added(Dense(layer, x, units, self.recipe))
        return self._added(Activation(f"{layer}_activation", units, activation))

    def logits(self, x, classes):
        return self._added(Dense("logits", x, classes, self.recipe))

    def dropout(self, x, place=1):
        rates = self.recipe["dropout"]
        return self._dropped(x, f"dropout_{place}", rates[place - 1] if isinstance(rates, list) else rates)

    def input_dropout(self, x):
        return self._dropped(x, "input_dropout", self.recipe["input_dropout"])

    def _dropped(self, x, name, rate):
        return self._added(Dropout(name, x, rate)) if rate else x

    def _added(self, layer):
        self.layers.append(layer)
        return layer.units


class Sgd:
    """Gradient descent with momentum."""

    KEPT = ("momentums",)

    def __init__(self, momentum, nesterov, **others):
        self.momentum, self.nesterov = momentum, nesterov

    def moments(self, shapes):
        return [np.zeros(shape, np.float32) for shape in shapes]

    def step(self, place, gradient, moments, rate, steps):
        moments[place] *= self.momentum
        moments[place] -= rate * gradient
        return self.momentum * moments[place] - rate * gradient if self.nesterov else moments[place]


class Adam:
    """Kingma & Ba 2015, as Keras has it."""

    KEPT = ("momentums", "velocities")

    def __init__(self, beta_1, beta_2, epsilon, amsgrad, **others):
        if amsgrad:
            raise UnsupportedError("optimiser.amsgrad: expected false, received true.")
        self.betas, self.epsilon = (beta_1, beta_2), epsilon

    def moments(self, shapes):
        return [np.zeros(shape, np.float32) for shape in [*shapes, *shapes]]

    def step(self, place, gradient, moments, rate, steps):
        (first, second), (b1, b2) = (moments[place], moments[place + len(moments) // 2]), self.betas
        first += (1 - b1) * (gradient - first)
        second += (1 - b2) * (gradient * gradient - second)
        corrected = rate * math.sqrt(1 - b2 ** (steps + 1)) / (1 - b1 ** (steps + 1))
        return -np.float32(corrected) * first / (np.sqrt(second) + np.float32(self.epsilon))


RULES = {"sgd": Sgd, "adam": Adam}


def inputs_of(images):
    return images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images.astype(np.float32)


def part_of(inputs):
    """All inputs of a part, or of those that stay on disk each when it is read."""
    return inputs.scaled(inputs_of) if isinstance(inputs, StreamedArray) else inputs_of(inputs)


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class NumpyEngine:
    """A multilayer perceptron and its optimiser."""

    def __init__(self, recipe, dataset, rates):
        refuse_unsupported(recipe)
        self.loop = "graph" if recipe["loop"] == "auto" else recipe["loop"]
        self._recipe, self._rates, self._scale = recipe, rates, 1.0
        self._parts = {"train": (part_of(dataset.x_train), dataset.y_train)}
        self._parts["test"] = (part_of(dataset.x_test), dataset.y_test)
        stack = LayerStack(recipe)
        hidden = architecture(recipe["model"]).network(dataset.x_train.shape[1:], recipe["model"], stack)
        stack.logits(hidden, dataset.classes)
        self.layers = stack.layers
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        settings = dict(recipe["optimiser"])
        self._rule = RULES[settings.pop("name")](**settings)
        self.parameters = self.all_parameters = sum(variable.size for variable in self.weights())
        self.probe = NumpyProbe(self)
        self.start(0)

    @classmethod
    def device(cls, threads):
        return f"CPU, {threads} thread" + ("s" if threads > 1 else "")

    @classmethod
    def set_arithmetic(cls, recipe):
        pass

    @classmethod
    def numerics(cls):
        return {"precision": "float32"}

    @classmethod
    def compiled_in(cls, folder, threads, recipe):
        return nullcontext()

    @classmethod
    def build_user_model(cls, recipe, dataset, arm):
        raise OwnCodeError(
            f"{arm}: expected a built-in model, received {recipe['model']['name']}: NumPy trains no others."
        )

    def structure(self):
        counts = {layer.name: layer.kernel.size + layer.bias.size for layer in self.dense}
        return [
            {
                "layer": layer.name,
                "class": type(layer).__name__,
                "shape": [layer.units],
                "parameters": counts.get(layer.name, 0),
            }
            for layer in self.layers
        ]

    def optimiser(self):
        settings = {key: value for key, value in self._recipe["optimiser"].items() if key != "name"}
        none = dict.fromkeys(("weight_decay", "clipnorm", "global_clipnorm", "clipvalue"))
        return {"class": OPTIMISERS[self._recipe["optimiser"]["name"]], **none, **settings}

    def takes(self, dataset, rates):
        return False

    def start(self, seed):
        for layer in self.layers:
            if hasattr(layer, "start"):
                layer.start(seed)
        self._moments = self._rule.moments([variable.shape for variable in self.weights()])
        self._steps = np.zeros(1, np.int64)
        self.scale_rates(1.0)

    def train_epoch(self, order):
        images, labels = self._parts["train"]
        used = schedules.scaled(self._rates[int(self._steps[0]) :][: len(order)], self._scale)
        with np.errstate(all="ignore"):
            losses = [self._step(images[rows], labels[rows], rate) for rows, rate in zip(order, used, strict=True)]
            return used, float(np.mean(losses))

    def try_step(self, order, step):
        images, labels = (part[order[0]] for part in self._parts["train"])
        names = [f"{layer.name}/{kind}" for layer in self.dense for kind in ("kernel", "bias")]
        before, streams = dict(zip(names, self.weights(), strict=True)), [x.stream.copy() for x in self._dropouts()]
        with np.errstate(all="ignore"):
            logits = self.forward(images, training=True)
            loss = self.objective(logits, labels)
            self.backward((np.exp(log_softmax(logits)) - self._targets(labels, logits)) / np.float32(len(labels)))
        gradients = [gradient for layer in self.dense for gradient in layer.gradients]
        for layer, stream in zip(self._dropouts(), streams, strict=True):
            layer.stream = stream
        self._steps[:] = step
        _, objective = self.train_epoch(order[:1])
        after, count = self.weights(), len(names)
        moments = [dict(zip(self._rule.KEPT, self._moments[n::count], strict=False)) for n in range(count)]
        variables = {
            name: TriedVariable(before[name], after[n], gradients[n], moments[n]) for n, name in enumerate(names)
        }
        return TrialStep(objective, loss, "", "float32", variables, {})

    def _step(self, images, labels, rate):
        logits = self.forward(images, training=True)
        loss = self.objective(logits, labels) + self.penalty()
        self.backward((np.exp(log_softmax(logits)) - self._targets(labels, logits)) / np.float32(len(labels)))
        l1, l2, steps = np.float32(self._recipe["l1"]), np.float32(self._recipe["l2"]), int(self._steps[0])
        for number, layer in enumerate(self.dense):
            kernel, bias = layer.gradients
            kernel = kernel + l1 * np.sign(layer.kernel) + 2 * l2 * layer.kernel
            layer.kernel += self._rule.step(2 * number, kernel, self._moments, rate, steps)
            layer.bias += self._rule.step(2 * number + 1, bias, self._moments, rate, steps)
        self._steps += 1
        return loss

    def forward(self, x, training):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, slope):
        for layer in reversed(self.layers):
            slope = layer.backward(slope)

    def objective(self, logits, labels):
        return float(-(self._targets(labels, logits) * log_softmax(logits)).sum(axis=1).mean())

    def _targets(self, labels, logits):
        smoothing = np.float32(self._recipe["label_smoothing"])
        return np.eye(logits.shape[1], dtype=np.float32)[labels] * (1 - smoothing) + smoothing / logits.shape[1]

    def penalty(self):
        l1, l2 = self._recipe["l1"], self._recipe["l2"]
        kernels = [layer.kernel for layer in self.dense] if l1 or l2 else []
        return float(sum(l1 * np.abs(w).sum() + l2 * np.square(w).sum() for w in kernels))

    def scale_rates(self, scale):
        self._scale = scale

    def evaluate(self, part, rows):
        return self.figures_and_scores(part, rows)[0]

    def figures_and_scores(self, part, rows):
        logits, labels = self.scores(part, rows), self._parts[part][1][rows]
        with np.errstate(all="ignore"):
            own = log_softmax(logits)[np.arange(len(rows)), labels]
        return {"accuracy": float((logits.argmax(axis=1) == labels).mean()), "loss": float(-own.mean())}, logits

    def scores(self, part, rows):
        with np.errstate(all="ignore"):
            return self.forward(self._parts[part][0][rows], training=False)

    def cost(self, batch_sizes):
        operations = sum(2 * layer.kernel.size for layer in self.dense)
        return {"operations": operations, "latency": {str(size): [0.5, 1.0] for size in batch_sizes}}

    def weights(self):
        return [variable.copy() for layer in self.dense for variable in (layer.kernel, layer.bias)]

    def set_weights(self, weights):
        for number, layer in enumerate(self.dense):
            layer.kernel, layer.bias = weights[2 * number].copy(), weights[2 * number + 1].copy()

    def resumable(self):
        return True

    def state(self):
        others = [*(layer.stream for layer in self._dropouts()), *self._moments, self._steps]
        return [*self.weights(), *(array.copy() for array in others)]

    def resume(self, state):
        weights, draws = 2 * len(self.dense), len(self._dropouts())
        self.set_weights(state[:weights])
        for layer, stream in zip(self._dropouts(), state[weights : weights + draws], strict=True):
            layer.stream = stream.copy()
        *self._moments, self._steps = (array.copy() for array in state[weights + draws :])

    def _dropouts(self):
        return [layer for layer in self.layers if isinstance(layer, Dropout)]

    def save(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as stream:
            np.savez(stream, *self.weights())
        part.replace(path)


class NumpyProbe:
    """What shows the perceptron from outside."""

    def __init__(self, engine):
        self._engine = engine

    def initial_digests(self):
        layers = self._engine.dense
        weights = {layer.name: digest(layer.kernel) for layer in layers}
        return {"weights": weights, "biases": {layer.name: digest(layer.bias) for layer in layers}, "others": {}}

    def random_draws(self) -> dict[str, Any]:
        rows = {}
        for layer in self._engine.layers:
            if isinstance(layer, Dropout):
                mask = layer.next_mask((DRAWN_IMAGES, layer.units))
                share, scale = float((mask == 0).mean()), float(mask.max())
                layer.stream[1] += 1
                then = digest(layer.next_mask((DRAWN_IMAGES, layer.units)))
                layer.stream[1] -= 1
                rows[layer.name] = {
                    "class": "Dropout",
                    "digest": digest(mask),
                    "next": then,
                    "share": share,
                    "scale": scale,
                }
        return rows

    def draws_taken(self):
        return {layer.name: int(layer.stream[1]) for layer in self._engine.layers if isinstance(layer, Dropout)}

    def first_loss(self, images, labels):
        logits = self._engine.forward(inputs_of(images), training=False)
        logs = log_softmax(logits)
        plain = float(-logs[np.arange(len(labels)), labels].mean())
        return {
            "objective": self._engine.objective(logits, labels), "plain": plain, "uniform": float(-logs.mean()),
        }  # fmt: skip

    def penalties(self, images, as_trained=False):
        return {"kernels": self._engine.penalty(), "activations": 0.0}

    def statistics(self, images, labels, as_trained=False):
        engine, functions = self._engine, {}
        with np.errstate(all="ignore"):
            logits = engine.forward(inputs_of(images), training=False)
            slope = np.exp(log_softmax(logits)) - np.eye(logits.shape[1], dtype=np.float32)[labels]
            for layer in reversed(engine.layers):
                if not isinstance(layer, Dropout):
                    slope = layer.backward(slope / np.float32(len(labels)) if layer.name == "logits" else slope)
        for layer in engine.layers:
            if isinstance(layer, Activation):
                functions[layer.name.removesuffix("_activation")] = layer.function, layer.values
        functions["logits"] = "linear", logits
        rows = [(layer, *functions[layer.name]) for layer in engine.dense]
        return [layer_row(x.name, f, x.kernel, x.bias, values, x.gradients[0]) for x, f, values in rows]


def refuse_unsupported(recipe):
    """Raise UnsupportedError for what there is no code for."""
    allowed = {"model": ["mlp"], "optimiser": list(RULES)}
    for key, names in allowed.items():
        if recipe[key]["name"] not in names:
            raise UnsupportedError(f"{key}: expected one of {', '.join(names)}, received {recipe[key]['name']}.")
    for key, off in OFF.items():
        if recipe[key] != off:
            raise UnsupportedError(f"{key}: expected {off}, received {recipe[key]}: NumPy trains without it.")
