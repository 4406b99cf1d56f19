"""Whether the metrics that a study asks for can be computed of its data: asked before anything trains. Standard library only."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from butfor.errors import Errors, Place, StudyError
from butfor.remedies import CLOSE
from butfor.study.asked_metrics import MetricError
from butfor.study.keras_metrics import KERAS_METRICS, MARK
from butfor.study.metric_catalogue import CATALOGUE, CLASSES, OWN

KNOWN = {**CATALOGUE, **{f"{MARK}{name}": metric for name, metric in KERAS_METRICS.items()}}
CLASSIFICATION = "classification"
SHOWN = 20  # classes that a message names
RANKED = ("roc_auc", "pr_auc")  # of which nothing is known where no example is of the class


def refuse_unfit(
    metrics: Iterable[Mapping[str, Any]], about: Mapping[str, Any], tested: Sequence[int] = (), data_set: str = ""
) -> None:
    """Raises MetricError, or SeveralErrors of them, for metrics that the data do not allow.

    metrics: see MetricTerms. about: the data's manifest, with its `task` and how many `classes` there are, or nothing before it
    is known. tested: of each class, how many test examples there are, where that is known. data_set: its name among several.
    """
    errors, task = Errors(), str(about.get("task") or CLASSIFICATION)
    for terms in metrics if about else ():
        if terms["score"] in KNOWN and task != OWN:
            with errors.collected():
                _check_task(terms, task)
                if task in CLASSES:
                    classes = max(int(about["classes"]), 2)  # of two, one output may tell both
                    judged = "test" in terms.get("parts", ["test"])
                    _check_classes(numbered(terms, about), classes, tested if judged else ())
    if data_set:
        errors.every[:] = [_of_data_set(error, data_set) for error in errors.every]
    errors.end()


def numbered(terms: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """A metric's terms with the number of the class that it asks about, where that is named. about: the data's manifest. Raises
    MetricError for a name that no class has."""
    positive = terms["options"].get("positive")
    if not isinstance(positive, str):
        return dict(terms)
    names = about.get("labels") or [str(number) for number in range(max(int(about["classes"]), 2))]
    if positive not in names:
        similar = difflib.get_close_matches(positive, names, n=1, cutoff=CLOSE)
        meant = f" Did you mean {similar[0]}?" if similar else ""
        shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
        raise MetricError(
            f"{_place(terms, 'positive')}: expected a class of the data, {shown}, received {positive}.{meant}",
            _at(terms, "positive"),
        )
    return {**terms, "options": {**terms["options"], "positive": names.index(positive)}}


def _of_data_set(error: StudyError, data_set: str) -> StudyError:
    """The error, with the data set that it is of."""
    return MetricError(f"{error} That is data.{data_set}.", getattr(error, "at", ()))


def _check_task(terms: Mapping[str, Any], task: str) -> None:
    known = KNOWN[terms["score"]]
    if task not in known.tasks:
        others = ", ".join(name for name, metric in CATALOGUE.items() if task in metric.tasks)
        raise MetricError(
            f"{_place(terms)}: expected a metric for {task}, received {terms['score']}, which is for"
            f" {', '.join(known.tasks)}. There are {others}.",
            _at(terms),
        )

    if task not in CLASSES and terms["options"].get("positive") is not None:
        raise MetricError(
            f"{_place(terms, 'positive')}: expected a task in which an example has one class, received {task}. Leave it"
            " out.",
            _at(terms, "positive"),
        )


def _check_classes(terms: Mapping[str, Any], classes: int, tested: Sequence[int]) -> None:
    name, score, options = terms["name"], terms["score"], terms["options"]
    positive, at, place = options.get("positive"), _at(terms), _place(terms)
    written = f"under metrics {name}" if "place" in terms else str(name)
    if score in ("precision", "recall", "f1") and positive is None and classes > 2:
        raise MetricError(
            f"{place}: expected two classes, or the class that is asked about, received {classes} classes. Write"
            f" {written}: {{positive: 1}} for one class against the others, or {score}_macro for the mean over classes.",
            at,
        )
    named = [*([positive] if positive is not None else []), *(options.get("classes") or [])]
    if wrong := [one for one in named if one >= classes]:
        raise MetricError(
            f"{place}: expected classes from 0 to {classes - 1}, as they are numbered in the report, received {wrong[0]}.",
            at,
        )
    if score == "top_k_accuracy" and options["k"] >= classes:
        raise MetricError(
            f"{_place(terms, 'k')}: expected less than the {classes} classes, received {options['k']}, by which every answer is"
            f" right. Write {written}: {{k: {max(1, classes // 2)}}}.",
            at,
        )
    if score in RANKED and tested:
        _check_ranked(terms, [positive] if positive is not None else range(classes), tested, classes)


def _check_ranked(terms: Mapping[str, Any], asked: Iterable[int], tested: Sequence[int], classes: int) -> None:
    counts = [*tested, *[0] * (classes - len(tested))]
    lacking = [one for one in asked if counts[one] in (0, sum(counts))]
    if lacking:
        what = "all test examples are" if counts[lacking[0]] else "no test example is"
        raise MetricError(
            f"{_place(terms)}: expected test examples of every class and of others, received a test set in which {what} of class"
            f" {lacking[0]}, so that the metric is undefined. Take the metric out, or bring another test set.",
            _at(terms),
        )


def _at(terms: Mapping[str, Any], option: str = "") -> Place:
    """Where a metric, or a setting of it, stands in the study file: among the study's, or where a recipe watches it."""
    if "place" in terms:
        return tuple(terms["place"])
    return ("metrics", str(terms["name"]), *([option] if option else []))


def _place(terms: Mapping[str, Any], option: str = "") -> str:
    """The same in words."""
    of_watched = f" ({option} of {terms['name']})" if "place" in terms and option else ""
    return ".".join(map(str, _at(terms, option))) + of_watched
