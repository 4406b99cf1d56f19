"""The class of an optimiser that a recipe names: of keras.optimizers, or the user's own."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from butfor.errors import did_you_mean
from butfor.recipe.optimisers import ELSEWHERE, class_settings, optimiser_class
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
            f"optimiser.of: expected a class of keras.optimizers, received {name}.{did_you_mean(name, known)} There are"
            f" {', '.join(known)}.",
            written=name,
        )
    return kind  # type: ignore[no-any-return]


def made_of(kind: Kind, settings: dict[str, Any], arguments: dict[str, Any]) -> keras.optimizers.Optimizer:
    """An optimiser of a class. Raises OwnCodeError where it does not take the arguments."""
    is_users = is_own(settings["name"])
    own = settings["name"] if is_users else f"keras.optimizers.{optimiser_class(settings)}"
    if not is_users:
        _refuse_unknown(kind, settings, own)
    try:
        signature = inspect.signature(kind.__init__)
        signature.bind(None, **arguments)
    except TypeError as failure:
        _refuse_unknown(kind, settings, own, failure)
        raise OwnCodeError(
            f"{own}: expected a class that takes {', '.join(arguments)}, received {kind.__name__}{signature}: {failure}. Mend"
            " optimiser.settings, or have a class of your own take **kwargs and hand them on to keras.optimizers.Optimizer."
        ) from None
    with call.attribute_errors_to(settings["name"], "making the optimiser"):
        try:
            return kind(**arguments)
        except (TypeError, ValueError) as failure:
            _refuse_unknown(kind, settings, own, failure)
            if is_users:
                raise
            raise not_taken(settings, failure) from failure


def not_taken(settings: dict[str, Any], failure: Exception) -> OwnCodeError:
    """The error of a class of keras.optimizers that does not work with the values of its settings."""
    name, given = optimiser_class(settings), settings.get("settings")
    return OwnCodeError(f"optimiser.settings: keras.optimizers.{name} does not take {given}: {failure}", written=name)


def _refuse_unknown(kind: Kind, settings: dict[str, Any], own: str, failure: Exception | None = None) -> None:
    """Raises OwnCodeError for a setting that is no argument of the class. failure: what a class of the user's own raised, which
    may know more arguments than it names, and so has to name the setting."""
    known = [name for name in _arguments(kind) if name not in (*ELSEWHERE, "name")]
    for setting in class_settings(settings):
        if setting not in known and (failure is None or f"'{setting}'" in str(failure)):
            raise OwnCodeError(
                f"optimiser.settings.{setting}: expected an argument of {own}, received {setting}."
                f"{did_you_mean(setting, known)} It takes {', '.join(known) or 'learning_rate alone'}.",
                written=setting,
            ) from failure


def _arguments(kind: Kind) -> list[str]:
    """The names of the arguments of a class, with those that it hands on to the classes that it is made of."""
    names: dict[str, None] = {}
    for each in kind.__mro__:
        if "__init__" not in vars(each):
            continue
        parameters = inspect.signature(vars(each)["__init__"]).parameters.values()
        names |= {one.name: None for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)}
        if all(one.kind is not one.VAR_KEYWORD for one in parameters):
            break
    return [name for name in names if name not in ("self", "coupled_decay")]


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
