"""What depends on what else: effects and interactions of grids, and of parts that are both left out and added alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

from butfor import stats
from butfor.arm_names import data_set_of
from butfor.records.record import Record
from butfor.study.designs import grids, parts_both_ways
from butfor.study.metrics import Metric
from butfor.study.summary import Study
from butfor.verdicts.paired_values import Measured, measured
from butfor.verdicts.rows import ContrastRow, InteractionRow, fields_of, none_for_nan, refused_arms

COLUMNS = tuple(InteractionRow.__annotations__)


def grid_effects(study: Study, records: list[Record], rows: list[ContrastRow]) -> list[InteractionRow]:
    """Main effects and two-factor interactions of the study's grids: design `grid`, name, of, levels, bases, and the
    fields of stats.Contrast. Corrected over all grids; a grid with a refused cell has none."""
    values, refused = measured(study, records), refused_arms(rows)
    owners, effects = [], []
    for grid in grids(study):
        if not refused & {*grid.arms}:
            by_cell = {cell: values.values.get(arm, {}) for cell, arm in grid.cells.items()}
            rule = _rule_on(values, grid.arms)
            of_grid = stats.factorial_effects(by_cell, grid.factors, _common_seeds(values, grid.arms), rule)
            owners += [grid.name] * len(of_grid)
            effects += of_grid
    return [
        _row(
            {
                **_named("grid", owner, values.metric),
                **{key: list(getattr(effect, key)) for key in ("of", "levels", "bases")},
            },
            effect.contrast,
            values.metric,
        )
        for owner, effect in zip(owners, stats.judge_effects(effects, values.rule), strict=True)
    ]


def part_interactions(study: Study, records: list[Record], rows: list[ContrastRow]) -> list[InteractionRow]:
    """Leave-one-out against add-one, for every part with both: design `part`, the part's name, `of` the four arms (full,
    without, only, bare), `leave` and `add` (see stats.LeaveAndAdd), and the fields of stats.Contrast."""
    values, refused = measured(study, records), refused_arms(rows)
    parts = {f"{place}": part for place, part in enumerate(parts_both_ways(study)) if not refused & {*part.arms}}
    worths = {}
    for key, part in parts.items():
        full, without, only, bare = (values.values.get(arm, {}) for arm in part.arms)
        seeds = _common_seeds(values, part.arms)
        worths[key] = stats.leave_and_add(full, without, only, bare, seeds, _rule_on(values, part.arms))
    return [
        _row(
            {
                **_named("part", parts[key].part, values.metric),
                "of": parts[key].arms,
                "leave": none_for_nan(worth.leave),
                "add": none_for_nan(worth.add),
            },
            worth.contrast,
            values.metric,
        )
        for key, worth in stats.judge_parts(worths, values.rule).items()
    ]


def _rule_on(values: Measured, arms: Sequence[str]) -> stats.Rule:
    """The rule with the margin of the data set that arms are trained on, where each has its own."""
    margin = values.metric.margins.get(data_set_of(arms[0]), values.rule.margin)
    return dataclasses.replace(values.rule, margin=margin)


def _common_seeds(values: Measured, arms: list[str]) -> list[int]:
    """The seeds of the looks that all of the arms have had."""
    return min((values.seeds[arm] for arm in arms), key=len)


def _named(design: str, name: str, metric: Metric) -> dict[str, Any]:
    return {
        "design": design,
        "name": name,
        "metric": metric.name,
        "unit": metric.unit.name,
        "decimals": metric.unit.decimals,
    }


def _row(subject: dict[str, Any], c: stats.Contrast, metric: Metric) -> InteractionRow:
    """One difference of two figures, or of two such differences; its interval ends where those must."""
    most = (1 if len(subject["of"]) == 1 else 2) * (metric.highest - metric.lowest)
    ends = {"low": max(c.low, -most), "high": min(c.high, most)}
    fields = {key: none_for_nan(value) for key, value in {**fields_of(c), **ends}.items()}
    return cast(InteractionRow, {**subject, **fields})
