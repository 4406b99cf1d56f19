"""What the report says of seeds: what they drive and vary, and what runs are measured on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import prod

from butfor.languages.phrases import phrase, stored
from butfor.recipe.tasks import REGRESSION, task_of
from butfor.records.record import Record
from butfor.study.summary import VerdictSettings
from butfor.study.watched_losses import in_words, metric_in_words, titles_watched, watched_losses, watched_metrics
from butfor.verdicts.words import listed


def drawn(records: list[Record]) -> str:
    """What a run's seed drives."""
    weights = (
        phrase("those initial weights that are not read from a file")
        if any(record.draws.get("pretrained") for record in records)
        else phrase("initial weights")
    )
    if _is_official(records):
        return phrase(
            "Each run's seed drives separate streams for {weights}, batch order and dropout masks; the validation part is the"
            " data's own, the same for every arm, so",
            weights=weights,
        )
    return phrase(
        "Each run's seed drives separate streams for {weights}, batch order and dropout masks, and the validation split, the same"
        " for every arm, so",
        weights=weights,
    )


def measured(records: list[Record], titles: Mapping[str, str]) -> str:
    """What figures are measured on, and where any arm stops early, what that goes by. titles: what the study calls its
    metrics."""
    figures = phrase(
        "Accuracies and losses of training, validation and test examples are all measured in inference mode and without penalty"
        " terms."
    )
    trained = ((record.recipe, task_of(record.data)) for record in records)
    watched = titles_watched(trained, "early_stopping", titles)
    if not watched:
        return f"{figures} {phrase('The test set is touched once per run, at its end.')}"
    chosen = phrase(
        "Early stopping and the choice of epoch use validation examples only (watched: {figures}); the test set is touched once"
        " per run, at its end.",
        figures=listed([stored(title) for title in watched]),
    )
    return f"{figures} {chosen}"


def unwatched(records: list[Record], titles: Mapping[str, str]) -> list[str]:
    """A sentence on arms that watch another loss than the one that trains them, for each way of it, and one on those that watch
    a metric."""
    recipes = {record.arm: record.recipe for record in records}
    task = task_of(records[0].data)
    layers = records[0].structure if task is REGRESSION else []
    losses = watched_losses(recipes, task.name, prod(layers[-1].get("shape", [])) if layers else 1)
    return [
        *(in_words(each, len(recipes), _code) for each in losses),
        *(metric_in_words(each, len(recipes), _code, titles) for each in watched_metrics(recipes)),
    ]


def _code(text: str) -> str:
    return f"`{text}`"


def _is_official(records: list[Record]) -> bool:
    """Whether runs of several seeds were validated on the same examples."""
    seeds, parts = defaultdict(set), defaultdict(set)
    for record in records:
        data = record.data.get("fingerprint")
        seeds[data].add(record.seed)
        parts[data].add(record.draws.get("validation"))
    return any(len(seeds[data]) > 1 for data in seeds) and all(len(draws) == 1 for draws in parts.values())


def fixed(verdict: VerdictSettings) -> str:
    """What seeds do not vary, and so what verdicts are about."""
    if verdict.get("holds_for") == "new data":
        return phrase(
            "Seeds vary them, and the test set is fixed: what it adds to the error of an effect counts too, so that verdicts are"
            " about new data."
        )
    return phrase("Seeds vary them, and the test set is fixed, so the conclusions are about this test set.")


def compared(verdict: VerdictSettings) -> str:
    """How arms are compared that share seeds."""
    if verdict["paired"]:
        return phrase("arms are compared in pairs.")
    return phrase(
        "arms could be compared in pairs; as the study asks, they are compared as independent samples (Welch)."
    )
