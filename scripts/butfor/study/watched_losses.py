"""What arms watch, in words: another loss than the one that trains them, with what to write if that was not meant, and metrics.
Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from butfor.languages.phrases import phrase, plural, stored
from butfor.recipe.tasks import CLASSIFICATION, REGRESSION, TASKS, Task
from butfor.recipe.watched_figures import (
    PLAIN,
    TRAINED,
    figure_name,
    metrics_watched,
    trains_by_another,
    watched,
)
from butfor.study.metric_catalogue import title_of
from butfor.study.metrics import TITLES

Recipe = Mapping[str, Any]
OF_NUMBERS = ("huber", "log_cosh", "pinball")
OF_CLASSES = ("focal", "dice")
UNKNOWN = "plain loss of its task"
FEW = 3  # arms that are named


@dataclass(frozen=True)
class WatchedLoss:
    """The `plain` loss of a task that the `keys` of these arms' recipes watch. trained: the settings by which another trains."""

    arms: list[str]
    keys: list[str]
    plain: str
    trained: str


@dataclass(frozen=True)
class WatchedMetric:
    """A metric that the `keys` of these arms' recipes watch, by its name in the study, or what they watch in its place of what
    every run records (`is_recorded`)."""

    name: str
    arms: list[str]
    keys: list[str]
    is_recorded: bool = False


def watched_losses(recipes: Mapping[str, Recipe], task: str | None, numbers: int = 1) -> list[WatchedLoss]:
    """Those of arms, by their recipes, that train by another loss than they watch. task: its name, or None or `auto` while it is
    not known; then only what is so for any task. numbers: how many a regression predicts of an example."""
    alike: dict[tuple[str, ...], WatchedLoss] = {}
    for arm, recipe in recipes.items():
        keys = [key for key, figure in watched(recipe).items() if figure == PLAIN]
        if not keys:
            continue
        meant = TASKS.get(task or "") or _task_of(recipe)
        if not trains_by_another(recipe, meant, numbers):
            continue
        losses = meant.loss if meant else UNKNOWN, _settings(recipe, meant)
        alike.setdefault((*keys, *losses), WatchedLoss([], keys, *losses)).arms.append(arm)
    return list(alike.values())


def in_words(one: WatchedLoss, arms: int, code: Callable[[str], str] = str) -> str:
    """What arms watch, what trains them and what to write, in a sentence. arms: how many the study has. code: how what stands in
    a study file is shown."""
    return plural(
        "In {arms}, {keys} watches the {plain} of validation examples, while another loss trains ({trained}). To watch"
        " the one that trains, write {monitor} there.",
        "In {arms}, {keys} watch the {plain} of validation examples, while another loss trains ({trained}). To watch the one that"
        " trains, write {monitor} there.",
        len(one.keys),
        arms=_named(one.arms, arms, code),
        keys=", ".join(map(code, one.keys)),
        plain=stored(one.plain),
        trained=code(one.trained),
        monitor=code(f"monitor: {TRAINED}"),
    )


def watched_metrics(recipes: Mapping[str, Recipe]) -> list[WatchedMetric]:
    """Those that arms watch, by their recipes, and what others watch by the same keys."""
    metrics = {arm: {figure_name(metric) for metric in metrics_watched(recipe)} for arm, recipe in recipes.items()}
    by_metric = {
        key for arm, recipe in recipes.items() for key, name in watched(recipe).items() if name in metrics[arm]
    }
    alike: dict[tuple[str, ...], WatchedMetric] = {}
    for arm, recipe in recipes.items():
        figures = {key: name for key, name in watched(recipe).items() if key in by_metric}
        for name in dict.fromkeys(figures.values()):
            keys = [key for key, figure in figures.items() if figure == name]
            one = WatchedMetric(name, [], keys, is_recorded=name not in metrics[arm])
            alike.setdefault((name, *keys), one).arms.append(arm)
    return sorted(alike.values(), key=lambda one: one.is_recorded)


def titles_in(study: Mapping[str, Any]) -> dict[str, str]:
    """What a study's metrics are called, by their names in it."""
    return {name: terms["title"] for name, terms in (study.get("metrics") or {}).items()}


def metric_in_words(
    one: WatchedMetric, arms: int, code: Callable[[str], str] = str, titles: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The same of a metric as in_words of a loss. titles: what the study's own metrics are called."""
    values = {"keys": ", ".join(map(code, one.keys)), "arms": _named(one.arms, arms, code)}
    if one.is_recorded:
        recorded = stored(TITLES.get(one.name, one.name))
        return phrase(
            "Watched on validation examples, as every run records it: {metric}, by {keys} in {arms}.",
            metric=recorded,
            **values,
        )
    return phrase(
        "Watched on validation examples, computed of what is predicted after each epoch: {metric}, by {keys} in {arms}.",
        metric=stored(titles.get(one.name) or title_of(one.name)),
        **values,
    )


def titles_watched(
    trained: Iterable[tuple[Recipe, Task]], key: str, titles: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The validation figures that a key of recipes watches, for their tasks, in words, the most frequent first. titles: what the
    study's own metrics are called."""
    figures = Counter((watched(recipe).get(key), task) for recipe, task in trained)
    return [figure_title(figure, task, titles) for (figure, task), _ in figures.most_common() if figure]


def figure_title(figure: str, task: Task, titles: Mapping[str, str] = MappingProxyType({})) -> str:
    """A validation figure in words: the plain loss by what it is, so that it is told from the loss that trains; a metric by its
    title in the study, else in the catalogue, or by its name."""
    if figure == PLAIN:
        return task.loss
    return TITLES.get(figure) or titles.get(figure) or title_of(figure)


def _named(some: list[str], arms: int, code: Callable[[str], str]) -> str:
    """Some arms, of so many."""
    if len(some) == arms:
        return phrase("every arm")
    named = ", ".join(map(code, some[:FEW]))
    return named if len(some) <= FEW else phrase("{arms} and {n} more", arms=named, n=len(some) - FEW)


def _task_of(recipe: Recipe) -> Task | None:
    """The task that a recipe's loss gives away; of classes any, since their plain loss is the same."""
    name = recipe["loss"]["name"]
    if name in OF_CLASSES or recipe["label_smoothing"]:
        return CLASSIFICATION
    return REGRESSION if name in OF_NUMBERS else None


def _settings(recipe: Recipe, task: Task | None) -> str:
    """What in a recipe makes another loss of the plain one."""
    loss = recipe["loss"]
    if loss["name"] not in ("auto", "cross_entropy") and (
        loss["name"] != "mean_squared_error" or task is not REGRESSION
    ):
        return f"loss: {loss.get('of', loss['name'])}"
    return "target_scaling: standard" if task is REGRESSION else f"label_smoothing: {recipe['label_smoothing']:g}"
