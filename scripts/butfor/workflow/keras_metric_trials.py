"""The trial of a start, and of a dry run: Keras's metrics with settings of the study's, which have not been tried, before the
first job. Standard library only."""

from __future__ import annotations

from typing import Any

from butfor.errors import Errors
from butfor.fingerprint import fingerprint
from butfor.records import provenance
from butfor.study.asked_metrics import MetricError
from butfor.study.keras_metrics import KERAS_METRICS, MARK
from butfor.study.summary import MetricTerms
from butfor.user_code.location import OwnCodeError
from butfor.workflow.tried_functions import TriedFunctions, try_by

TRIED = "keras_metrics_tried.json"
MODULE = "butfor.engine.keras_metric_trial"


def try_settings(metrics: dict[str, MetricTerms]) -> None:
    """Raises MetricError, or SeveralErrors of them, for settings that Keras refuses; those that it took are not tried again
    by the same Keras."""
    tried, untried, marks = TriedFunctions(TRIED), dict[str, tuple[str, dict[str, Any]]](), []
    for name, terms in metrics.items():
        meant, options = terms["score"].removeprefix(MARK), terms["options"]
        if not terms["score"].startswith(MARK) or options == KERAS_METRICS[meant].options:
            continue
        if tried.lack(mark := fingerprint([meant, options, provenance.training_versions()])):
            untried[name] = meant, options
            marks.append(mark)
    if not untried:
        return
    try:
        has_ended = try_by(MODULE, untried)
    except OwnCodeError as said:
        errors = Errors()
        for line in str(said).splitlines():
            name = next((name for name in untried if line.startswith(f"metrics.{name}: ")), "")
            errors.add(MetricError(line, ("metrics", name) if name else ("metrics",)))
        errors.end()
    else:
        if has_ended:
            tried.remember(marks)
