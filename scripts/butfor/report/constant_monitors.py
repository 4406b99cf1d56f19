"""What a reader must know of arms whose early stopping watched a metric that never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from butfor.languages.phrases import phrase, term
from butfor.recipe.watched_figures import figure_name, metrics_watched, watched
from butfor.records.record import VALIDATION, Record
from butfor.report.warning_section import few
from butfor.study.metric_catalogue import title_of

STOPPING = "early_stopping"


def constant_monitors(records: Sequence[Record], titles: Mapping[str, str]) -> list[str]:
    """A warning for each metric that was the same in every epoch of more than half of an arm's runs, with those arms. titles:
    what the study's metrics are called."""
    runs: dict[tuple[str, str], list[bool]] = {}
    for record in records:
        metrics = {figure_name(metric) for metric in metrics_watched(record.recipe)}
        if (name := watched(record.recipe).get(STOPPING)) in metrics and record.history:
            runs.setdefault((str(name), record.arm), []).append(_is_constant(record, str(name)))
    arms: dict[str, list[str]] = {}
    for (name, arm), constant in runs.items():
        if 2 * sum(constant) > len(constant):
            arms.setdefault(name, []).append(f"`{arm}`")
    return [
        phrase(
            "**Nothing was watched:** in {arms}, {metric} was the same in every epoch of most runs, so that early stopping had"
            " nothing to go by.",
            arms=few(named),
            metric=term(titles.get(name) or title_of(name)),
        )
        for name, named in arms.items()
    ]


def _is_constant(record: Record, name: str) -> bool:
    """Whether a figure was the same after every epoch, of several; an undefined one tells nothing either."""
    figures = {str(row.get(f"{VALIDATION}{name}")) for row in record.history}
    return len(record.history) > 1 and len(figures) == 1
