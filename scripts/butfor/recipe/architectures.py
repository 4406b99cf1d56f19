"""The built-in models: what each is made of, worked out from the recipe before anything is built, and how it is put together.

Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from butfor.recipe.network_parts import NetworkParts, Tensor

Recipe = dict[str, Any]
Model = dict[str, Any]  # the settings under `model` in a recipe


MOVING = ("shift", "flip", "rotation", "zoom")  # keys of a recipe that move what is to be seen in an image


class Architecture(ABC):
    """A family of models, from images to what the layer of logits takes."""

    convolves: ClassVar[bool] = False
    linear_layers: ClassVar[bool] = False  # whether some hidden layers have no activation function of their own

    @abstractmethod
    def hidden_layers(self, model: Model) -> dict[str, int]:
        """The hidden layers with kernels, from input to output, with their units or filters."""

    @abstractmethod
    def network(self, x: Tensor, model: Model, parts: NetworkParts) -> Tensor:
        """The last hidden values for images `x`."""

    def dropouts(self, model: Model) -> int:
        """How many layers of `dropout` there are."""
        return 1

    def spatial_dropouts(self, model: Model) -> int:
        """How many layers of `spatial_dropout` there are."""
        return 0

    def smallest_side(self, model: Model) -> int:
        """Pixels that an image must measure each way; 0 where anything will do."""
        return 0

    def problems(self, model: Model) -> list[str]:
        """Settings that do not fit together: the key, what was expected, what was received."""
        return []


class Mlp(Architecture):
    """Dense layers, one after another."""

    def widths(self, model: Model) -> list[int]:
        """The width of each hidden layer."""
        written = model["widths"]
        return list(written) if isinstance(written, list) else [written] * (model["depth"] or 1)

    def hidden_layers(self, model: Model) -> dict[str, int]:
        return {f"hidden_{place}": width for place, width in enumerate(self.widths(model), start=1)}

    def dropouts(self, model: Model) -> int:
        return len(self.widths(model))

    def problems(self, model: Model) -> list[str]:
        if isinstance(model["widths"], list) and model["depth"] is not None:
            return [f"depth: expected null beside a list of widths, received {model['depth']}."]
        return []

    def network(self, x: Tensor, model: Model, parts: NetworkParts) -> Tensor:
        x = parts.input_dropout(parts.flatten(x))
        for place, width in enumerate(self.widths(model), start=1):
            x = parts.dropout(parts.dense(x, width, f"hidden_{place}", model["activation"]), place)
        return x


class Cnn(Architecture):
    """Blocks of one convolution and one pooling, then one dense layer."""

    convolves = True

    def hidden_layers(self, model: Model) -> dict[str, int]:
        blocks = {f"convolution_{place}": filters for place, filters in enumerate(model["filters"], start=1)}
        return {**blocks, "hidden_1": model["width"]}

    def spatial_dropouts(self, model: Model) -> int:
        return len(model["filters"])

    def smallest_side(self, model: Model) -> int:
        return int(2 ** len(model["filters"]))

    def network(self, x: Tensor, model: Model, parts: NetworkParts) -> Tensor:
        x = parts.input_dropout(parts.with_channel(x))
        for place, filters in enumerate(model["filters"], start=1):
            x = parts.convolution(x, filters, model["kernel"], f"convolution_{place}", model["activation"])
            x = parts.spatial_dropout(parts.pooling(x, f"pooling_{place}"), place)
        return parts.dropout(parts.dense(parts.flatten(x), model["width"], "hidden_1", model["activation"]))


class ResidualMlp(Architecture):
    """A dense layer, then blocks of two around which the input is added again: He et al. 2016, figure 2, with dense layers."""

    linear_layers = True

    def hidden_layers(self, model: Model) -> dict[str, int]:
        inside = {f"block_{b}_{half}": model["width"] for b in range(1, model["blocks"] + 1) for half in "ab"}
        return {"stem": model["width"], **inside}

    def dropouts(self, model: Model) -> int:
        return int(model["blocks"])

    def network(self, x: Tensor, model: Model, parts: NetworkParts) -> Tensor:
        activation, width = model["activation"], model["width"]
        x = parts.dense(parts.input_dropout(parts.flatten(x)), width, "stem", activation)
        for place in range(1, model["blocks"] + 1):
            inside = parts.dense(x, width, f"block_{place}_a", activation)
            inside = parts.dense(inside, width, f"block_{place}_b", "linear")
            x = parts.dropout(parts.joined(x, inside, f"block_{place}", activation), place)
        return x


class ResidualCnn(Architecture):
    """Stages of residual blocks, each at half the size: He et al. 2016, figure 3, on the right, without its first pooling."""

    convolves = True
    linear_layers = True

    def hidden_layers(self, model: Model) -> dict[str, int]:
        layers = {"stem": model["filters"][0]}
        for stage, filters in enumerate(model["filters"], start=1):
            for block in range(1, model["blocks"] + 1):
                halves = {f"stage_{stage}_block_{block}_{half}": filters for half in "ab"}
                shortcut = {f"stage_{stage}_shortcut": filters} if stage > 1 and block == 1 else {}
                layers |= {**halves, **shortcut}
        return layers

    def spatial_dropouts(self, model: Model) -> int:
        return len(model["filters"]) * int(model["blocks"])

    def smallest_side(self, model: Model) -> int:
        return int(2 ** (len(model["filters"]) - 1))

    def network(self, x: Tensor, model: Model, parts: NetworkParts) -> Tensor:
        activation, side = model["activation"], model["kernel"]
        x = parts.convolution(parts.input_dropout(parts.with_channel(x)), model["filters"][0], side, "stem", activation)
        number = 0
        for stage, filters in enumerate(model["filters"], start=1):
            for block in range(1, model["blocks"] + 1):
                number += 1
                name, stride = f"stage_{stage}_block_{block}", 2 if stage > 1 and block == 1 else 1
                inside = parts.convolution(x, filters, side, f"{name}_a", activation, stride)
                inside = parts.convolution(inside, filters, side, f"{name}_b", "linear")
                if stage > 1 and block == 1:
                    x = parts.convolution(x, filters, 1, f"stage_{stage}_shortcut", "linear", stride)
                x = parts.spatial_dropout(parts.joined(x, inside, name, activation), number)
        return parts.dropout(parts.mean_over_pixels(x, "pooling"))


ARCHITECTURES: dict[str, Architecture] = {
    "mlp": Mlp(),
    "cnn": Cnn(),
    "residual_mlp": ResidualMlp(),
    "residual_cnn": ResidualCnn(),
}


def architecture(model: Model) -> Architecture:
    """That of a built-in model."""
    return ARCHITECTURES[model["name"]]


def dropout_rates(recipe: Recipe) -> list[float]:
    """The rate after each hidden dense layer, whether written as one or as a list; for a built-in model."""
    rates = recipe["dropout"]
    return list(rates) if isinstance(rates, list) else [rates] * architecture(recipe["model"]).dropouts(recipe["model"])


def smallest_side(recipe: Recipe) -> int:
    """Pixels that an image must measure each way for the recipe to make sense; 0 where anything will do."""
    model = recipe["model"]
    needed = ARCHITECTURES[model["name"]].smallest_side(model) if model["name"] in ARCHITECTURES else 0
    moved: list[int] = [recipe[key] + 1 for key in ("shift", "cutout") if recipe[key]]
    turned = [1 for key in MOVING if recipe[key]]
    turned += [2] if recipe["cutmix"] else []
    return max(needed, *moved, *turned, 0)
