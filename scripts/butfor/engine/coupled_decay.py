"""Weight decay that is coupled to the gradient, as L2 is: for any of Keras's optimisers, on any of its backends."""

from __future__ import annotations

import re
from typing import Any

from butfor.recipe.optimisers import NOT_DECAYED


def with_coupled_decay(kind: Any) -> Any:
    """The optimiser class `kind` with a setting `coupled_decay`: gradients to which so many times the weights are added."""

    class Coupled(kind):  # type: ignore[misc]
        """The optimiser `kind` on gradients to which `coupled_decay`·w was added."""

        def __init__(self, coupled_decay: float, **settings: Any) -> None:
            super().__init__(**settings)
            self.coupled_decay = coupled_decay

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            decays = not re.search(NOT_DECAYED, variable.name)
            super().update_step(
                gradient + self.coupled_decay * variable if decays else gradient, variable, learning_rate
            )

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "coupled_decay": self.coupled_decay}

    Coupled.__name__ = kind.__name__
    return Coupled
