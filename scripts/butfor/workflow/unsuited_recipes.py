"""Recipes that the data that are there do not suit, such as an arm that was added since. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from butfor.data.suitability import check_suits


@dataclass(frozen=True)
class Made:
    """What a model is to give for data that are there."""

    task: str
    outputs: tuple[int, ...]
    guessed: bool = False


def refuse_unsuited(needs: dict[str, Any], about: Mapping[str, Any], data_set: str) -> None:
    """Raises DataError. needs: of the recipes, see Plan.largest. about: the data's manifest, or nothing before it is known.
    data_set: its name among several."""
    if about.get("task") and about.get("outputs"):
        check_suits(Made(str(about["task"]), tuple(about["outputs"])), needs, f"data {data_set}".strip())
