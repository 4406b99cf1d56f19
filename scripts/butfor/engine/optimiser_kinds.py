"""The class of an optimiser that a recipe names: of keras.optimizers, or the user's own."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from butfor.recipe.optimisers import optimiser_class
from butfor.user_code import call
from butfor.user_code.location import OwnCodeError, is_own

Kind = type[keras.optimizers.Optimizer]
# Made of other optimisers, or training other weights than a model predicts by between its epochs.
UNFIT = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "ScheduleFreeAdamW")


def optimiser_kind(settings: dict[str, Any]) -> Kind:
    """The class that the settings of an optimiser name. Raises OwnCodeError."""
    if is_own(settings["name"]):
        return _of_user(settings["name"])
    name = optimiser_class(settings)
    kind: Any = getattr(keras.optimizers, name, None)
    if not _is_kind(kind) or name in UNFIT:
        known = sorted(other for other, each in vars(keras.optimizers).items() if _is_kind(each) and other not in UNFIT)
        raise OwnCodeError(
            f"optimiser.of: expected a class of keras.optimizers, received {name}. There are {', '.join(known)}."
        )
    return kind  # type: ignore[no-any-return]


def made_of(kind: Kind, settings: dict[str, Any], arguments: dict[str, Any]) -> keras.optimizers.Optimizer:
    """An optimiser of a class. Raises OwnCodeError where it does not take the arguments."""
    own = settings["name"] if is_own(settings["name"]) else f"keras.optimizers.{optimiser_class(settings)}"
    try:
        signature = inspect.signature(kind.__init__)
        signature.bind(None, **arguments)
    except TypeError as failure:
        raise OwnCodeError(
            f"{own}: expected a class that takes {', '.join(arguments)}, received {kind.__name__}{signature}: {failure}. Mend"
            " optimiser.settings, or have a class of your own take **kwargs and hand them on to keras.optimizers.Optimizer."
        ) from None
    with call.attribute_errors_to(settings["name"], "making the optimiser"):
        try:
            return kind(**arguments)
        except (TypeError, ValueError) as failure:
            if is_own(settings["name"]):
                raise
            raise OwnCodeError(
                f"optimiser.settings: {own} does not take {settings.get('settings')}: {failure}"
            ) from failure


def _is_kind(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, keras.optimizers.Optimizer)


def _of_user(name: str) -> Kind:
    kind: Any = call.load(name)
    if not _is_kind(kind):
        raise OwnCodeError(
            f"{name}: expected a class made of keras.optimizers.Optimizer, received"
            f" {kind.__name__ if inspect.isclass(kind) else f'a {type(kind).__name__}'}."
            f" Write class {name.partition(':')[2]}(keras.optimizers.Optimizer)."
        )
    return kind  # type: ignore[no-any-return]
