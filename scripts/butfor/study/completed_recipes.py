"""Recipes completed by the schema, each value of each key once: the arms of a study differ from one another in a few keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from butfor.errors import StudyError
from butfor.study.arm import Recipe
from butfor.study.schema import Schema, complete, completer


class CompletedRecipes:
    """Completes the recipes of one study (see schema.complete), and remembers the values that were right.

    schema: that of a recipe, whose keys do not depend on each other. root: the whole schema. What has been completed is
    shared by the recipes, as none of them is ever changed.
    """

    def __init__(self, schema: Schema, root: Schema) -> None:
        self._schema, self._root = schema, root
        self._known: dict[tuple[str, str], Any] = {}
        self._completers: dict[str, Callable[[Any], Any]] = {}

    def complete(self, written: Recipe, where: str) -> Recipe:
        """A recipe with every default filled in. Raises ConfigError, or SeveralErrors of them, as schema.complete does."""
        properties = self._schema["properties"]
        marks = {key: (key, repr(value)) for key, value in written.items()}  # which tells 1 from 1.0 and from True
        new = [key for key, mark in marks.items() if mark not in self._known]
        absent = [key for key in properties if key not in written]
        made: Recipe = {}
        if any(key not in properties for key in new):
            return self._whole(written, where)
        try:
            self._known.update({marks[key]: self._completer(key)(written[key]) for key in new})
            if absent:
                part = {**self._schema, "properties": {key: properties[key] for key in absent}}
                made = complete({}, part, self._root, where)
        except StudyError:
            return self._whole(written, where)
        return {key: self._known[mark] for key, mark in marks.items()} | {
            key: made[key] for key in absent if key in made
        }

    def _completer(self, key: str) -> Callable[[Any], Any]:
        if key not in self._completers:
            self._completers[key] = completer(self._schema["properties"][key], self._root)
        return self._completers[key]

    def _whole(self, written: Recipe, where: str) -> Recipe:
        """With all that is wrong in one go."""
        completed: Recipe = complete(written, self._schema, self._root, where)
        return completed
