"""The parts that a recipe gives a model of one's own: `Parts`, which `build` is given, and the type of what it connects."""

from butfor.engine.keras_parts import Parts
from butfor.recipe.network_parts import Tensor

__all__ = ["Parts", "Tensor"]
