"""Ablations: the entries of a study file, and the arms that they make.

An entry has exactly one of: `set` (one arm), `each` (the levels of one key), `remove_each` (the reference without one part,
part by part), `add_each` (a bare recipe with one part, part by part), `grid` (every combination of levels).
Standard library only, because every job of a cluster run parses it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from butfor.errors import Errors, Place, SeveralErrors, StudyError, StudyFileError
from butfor.study.arm import BASELINE, UNGROUPED, Arm, Recipe
from butfor.study.arm_labels import Labels, label_in, wrong_labels
from butfor.study.recipe_values import is_off, value_at
from butfor.user_code.location import is_own

Resolve = Callable[[str, Recipe], Recipe]
Levels = tuple[tuple[str, str], ...]

SAFE_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
MOST_BYTES = 200  # of a name, to which others are added where it names a file
PERIODIC = re.compile(r"(.+?)\1{19,}$")  # Snakemake takes such a name for a wildcard that grows without end

FORMS = ("set", "each", "remove_each", "add_each", "grid")


class PlanError(StudyFileError):
    """Ablations that cannot be made into arms."""


class NothingNewError(PlanError):
    """An arm that would change nothing, as the recipes are read. key: of the recipe, the one that says so, if it is one."""

    def __init__(self, message: str, at: Place, key: str = "") -> None:
        super().__init__(message, at)
        self.key = key


class Entry:
    """An entry under `ablations:`, which makes one arm or several; `off`: each part of a recipe with its value for none."""

    def __init__(self, name: Any, entry: dict[str, Any], off: dict[str, Any]) -> None:
        self.at = ("ablations", name)
        if not isinstance(name, str):
            raise PlanError(
                f"ablations: the name {name!r} is not text (YAML reads off, no, 1 and the like so): quote it.", self.at
            )
        _check_name(name, self.at)
        forms = [form for form in FORMS if form in entry]
        if len(forms) != 1:
            received = " and ".join(forms) or "none"
            raise PlanError(
                f"ablations.{name}: expected exactly one of {', '.join(FORMS)}, received {received}.", self.at
            )
        self.name, self.form, self.body, self.off = name, forms[0], entry[forms[0]], off
        self.reference: str = entry["from"]
        self.family: str = entry.get("family") or (UNGROUPED if self.form == "set" else name)
        self.compared: bool = entry["compare"]
        self.primary: bool = entry["primary"]
        only: str | list[str] = entry.get("only", [])
        self.labels: Labels = entry.get("label", "")
        self.only: list[str] = [only] if isinstance(only, str) else only
        self._mistakes: set[tuple[Place, str]] = set()

    def arms(self, arms: dict[str, Arm], resolve: Resolve, errors: Errors) -> Iterator[Arm]:
        """The arms that the entry makes. arms: those made so far, its reference among them. errors: takes what is wrong with
        one of them, which is then left out. Raises PlanError for what is wrong with all."""
        made = []
        for arm in self._made(arms, resolve, errors):
            made.append(arm.name)
            yield replace(arm, label=label_in(self.labels, arm.name))
        if not errors.every and (problem := wrong_labels(self.name, self.labels, made)):
            raise PlanError(problem, (*self.at, "label"))

    def _made(self, arms: dict[str, Arm], resolve: Resolve, errors: Errors) -> Iterator[Arm]:
        reference = arms[self.reference]
        if self.form == "add_each":
            yield from self._arms_with_one_part(arms, resolve, errors)
            return
        for name, changes, levels in self._changes(reference.recipe):
            arm = self._arm(name, reference, changes, resolve, errors)
            if arm is None or (self.form == "grid" and not arm.changed):
                continue  # the cell of the reference itself
            cell = replace(arm, grid=self.name, levels=levels) if levels else arm
            yield cell if self.compared else Arm(arm.name, arm.recipe)

    def _arm(self, name: str, reference: Arm, changes: Recipe, resolve: Resolve, errors: Errors) -> Arm | None:
        try:
            return replace(_changed(name, reference, changes, self.family, resolve), primary=self.primary)
        except StudyError as error:
            for each in error.errors if isinstance(error, SeveralErrors) else [error]:
                place = self._place(getattr(each, "at", ()), changes)
                mistake = (place, str(each).removeprefix(f"ablations.{name}"))
                if mistake not in self._mistakes:  # of a grid, once for all cells of a level
                    errors.add(StudyFileError(str(each), place) if isinstance(each, StudyFileError) else each)
                self._mistakes.add(mistake)
        return None

    def _place(self, inside: Place, changes: Recipe) -> Place:
        """The place in the study file of what is wrong `inside` a recipe: the change that it belongs to."""
        for key in changes:
            steps = tuple(key.split("."))
            if inside[: len(steps)] == steps:
                return (*self.at, self.form, key, *inside[len(steps) :])
        return (*self.at, self.form)

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
                yield f"{prefix}no_{_short(part)}", {part: self.off[part]}, ()
        else:
            yield from self._cells()

    def _levels(self, key: str, levels: Any) -> list[tuple[str, Any]]:
        if isinstance(levels, dict):
            return list(levels.items())
        if not isinstance(levels, list) or not levels:
            raise PlanError(
                f"ablations.{self.name}.{self.form}.{key}: expected a list of levels or {{arm name: value}}, received"
                f" {levels!r}.{_as_list(key, levels)}",
                (*self.at, self.form, key),
            )
        return [(_level_name(key, level), level) for level in levels]

    def _cells(self) -> Iterator[tuple[str, Recipe, Levels]]:
        factors = [[(key, *level) for level in self._levels(key, levels)] for key, levels in self.body.items()]
        for cell in itertools.product(*factors):
            levels = tuple((key, str(name)) for key, name, _ in cell)
            yield "__".join(name for _, name in levels), {key: value for key, _, value in cell}, levels

    def _parts(self, recipe: Recipe) -> list[str]:
        """The parts that the entry names; a setting of a user's own model by its name alone, or as model.<name>."""
        if self.body == "all":
            return [part for part, value in self.off.items() if not is_off(value_at(recipe, part), value)]
        parts = [part if part in self.off else f"model.{part}" for part in self.body]
        for written, part in zip(self.body, parts, strict=True):
            if part not in self.off:
                raise PlanError(
                    f"ablations.{self.name}: {written} is no part of a recipe that can be off. Parts: {', '.join(self.off)}."
                    f"{_for_a_setting(written, recipe)}",
                    (*self.at, self.form),
                )
            if self.form == "remove_each" and is_off(value_at(recipe, part), self.off[part]):
                raise NothingNewError(
                    f"ablations.{self.name}: {written} is already off in {self.reference}, so removing it changes nothing.",
                    (*self.at, self.form),
                    part.partition(".")[0],
                )
        return parts

    def _arms_with_one_part(self, arms: dict[str, Arm], resolve: Resolve, errors: Errors) -> Iterator[Arm]:
        full = arms[BASELINE].recipe
        parts = self._parts(full)
        bare: Arm | None = arms[self.reference]
        if bare and self.reference == BASELINE:
            bare = self._arm("bare", bare, {part: self.off[part] for part in parts}, resolve, errors)
            if bare:
                yield bare
        for part in parts if bare else []:
            if bare and (arm := self._arm(f"only_{_short(part)}", bare, {part: value_at(full, part)}, resolve, errors)):
                yield arm


def _for_a_setting(written: str, recipe: Recipe) -> str:
    """What to write for a setting that has no value for none; of a user's own model, the model's own file gives it one."""
    key = written.removeprefix("model.")
    model = recipe["model"] if isinstance(recipe.get("model"), dict) else {}
    if key == "name" or key not in model or not is_own(str(model.get("name"))):
        return f" For a setting, write no_{written}: {{set: {{{written}: …}}}}."
    none = "false" if isinstance(model[key], bool) else "…"
    return (
        f" {key} is a setting of {model['name']}: write without: {none} beside its default, in the model's own YAML file, which"
        f" makes it a part; or, for one arm, no_{key}: {{set: {{model.{key}: {none}}}}}."
    )


def _check_replaced(place: str, present: Any, value: Any) -> None:
    """Raise PlanError for settings without a name in place of others, which they would set back to their defaults unsaid."""
    is_on = isinstance(present, dict) and present.get("name", "none") != "none"
    if is_on and isinstance(value, dict) and value and "name" not in value:
        key, setting = place.rpartition(".")[2], next(iter(value))
        raise PlanError(
            f"{place}: expected a name beside settings, received none. To change one and keep the others, write"
            f" {key}.{setting}: {value[setting]}; to replace all, name: {present['name']} with them."
        )


def _changed(name: str, reference: Arm, changes: Recipe, family: str, resolve: Resolve) -> Arm:
    """The arm that differs from its reference by these changes, each a recipe key with dots and its value."""
    _check_name(name)
    recipe, changes = dict(reference.recipe), _folded(name, changes)
    for key, value in changes.items():
        if key.split(".")[0] == "recipe" and "recipe" not in recipe:
            raise PlanError(
                f"ablations.{name}.{key}: expected a key of the recipe, received recipe itself. Leave recipe out."
            )
        *blocks, last = key.split(".")
        inside = recipe
        for block in blocks:
            if not isinstance(inside.get(block), dict):
                raise PlanError(
                    f"ablations.{name}.{key}: expected a setting inside another, received {block}, which has none in"
                    f" {reference.name}.",
                    tuple(key.split(".")),
                )
            inside[block] = dict(inside[block])  # its own, in place of the reference's
            inside = inside[block]
        _check_replaced(f"ablations.{name}.{key}", inside.get(last), value)
        inside[last] = value
    recipe = resolve(name, recipe)
    changed = tuple(key for key in changes if value_at(recipe, key) != value_at(reference.recipe, key))
    return Arm(name, recipe, reference.name, family, changed)


def _folded(name: str, changes: Recipe) -> Recipe:
    """The changes with each setting put into the block that is changed beside it, whichever is written first: an optimiser
    and `optimiser.momentum` are one new optimiser. Raises PlanError.
    """
    folded = dict(changes)
    for key in sorted(changes, key=lambda key: -key.count(".")):
        block, _, setting = key.rpartition(".")
        if block not in folded:
            continue
        value = folded[block] if isinstance(folded[block], dict) else {"name": folded[block]}
        if setting in value:
            raise PlanError(f"ablations: {name} sets {key} twice: in {block} and beside it. Remove one.")
        folded[block] = {**value, setting: folded.pop(key)}
    return folded


def _as_list(key: str, levels: Any) -> str:
    if isinstance(levels, str) and "," in levels:
        return f" Write {key}: [{', '.join(word.strip() for word in levels.split(','))}]."
    return "" if isinstance(levels, list) else f" Write {key}: [{levels}], or set instead of each for one arm."


def _check_name(name: Any, at: Place = ()) -> None:
    is_safe = isinstance(name, str) and SAFE_NAME.fullmatch(name) and len(name.encode()) <= MOST_BYTES
    if not is_safe or name.endswith(".") or PERIODIC.search(name):
        of_text = "Give the level a name of its own: {name: value}."
        remedy = of_text if isinstance(name, str) else "Write it in quotes: YAML reads it as no text."
        raise PlanError(
            f"ablations: {name!r} is not safe as a folder's name. Expected at most 64 letters of any alphabet ({MOST_BYTES}"
            " bytes), digits, '_', '-' and '.', beginning with a letter or digit, none of them 20 times over."
            f" {remedy}",
            at,
        )


def _short(key: str) -> str:
    return key.rsplit(".", 1)[-1]


def _level_name(key: str, level: Any) -> str:
    value = level.get("name") if isinstance(level, dict) else level
    if isinstance(value, list):
        value = "x".join(map(str, value))
    return f"{_short(key)}_{str(value).lower() if isinstance(value, bool) or value is None else value}"
