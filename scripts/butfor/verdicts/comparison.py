"""The comparison of a study: what `compare` judges and writes, so that figures and report have only to show it.

contrasts.json: every ablation on every metric. comparison.json: what mattered (`importance`), what depends on what else
(`interactions`), and the verdicts at tuned learning rates (`tuned`), if there was a search. tables/*.csv: the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from butfor.process.rare_collection import collect_rarely
from butfor.records.files import write_noted
from butfor.records.indented_json import indented
from butfor.records.record import Record
from butfor.records.tables import records_in, runs_table
from butfor.study.summary import Study
from butfor.verdicts import factorials, ranking
from butfor.verdicts.across_data_sets import across
from butfor.verdicts.across_rows import AcrossRow
from butfor.verdicts.arms import arm_rows
from butfor.verdicts.as_recorded import as_recorded
from butfor.verdicts.baseline import failed_baselines, in_words
from butfor.verdicts.contrasts import judge
from butfor.verdicts.example_errors import Grouped, with_groups
from butfor.verdicts.failures import failed_runs
from butfor.verdicts.placebo_test import placebo_rows
from butfor.verdicts.plotted_tables import write_parquet, write_plotted
from butfor.verdicts.removed import with_removed
from butfor.verdicts.rows import Comparison, ContrastRow
from butfor.verdicts.tuned import tuned_comparison

Places = Iterable[Path | str]


def compare(
    study: Study,
    folders: Places,
    checks_path: Path | str,
    contrasts_path: Path | str,
    tables: Path | str,
    searches: Places = (),
    tuned: Places = (),
    register_path: Path | str | None = None,
    measured: Places = (),
    tuned_measured: Places = (),
    grouped: Grouped | None = None,
) -> None:
    """Judge every ablation of `study` (plan and verdict settings), and write contrasts.json, comparison.json beside it and
    the tables as CSV. searches, tuned: what was tried of learning rates, and the folders of records at the best.
    register_path: of the register that knows which ablations were removed. measured, tuned_measured: the files of what runs
    are worth by the metrics that the study asks for. grouped: the stored arrays of those data sets that say what their examples
    belong to, by name."""
    collect_rarely()
    records, contrasts = records_in(folders, measured), Path(contrasts_path)
    study = with_groups(as_recorded(with_removed(study, register_path), records), grouped or {})
    rows = judge(study, records, json.loads(Path(checks_path).read_text()))
    judged: list[ContrastRow] = _as_json(rows)
    verdict = study["verdict"]
    failed = failed_baselines(records, verdict["must_learn"], verdict["metric"])
    tried = [json.loads(Path(path).read_text()) for path in searches]
    comparison: Comparison = {
        "metric": study["verdict"]["metric"],
        **{key: study[key] for key in ("metrics", "task", "replicates") if key in study},  # type: ignore[literal-required,typeddict-item]
        **({"grouped": sorted(grouped)} if grouped else {}),  # type: ignore[typeddict-item]
        "runs": len(records),
        "removed": study.get("removed", {}),
        "failed": failed_runs(study, records),
        "baseline": "\n>\n> ".join(in_words(baseline, study) for baseline in failed),
        "arms": arm_rows(study, records),
        "across": across(study, records, judged),
        "importance": ranking.importance(study, judged),
        "interactions": [
            *factorials.grid_effects(study, records, judged),
            *factorials.part_interactions(study, records, judged),
        ],
        "tuned": tuned_comparison(study, tried, records_in(tuned, tuned_measured)) if tried else None,
        **({"placebo": shown} if (shown := placebo_rows(study, records)) else {}),  # type: ignore[typeddict-item]
    }
    _write_tables(Path(tables), records, rows, comparison)
    write_plotted(Path(tables), study, records)
    write_parquet(Path(tables))
    write_noted(contrasts, indented(judged))
    lists = {"importance": _as_json(comparison["importance"]), "interactions": _as_json(comparison["interactions"])}
    write_noted(contrasts.with_name("comparison.json"), indented({**comparison, **lists}))


def _write_tables(tables: Path, records: list[Record], rows: list[ContrastRow], comparison: Comparison) -> None:
    """The study as CSV; a table has no rows but its columns where a study has nothing of it."""
    tables.mkdir(parents=True, exist_ok=True)
    runs_table(records).to_csv(tables / "runs.csv", index=False)
    pd.DataFrame(rows).to_csv(tables / "contrasts.csv", index=False)
    pd.DataFrame(comparison["importance"], columns=list(ranking.COLUMNS)).to_csv(tables / "importance.csv", index=False)
    if over := comparison.get("across"):
        pd.DataFrame([_flat(row) for row in (*over["rows"], *over.get("others", []))]).to_csv(
            tables / "data_sets.csv", index=False
        )
    listed = [
        {key: ", ".join(v) if isinstance(v, list) else v for key, v in row.items()}
        for row in comparison["interactions"]
    ]
    pd.DataFrame(listed, columns=list(factorials.COLUMNS)).to_csv(tables / "interactions.csv", index=False)


def _flat(row: AcrossRow) -> dict[str, Any]:
    """A row over data sets with a column for the effect on each."""
    effects = {f"effect@{name}": effect for name, effect in row["effects"].items()}
    return {**{key: value for key, value in row.items() if key != "effects"}, **effects}


def _as_json(rows: Iterable[Any]) -> Any:
    """Rows as JSON gives them back: null for what is not finite."""
    return json.loads(pd.DataFrame(rows).to_json(orient="records", double_precision=15))
