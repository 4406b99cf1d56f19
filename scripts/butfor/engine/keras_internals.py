"""What butfor needs of Keras and Keras has no public name for: one function each, so that one place breaks."""

from __future__ import annotations

from typing import Any, TypeAlias

import keras
from keras.src.utils import naming

Layer: TypeAlias = keras.layers.Layer


def every_layer(model: keras.Model) -> list[Layer]:
    """The model and all layers in it, those inside nested models and inside layers too; `layers` has the outermost only."""
    return list(model._flatten_layers())


def sublayers(layer: Layer) -> list[Layer]:
    """The layers directly inside a layer, in the order in which they were made; those of a model in that of its `layers`."""
    if isinstance(layer, keras.Model):
        return list(layer.layers)
    return list(layer._flatten_layers(include_self=False, recursive=False))


def moments(optimiser: keras.optimizers.Optimizer) -> dict[str, list[Any]]:
    """What an optimiser keeps per trainable variable, in their order, by its name: `momentums`, `velocities`, `accumulators`."""
    count = len(optimiser._trainable_variables)
    kept = {name.strip("_"): value for name, value in vars(optimiser).items() if isinstance(value, list)}
    return {
        name: value
        for name, value in kept.items()
        if name != "trainable_variables" and len(value) == count and all(isinstance(v, keras.Variable) for v in value)
    }


def batches_taken(optimiser: keras.optimizers.Optimizer) -> Any:
    """The variable that counts an optimiser's batches; `iterations` counts updates, of which accumulation makes fewer."""
    return getattr(optimiser, "inner_optimizer", optimiser)._iterations


def averages(optimiser: keras.optimizers.Optimizer) -> list[tuple[Any, Any]]:
    """Each trainable variable with the moving average that the optimiser keeps of it, if it keeps any."""
    if not optimiser.use_ema:
        return []
    pairs = zip(optimiser._trainable_variables, optimiser._model_variables_moving_average, strict=True)
    return [(variable, average) for variable, average in pairs if average is not None]


def loss_sum(model: keras.Model) -> Any:
    """The variable in which Keras's own training step sums the losses of an epoch."""
    return model._loss_tracker.total


def sources_of(layer: Layer) -> list[Layer]:
    """The layers whose values a layer of a functional model takes where it is called first."""
    return [node.operation for node in layer._inbound_nodes[0].parent_nodes] if layer._inbound_nodes else []


def input_names(model: keras.Model) -> list[str] | None:
    """The names of the inputs that a model takes, which Keras drops no others for; None of a subclass, which takes them all."""
    if not getattr(model, "inputs", None):
        return None
    together = getattr(model, "_inputs_struct", None)
    return list(together) if isinstance(together, dict) else [tensor.name for tensor in model.inputs]


def count_names_anew() -> None:
    """Let Keras count what it names itself from the start, as in a process that has built no model yet. `clear_session` does so
    too, and has every compiled function prepared once more, which takes longer than a small training."""
    naming.reset_uids()


def last_function(model: keras.Model) -> str:
    """The name of the function that a functional model's first output comes from, such as `softmax`; that of what is before it
    where its last layers only give the values another shape or type. Empty where Keras does not know."""
    if not getattr(model, "outputs", None):
        return ""
    layer = model.outputs[0]._keras_history.operation
    while True:
        if isinstance(layer, keras.Model):
            return last_function(layer)
        function = getattr(layer, "activation", None)
        name = getattr(function, "__name__", type(layer).__name__.lower())
        shapes = isinstance(layer, keras.layers.Reshape | keras.layers.Flatten | keras.layers.Identity)
        if not shapes and not (isinstance(layer, keras.layers.Activation) and name == "linear"):
            return str(name)
        parents = layer._inbound_nodes[0].parent_nodes if layer._inbound_nodes else []
        if len(parents) != 1:
            return ""
        layer = parents[0].operation
