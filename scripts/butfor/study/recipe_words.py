"""Recipes in words: a setting in short, and what one recipe changes in another. Standard library only."""

from __future__ import annotations

import re
from typing import Any

from butfor.study.arm import Recipe

UNSET = "not set"  # an argument of a class or a function, whose own default then holds
CLASS = ("name", "of")
ONE = re.compile(r"\b(1 (?:epoch|step))s\b")  # recipes hold durations in one form


def in_short(value: Any) -> str:
    """A setting as short text, such as `cosine(first_decay=1 epochs)`."""
    if isinstance(value, dict):
        if "name" not in value:
            return ", ".join(f"{key}: {in_short(item)}" for key, item in value.items()) or "none"
        if "score" in value:  # a metric that is watched, which a study file names alone
            return str(value["name"])
        given = (
            value.get("settings") if isinstance(value.get("settings"), dict) else None
        )  # arguments of a class or function
        given = {key: item for key, item in value.items() if key not in CLASS} if given is None else given
        settings = ", ".join(f"{key}={in_short(item)}" for key, item in given.items())
        return f"{_name(value)}({settings})" if settings else _name(value)
    if isinstance(value, list):
        return f"[{', '.join(map(in_short, value))}]"
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    return ONE.sub(r"\1", str(value))


def changes(recipe: Recipe, reference: Recipe, keys: list[str]) -> list[str]:
    """What a recipe changes in its reference under some keys with dots, such as `dropout 0.2 → 0.5`, a text per setting."""
    return [text for key in keys for text in setting_changes(key, _at(reference, key), _at(recipe, key))]


def values_set(recipe: Recipe, reference: Recipe, keys: list[str]) -> list[str]:
    """The same for a narrow place, such as `schedule: cosine_restarts → none`: of what was there before, the name alone."""
    return [
        f"{name}: {_name(before)} → {in_short(after)}"
        for key in keys
        for name, before, after in _settings(key, _at(reference, key), _at(recipe, key))
    ]


def _name(value: Any) -> str:
    """The name of a choice; where that is any class of Keras's, of the class."""
    return str(value.get("of") or value["name"]) if isinstance(value, dict) and "name" in value else in_short(value)


def setting_changes(key: str, before: Any, after: Any) -> list[str]:
    """What becomes of one setting, a text for each setting inside it where both values name the same choice."""
    return [f"{name} {in_short(old)} → {in_short(new)}" for name, old, new in _settings(key, before, after)]


def _settings(key: str, before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Each setting that differs, with its value before and after."""
    alike = isinstance(before, dict) and isinstance(after, dict) and before.get("name") == after.get("name")
    if not alike:
        return [(key, before, after)]
    inner = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    lacking = _lacking(key.rpartition(".")[2])
    sides = [(name, before.get(name, lacking), after.get(name, lacking)) for name in inner]
    return [setting for name, *values in sides for setting in _settings(f"{key}.{name}", *values)]


def _at(recipe: Recipe, key: str) -> Any:
    value: Any = recipe
    block = ""
    for step in key.split("."):
        value = value.get(step, _lacking(block)) if isinstance(value, dict) else None
        block = step
    return value


def _lacking(block: str) -> str | None:
    """What stands for a setting that is not in a block of this name."""
    return UNSET if block == "settings" else None
