"""Records to contrasts: every ablation against its reference, on each metric, with a verdict."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from butfor import frames, stats
from butfor.record import Record, write_atomically
from butfor.verdict_words import UNPROVEN, VOID


@dataclass(frozen=True)
class Metric:
    """A figure of a finished run that arms are compared by.

    of: the figure from a record's metrics, in `unit`. margin: the verdict setting that holds its margin, if any.
    """

    name: str
    of: Callable[[dict[str, float]], float]
    unit: str
    higher_is_better: bool
    margin: str | None = None


METRICS = (
    Metric("test/accuracy", lambda m: 100 * m["test/accuracy"], "accuracy points", True, "margin"),
    Metric("test/loss", lambda m: m["test/loss"], "nats", False, "loss_margin"),
    Metric("gap/accuracy", lambda m: 100 * (m["train/accuracy"] - m["test/accuracy"]), "accuracy points", False),
    Metric("gap/loss", lambda m: m["test/loss"] - m["train/loss"], "nats", False),
)


def compare(
    study: dict[str, Any], folders: Iterable[Path], checks_path: Path, contrasts_path: Path, tables: Path
) -> None:
    """Judge every ablation of `study` (plan and verdict settings) and write contrasts.json and the tables as CSV."""
    records = frames.records_in(folders)
    rows = judge(study, records, json.loads(checks_path.read_text()))
    tables.mkdir(parents=True, exist_ok=True)
    frames.runs_table(records).to_csv(tables / "runs.csv", index=False)
    frames.history_table(records).to_csv(tables / "history.csv", index=False)
    pd.DataFrame(rows).to_csv(tables / "contrasts.csv", index=False)
    frame = json.loads(pd.DataFrame(rows).to_json(orient="records", double_precision=15))
    write_atomically(contrasts_path, json.dumps(frame, indent=1))


def judge(study: dict[str, Any], records: list[Record], checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per ablation and metric: arm, reference, family, metric, unit, and the fields of stats.Contrast.

    An ablation that changed nothing is void, one that failed its check is unproven: neither is judged, and neither
    counts among the ablations that probabilities are corrected over.
    """
    verdict = study["verdict"]
    refused = {row["arm"]: _refusal(row) for row in checks if row["outcome"] in ("void", "failed")}
    ablations = [arm for arm in study["arms"] if arm["reference"]]
    seeds = [seed for look in study["looks"] for seed in look["seeds"]]
    rows = []
    for metric in METRICS:
        values = _values(records, metric, verdict["must_learn"])
        found = [
            stats.contrast(
                stats.pair(values.get(arm["name"], {}), values.get(arm["reference"], {}), seeds),
                verdict[metric.margin] if metric.margin else None,
                len(study["looks"]),
                verdict["alpha"],
                metric.higher_is_better,
            )
            for arm in ablations
        ]
        judged = [place for place, arm in enumerate(ablations) if arm["name"] not in refused]
        for place, corrected in zip(judged, stats.correct([found[place] for place in judged]), strict=True):
            found[place] = stats.decide(corrected, verdict["alpha"], metric.higher_is_better)
        for arm, contrast in zip(ablations, found, strict=True):
            verdict_given, remark = refused.get(arm["name"], (contrast.verdict, contrast.remark))
            decided = dataclasses.replace(contrast, verdict=verdict_given, remark=remark)
            names = {"arm": arm["name"], "reference": arm["reference"], "family": arm["family"]}
            rows.append({**names, "metric": metric.name, "unit": metric.unit, **dataclasses.asdict(decided)})
    return rows


def _refusal(check: dict[str, Any]) -> tuple[str, str]:
    return (VOID, "") if check["outcome"] == "void" else (UNPROVEN, check["problems"][0])


def differences(study: dict[str, Any], records: list[Record]) -> dict[str, list[float]]:
    """Per ablation, the paired differences to its reference in test accuracy, in points, by seed."""
    seeds = [seed for look in study["looks"] for seed in look["seeds"]]
    values = _values(records, METRICS[0], study["verdict"]["must_learn"])
    return {
        arm["name"]: stats.pair(
            values.get(arm["name"], {}), values.get(arm["reference"], {}), seeds
        ).differences.tolist()
        for arm in study["arms"]
        if arm["reference"]
    }


def _values(records: list[Record], metric: Metric, must_learn: bool) -> dict[str, dict[int, float | None]]:
    """Arm to seed to value, None for a failed run."""
    failed = {"diverged", "at_chance"} if must_learn else {"diverged"}
    values: dict[str, dict[int, float | None]] = {}
    for record in records:
        value = None if record.status in failed else metric.of(record.metrics)
        values.setdefault(record.arm, {})[record.seed] = value
    return values
