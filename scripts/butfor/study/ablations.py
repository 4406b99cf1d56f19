"""Ablations: the entries of a study file, and the arms that they make.

An entry has exactly one of: `set` (one arm), `each` (the levels of one key), `remove_each` (the reference without one part,
part by part), `add_each` (a bare recipe with one part, part by part), `grid` (every combination of levels).
Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from butfor.errors import StudyFileError
from butfor.study.arm import BASELINE, Arm, Recipe

Resolve = Callable[[str, Recipe], Recipe]
Levels = tuple[tuple[str, str], ...]

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PERIODIC = re.compile(r"(.+?)\1{19,}$")  # Snakemake takes such a name for a wildcard that grows without end

FORMS = ("set", "each", "remove_each", "add_each", "grid")


class PlanError(StudyFileError):
    """Ablations that cannot be made into arms."""


class Entry:
    """An entry under `ablations:`, which makes one arm or several; `off`: each part of a recipe with its value for none."""

    def __init__(self, name: Any, entry: dict[str, Any], off: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise PlanError(
                f"ablations: the name {name!r} is not text (YAML reads off, no, 1 and the like so): quote it."
            )
        _check_name(name)
        forms = [form for form in FORMS if form in entry]
        if len(forms) != 1:
            raise PlanError(
                f"ablations.{name}: expected exactly one of {', '.join(FORMS)}, received {forms or 'none'}."
            )
        self.name, self.form, self.body, self.off = name, forms[0], entry[forms[0]], off
        self.reference: str = entry["from"]
        self.family: str = entry.get("family") or ("others" if self.form == "set" else name)
        self.compared: bool = entry["compare"]

    def arms(self, arms: dict[str, Arm], resolve: Resolve) -> Iterator[Arm]:
        """The arms that the entry makes. arms: those made so far, its reference among them. Raises PlanError."""
        reference = arms[self.reference]
        if self.form == "add_each":
            yield from self._arms_with_one_part(arms, resolve)
            return
        for name, changes, levels in self._changes(reference.recipe):
            arm = _changed(name, reference, changes, self.family, resolve)
            if self.form == "grid" and not arm.changed:
                continue  # the cell of the reference itself
            cell = replace(arm, grid=self.name, levels=levels) if levels else arm
            yield cell if self.compared else Arm(arm.name, arm.recipe)

    def _changes(self, recipe: Recipe) -> Iterator[tuple[str, Recipe, Levels]]:
        """Each arm's name, what it changes, and its levels if it is a cell of a grid."""
        if self.form == "set":
            yield self.name, self.body, ()
        elif self.form == "each":
            (key, levels), *_ = self.body.items()
            for name, value in self._levels(key, levels):
                yield name, {key: value}, ()
        elif self.form == "remove_each":
            for part in self._parts(recipe):
                prefix = "" if self.reference == BASELINE else f"{self.reference}_"
                yield f"{prefix}no_{part}", {part: self.off[part]}, ()
        else:
            yield from self._cells()

    def _levels(self, key: str, levels: Any) -> list[tuple[str, Any]]:
        if isinstance(levels, dict):
            return list(levels.items())
        if not isinstance(levels, list) or not levels:
            raise PlanError(
                f"ablations.{self.name}.{self.form}.{key}: expected a list of levels or {{arm name: value}}."
            )
        return [(_level_name(key, level), level) for level in levels]

    def _cells(self) -> Iterator[tuple[str, Recipe, Levels]]:
        factors = [[(key, *level) for level in self._levels(key, levels)] for key, levels in self.body.items()]
        for cell in itertools.product(*factors):
            levels = tuple((key, str(name)) for key, name, _ in cell)
            yield "__".join(name for _, name in levels), {key: value for key, _, value in cell}, levels

    def _parts(self, recipe: Recipe) -> list[str]:
        if self.body == "all":
            return [part for part, value in self.off.items() if not _is_off(recipe[part], value)]
        for part in self.body:
            if part not in self.off:
                raise PlanError(
                    f"ablations.{self.name}: {part} is no part of a recipe that can be off. Parts: {', '.join(self.off)}."
                )
            if self.form == "remove_each" and _is_off(recipe[part], self.off[part]):
                raise PlanError(
                    f"ablations.{self.name}: {part} is already off in {self.reference}, so removing it changes nothing."
                )
        return list(self.body)

    def _arms_with_one_part(self, arms: dict[str, Arm], resolve: Resolve) -> Iterator[Arm]:
        full = arms[BASELINE].recipe
        parts = self._parts(full)
        bare = arms[self.reference]
        if self.reference == BASELINE:
            bare = _changed("bare", bare, {part: self.off[part] for part in parts}, self.family, resolve)
            yield bare
        for part in parts:
            yield _changed(f"only_{part}", bare, {part: full[part]}, self.family, resolve)


def _changed(name: str, reference: Arm, changes: Recipe, family: str, resolve: Resolve) -> Arm:
    """The arm that differs from its reference by these changes, each a recipe key with dots and its value."""
    _check_name(name)
    recipe = json.loads(json.dumps(reference.recipe))
    for key, value in changes.items():
        *blocks, last = key.split(".")
        inside = recipe
        for block in blocks:
            inside = inside.get(block)
            if not isinstance(inside, dict):
                raise PlanError(f"ablations: {name} sets {key}, but {block} has no settings in {reference.name}.")
        inside[last] = value
    recipe = resolve(name, recipe)
    changed = tuple(key for key in changes if _value_at(recipe, key) != _value_at(reference.recipe, key))
    return Arm(name, recipe, reference.name, family, changed)


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not SAFE_NAME.fullmatch(name) or name.endswith(".") or PERIODIC.search(name):
        raise PlanError(
            f"ablations: {name!r} is not safe as a folder's name. Expected at most 64 letters, digits, '_', '-' and '.',"
            " beginning with a letter or digit, none of them 20 times over. Give the level a name of its own: {name: value}."
        )


def _value_at(recipe: Recipe, key: str) -> Any:
    value: Any = recipe
    for step in key.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_off(resolved: Any, off: Any) -> bool:
    return bool((resolved["name"] if isinstance(resolved, dict) else resolved) == off)


def _level_name(key: str, level: Any) -> str:
    short = key.rsplit(".", 1)[-1]
    value = level.get("name") if isinstance(level, dict) else level
    if isinstance(value, list):
        value = "x".join(map(str, value))
    return f"{short}_{str(value).lower() if isinstance(value, bool) or value is None else value}"
