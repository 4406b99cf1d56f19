"""What mattered in a study and what depends on what else: a ranking of what was changed, and interactions."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from butfor import contrasts, frames, grids, stats
from butfor.record import Record
from butfor.verdict_words import UNPROVEN, VOID

Study = dict[str, Any]
Rows = list[dict[str, Any]]

IMPORTANCE = (
    *("reference", "metric", "unit", "rank", "rank_low", "rank_high", "changed", "arm"),
    *("effect", "low", "high", "size_low", "size_high", "verdict", "remark"),
)
INTERACTIONS = (
    *("design", "name", "metric", "unit", "of", "levels", "bases", "leave", "add"),
    *(field.name for field in dataclasses.fields(stats.Contrast)),
)


def write_tables(study: Study, folders: Iterable[Path], contrasts_path: Path, tables: Path) -> None:
    """Write importance.csv and interactions.csv; either has no rows but its columns where a study has nothing of it."""
    rows, records = json.loads(contrasts_path.read_text()), frames.records_in(folders)
    found = importance(study, rows)
    pd.DataFrame(found, columns=list(IMPORTANCE)).to_csv(tables / "importance.csv", index=False)
    found = [*grid_effects(study, records, rows), *part_interactions(study, records, rows)]
    found = [{key: ", ".join(v) if isinstance(v, list) else v for key, v in row.items()} for row in found]
    pd.DataFrame(found, columns=list(INTERACTIONS)).to_csv(tables / "interactions.csv", index=False)


def importance(study: Study, rows: Rows) -> Rows:
    """What was changed, ranked by the size of its effect on the metric that verdicts are asked of, from judged contrasts.

    An item is a set of recipe keys that some arms changed together; its effect is the largest of theirs. Items are ranked
    only among those with the same reference, the baseline's first, and not alone. Refused arms are left out.
    """
    arms = {arm["name"]: arm for arm in study["arms"]}
    judged = {
        row["arm"]: row
        for row in rows
        if row["metric"] == study["verdict"]["metric"] and row["verdict"] not in (VOID, UNPROVEN)
    }
    by_reference: dict[str, dict[str, dict[str, stats.Contrast]]] = {}
    for name, row in judged.items():
        changed = ", ".join(arms[name]["changed"])
        by_reference.setdefault(row["reference"], {}).setdefault(changed, {})[name] = _contrast_of(row)
    rule = stats.Rule(looks=tuple(look["seen"] for look in study["looks"]), alpha=study["verdict"]["alpha"])
    found: Rows = []
    for reference in sorted(by_reference, key=list(arms).index):
        if len(by_reference[reference]) > 1:
            ranked = stats.ranking(by_reference[reference], rule)
            found += [_importance_row(item, judged[item.largest]) for item in ranked]
    return found


def grid_effects(study: Study, records: list[Record], rows: Rows) -> Rows:
    """Main effects and two-factor interactions of the study's grids: design `grid`, name, of, levels, bases, and the
    fields of stats.Contrast. Corrected over all grids; a grid with a refused cell has none."""
    known, refused = contrasts.measured(study, records), refused_arms(rows)
    owners, effects = [], []
    for grid in grids.grids(study):
        if not refused & {*grid.arms}:
            values = {cell: known.values.get(arm, {}) for cell, arm in grid.cells.items()}
            found = stats.factorial_effects(values, grid.factors, _common_seeds(known, grid.arms), known.rule)
            owners += [grid.name] * len(found)
            effects += found
    return [
        {
            **_named("grid", owner, known.metric),
            **{key: list(getattr(effect, key)) for key in ("of", "levels", "bases")},
            **_fields(effect.contrast),
        }
        for owner, effect in zip(owners, stats.judge_effects(effects, known.rule), strict=True)
    ]


def part_interactions(study: Study, records: list[Record], rows: Rows) -> Rows:
    """Leave-one-out against add-one, for every part with both: design `part`, the part's name, `of` the four arms (full,
    without, only, bare), `leave` and `add` (see stats.LeaveAndAdd), and the fields of stats.Contrast."""
    known, refused = contrasts.measured(study, records), refused_arms(rows)
    parts = {f"{place}": part for place, part in enumerate(grids.parts_both_ways(study)) if not refused & {*part.arms}}
    found = {}
    for key, part in parts.items():
        full, without, only, bare = (known.values.get(arm, {}) for arm in part.arms)
        seeds = _common_seeds(known, part.arms)
        found[key] = stats.leave_and_add(full, without, only, bare, seeds, known.rule)
    return [
        {
            **_named("part", parts[key].part, known.metric),
            "of": parts[key].arms,
            "leave": _known_or_none(worth.leave),
            "add": _known_or_none(worth.add),
            **_fields(worth.contrast),
        }
        for key, worth in stats.judge_parts(found, known.rule).items()
    ]


def refused_arms(rows: Rows) -> set[str]:
    """The arms that have no verdict because they changed nothing or are not proven."""
    return {row["arm"] for row in rows if row["verdict"] in (VOID, UNPROVEN)}


def _common_seeds(known: contrasts.Measured, arms: list[str]) -> list[int]:
    """The seeds of the looks that all of the arms have had."""
    return min((known.seeds[arm] for arm in arms), key=len)


def _named(design: str, name: str, metric: contrasts.Metric) -> dict[str, Any]:
    return {"design": design, "name": name, "metric": metric.name, "unit": metric.unit}


def _importance_row(item: stats.Ranked, row: dict[str, Any]) -> dict[str, Any]:
    """A ranked item, with the verdict on the arm that makes its size."""
    values = {**row, **vars(item), "changed": item.item, "arm": item.largest}
    return {key: _known_or_none(values[key]) for key in IMPORTANCE}


def _contrast_of(row: dict[str, Any]) -> stats.Contrast:
    """The contrast that a row of contrasts.json was made of."""
    names = [field.name for field in dataclasses.fields(stats.Contrast)]
    values: dict[str, Any] = {key: math.nan if row[key] is None and key != "margin" else row[key] for key in names}
    return stats.Contrast(**values)


def _fields(c: stats.Contrast) -> dict[str, Any]:
    return {key: _known_or_none(value) for key, value in dataclasses.asdict(c).items()}


def _known_or_none(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
