"""Metrics that recipes watch: a study names them as `monitor`, as it does those that every run records. Standard library only.

A completed recipe holds such a metric with how it is computed and its direction, so that a training follows from all of that, and
a record tells what was watched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from butfor.arm_names import anywhere
from butfor.errors import StudyFileError
from butfor.recipe.tasks import TASKS
from butfor.recipe.watched_figures import PLAIN, TRAINED, metrics_watched, watched
from butfor.remedies import similar_name
from butfor.study import asked_metrics
from butfor.study.arm import BASELINE, Arm, Recipe
from butfor.study.keras_metrics import MARK
from butfor.study.metric_catalogue import CATALOGUE, OWN, SYNONYMS
from butfor.study.plan import Plan
from butfor.study.summary import MetricTerms

RECORDED = (PLAIN, "accuracy", "mae", TRAINED)  # of validation examples, by every run whose task has it
VALIDATION = ("val_", "validation/", "validation_", "valid_")  # what others write before the name of such a figure
Asked = Mapping[str, MetricTerms]


class MonitorError(StudyFileError):
    """A figure that a recipe is to watch and that validation examples do not give."""


class Monitor(TypedDict):
    """A metric that is watched: its name in the study, what computes it (see MetricTerms), and its direction."""

    name: str
    score: str
    options: dict[str, Any]
    higher_is_better: bool


def refuse_unknown(recipe: Recipe, asked: Asked, where: str, task: str = "auto") -> None:
    """Raise MonitorError for a figure that a recipe watches and nobody could compute. asked: the metrics of the study. where: the
    recipe's place in the study file. task: the study's, for which figures are offered; all while the data are to tell it."""
    for key, name in watched(recipe).items():
        if name in RECORDED:
            continue
        place, at = f"{where}.{key}.monitor", (key, "monitor")
        if name not in asked and name not in CATALOGUE:
            recorded, offered = _offered(task)
            raise MonitorError(
                f"{place}: {_expected(asked, recorded, offered)}, received {name}."
                f"{_meant(name, [*recorded, *asked, *offered])}",
                at,
            )
        if name in asked and asked[name]["score"].startswith(MARK):
            raise MonitorError(
                f"{place}: expected a metric that is computed without Keras, which trains meanwhile, received {name},"
                f" Keras's {asked[name]['score'].removeprefix(MARK)}. Name one of the catalogue, such as roc_auc, or a"
                " function of your own.",
                at,
            )
        score = asked[name]["score"] if name in asked else name
        if task in TASKS and task != OWN and score in CATALOGUE and task not in CATALOGUE[score].tasks:
            recorded, offered = _offered(task)
            raise MonitorError(
                f"{place}: expected a metric for {task}, as the study says its task is ({', '.join([*recorded, *offered])}),"
                f" received {name}.",
                at,
            )


def with_terms(plan: Plan, asked: Asked) -> Plan:
    """The plan with what computes the metrics that its recipes watch in these, but for what is refused. asked: the metrics of the
    study."""
    known: dict[str, Monitor] = {}
    made: dict[int, Any] = {}  # by what arms have in common, which stays so

    def of_name(name: str) -> Monitor:
        if name not in known:
            terms = asked.get(name) or asked_metrics.completed({name: {}})[name]
            known[name] = {
                "name": name,
                "score": terms["score"],
                "options": dict(terms["options"]),
                "higher_is_better": terms["higher_is_better"],
            }
        return known[name]

    def of_arm(arm: Arm) -> Arm:
        named = watched(arm.recipe).items()
        watching = {key: name for key, name in named if name not in RECORDED and (name in asked or name in CATALOGUE)}
        if not watching:
            return arm
        for key, name in watching.items():
            written = arm.recipe[key]
            if id(written) not in made:
                made[id(written)] = {**written, "monitor": of_name(name)}
        changed = {key: made[id(arm.recipe[key])] for key in watching}
        return dataclasses.replace(arm, recipe={**arm.recipe, **changed})

    return dataclasses.replace(plan, arms={name: of_arm(arm) for name, arm in plan.arms.items()})


def to_be_fit(asked: Asked, recipes: Mapping[str, Recipe]) -> list[dict[str, Any]]:
    """The metrics that have to be possible with the data (see metrics/fitting): those of the study, and those that recipes watch
    beside them, which are only computed of validation examples, each with the `place` in the study file of the first that does.
    recipes: by arm, the baseline first, from which others have theirs."""
    others: dict[str, dict[str, Any]] = {}
    for arm, recipe in sorted(recipes.items(), key=lambda item: anywhere(item[0]) != BASELINE):
        of_key = {name: key for key, name in reversed(watched(recipe).items())}
        where = ["recipe"] if anywhere(arm) == BASELINE else ["ablations", anywhere(arm)]
        for metric in metrics_watched(recipe):
            place = [*where, of_key[metric["name"]], "monitor"]
            others.setdefault(metric["name"], {**metric, "parts": ["validation"], "place": place})
    return [*map(dict, asked.values()), *(terms for name, terms in others.items() if name not in asked)]


def _offered(task: str) -> tuple[list[str], list[str]]:
    """Of what every run records, and of the other metrics of the catalogue, what a task has; all where that is not known."""
    has = [name for name, metric in CATALOGUE.items() if task not in TASKS or task == OWN or task in metric.tasks]
    recorded = [name for name in RECORDED if name not in CATALOGUE or name in has]
    return recorded, [name for name in has if name not in RECORDED]


def _expected(asked: Asked, recorded: Sequence[str], offered: Sequence[str]) -> str:
    own = f"a metric of the study ({', '.join(asked)}), " if asked else ""
    catalogue = ", ".join(name for name in offered if name not in asked)
    return f"expected one of {', '.join(recorded)}, {own}or a metric of the catalogue ({catalogue})"


def _meant(name: str, known: Sequence[str]) -> str:
    """What to write for a name that is none of these."""
    return next(filter(None, (similar_name(each, known) for each in _spellings(name))), "")


def _spellings(name: str) -> Iterator[str]:
    """A name as it is written, and as it is without the part of the data."""
    plain = name.lower()
    yield name
    for part in VALIDATION:
        plain = plain.removeprefix(part)
    yield SYNONYMS.get(plain, plain)
