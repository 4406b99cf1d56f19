"""The keys that a user's model reads of a recipe while it is built, compared with those that its YAML file declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Recipe = dict[str, Any]


class Reading(dict[str, Any]):
    """A recipe that notes in `keys_read` which of its keys are read, and its model's settings likewise."""

    get, items, values = Mapping.get, Mapping.items, Mapping.values  # type: ignore[assignment]

    def __init__(self, recipe: Recipe) -> None:
        super().__init__({key: Reading(value) if key == "model" else value for key, value in recipe.items()})
        self.keys_read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_read.add(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # without one of its own, {**recipe} would not ask __getitem__


def undeclared(reading: Reading, declared: dict[str, Any]) -> Iterator[str]:
    """A message for keys that were read but not declared, and one for keys that were declared but not read."""
    uses, read = set(declared["uses"]), reading.keys_read - {"model"}
    if read - uses:
        yield f"it reads {listed(read - uses)}, which it does not declare. Write uses: [{listed(uses | read)}]."
    if uses - read:
        yield (
            f"it declares {listed(uses - read)}, and did not read it in this arm, where it would change nothing."
            f" Take it out of `uses` in its YAML file, or use it whatever the other settings are. If this arm's structure cannot,"
            " name a model of another file in the arm, whose `uses` lacks it, and take the part out there, as by dropout: 0.0."
        )


def misbuilt(recipe: Recipe, declared: dict[str, Any], layers: set[str], dropouts: int) -> Iterator[str]:
    """A message for declared `layers` that the model does not have, and one for a number of `dropouts` that differs."""
    if missing := set(declared.get("layers", [])) - layers:
        yield (
            f"it declares the layers {listed(missing)}, which it does not have in this arm. Expected some of"
            f" {listed(layers)}. Call the layers so, or take the names out of `layers`."
        )
    rates = recipe["dropout"]
    if "dropout" in declared["uses"] and not dropouts and rates and not isinstance(rates, list):
        yield (
            f"it uses the recipe's dropout, {rates}, and has no layer of parts.dropout, which alone is proven to drop that"
            " share. Call parts.dropout(x, place), or give the model a setting of its own for the rate of another layer."
        )
    elif "dropouts" in declared:
        expected = sum(rate > 0 for rate in (rates if isinstance(rates, list) else [rates] * declared["dropouts"]))
        if dropouts != expected:
            yield (
                f"expected {expected} layers of parts.dropout, by `dropouts: {declared['dropouts']}` and dropout {rates},"
                f" received {dropouts}. Correct `dropouts`, or call parts.dropout(x, place) for each place."
            )


def settings_without_effect(reading: Reading, settings: Recipe, declared: dict[str, Any]) -> Iterator[str]:
    """A message for each setting of the model's own that was not read although it differs from its default. One with its default
    may stay unread, because some settings act only beside others.
    """
    for key, schema in declared.get("properties", {}).items():
        if key not in reading["model"].keys_read and settings[key] != schema["default"]:
            yield (
                f"its setting {key} is {settings[key]!r} in this arm, and was not read, so that it would change nothing."
                f" Read recipe['model']['{key}'], or take it out of `properties` in its YAML file."
            )


def listed(names: Iterable[str]) -> str:
    """Names in one line."""
    return ", ".join(sorted(names))
