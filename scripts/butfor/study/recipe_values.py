"""What a recipe has at a key, and whether that is a part that is off. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(recipe: Mapping[str, Any], key: str) -> Any:
    """What a recipe has at a key with dots; None where it has nothing there."""
    value: Any = recipe
    for step in key.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def is_off(resolved: Any, off: Any) -> bool:
    """Whether a value of a part, or the name of what it names, is the one without the part."""
    return bool((resolved["name"] if isinstance(resolved, Mapping) else resolved) == off)
