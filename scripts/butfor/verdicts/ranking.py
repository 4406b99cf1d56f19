"""What mattered in a study: what was changed, ranked by the size of its effect."""

from __future__ import annotations

from typing import cast

from butfor import stats
from butfor.study.metrics import Metric
from butfor.study.study_metrics import judged_by
from butfor.study.summary import Study
from butfor.verdicts.contrasts import contrast_of
from butfor.verdicts.paired_values import rule_of
from butfor.verdicts.rows import REFUSED, ContrastRow, RankedRow, none_for_nan

COLUMNS = tuple(RankedRow.__annotations__)


def importance(study: Study, rows: list[ContrastRow]) -> list[RankedRow]:
    """What was changed, ranked by the size of its effect on the metric that verdicts are asked of, from judged contrasts.

    An item is a set of recipe keys that some arms changed together; its effect is the largest of theirs. Items are ranked
    only among those with the same reference, the baseline's first, and not alone. Refused arms are left out.
    """
    arms, metric = {arm["name"]: arm for arm in study["arms"]}, judged_by(study)
    judged = {row["arm"]: row for row in metric.rows(rows) if row["verdict"] not in REFUSED}
    by_reference: dict[str, dict[str, dict[str, stats.Contrast]]] = {}
    for name, row in judged.items():
        changed = ", ".join(arms[name]["changed"])
        by_reference.setdefault(row["reference"], {}).setdefault(changed, {})[name] = contrast_of(row)
    ranked: list[RankedRow] = []
    for reference in sorted(by_reference, key=list(arms).index):
        if len(by_reference[reference]) > 1:
            items = stats.ranking(by_reference[reference], rule_of(study, metric, []))
            ranked += [_row(item, judged[item.largest], metric) for item in items]
    return ranked


def _row(item: stats.Ranked, row: ContrastRow, metric: Metric) -> RankedRow:
    """A ranked item, with the verdict on the arm that makes its size."""
    low, high = metric.possible(item.low, item.high)
    values = {**row, **vars(item), "low": low, "high": high, "changed": item.item, "arm": item.largest}
    return cast(RankedRow, {key: none_for_nan(values[key]) for key in COLUMNS})
