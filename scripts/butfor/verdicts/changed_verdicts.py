"""What became of verdicts between two results folders: of two studies, versions or devices. Standard library only."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from butfor.errors import StudyError
from butfor.verdicts.rows import Comparison, ContrastRow

SHOWN = ("verdict", "remark", "effect", "low", "high", "pairs", "margin", "reference")


class VerdictPair(TypedDict):
    """An ablation in both folders. overlap: whether the two intervals have a number in common; None where one is not known."""

    arm: str
    changed: bool
    overlap: bool | None
    a: dict[str, Any]
    b: dict[str, Any]


class VerdictDiff(TypedDict):
    """Two folders compared by one metric: the ablations of both, those of one alone, and what else differs, a sentence each."""

    a: str
    b: str
    metric: str
    unit: str
    decimals: int
    both: list[VerdictPair]
    only_a: list[str]
    only_b: list[str]
    differences: list[str]


@dataclass(frozen=True)
class Side:
    """One results folder: its rows by arm on the metric that is compared, and what they were made from."""

    folder: Path
    rows: dict[str, ContrastRow]
    comparison: Comparison
    devices: str


def verdict_diff(a: Path, b: Path, metric: str | None = None) -> VerdictDiff:
    """The verdicts of two results folders side by side. metric: by which; default the one that decides in `a`.

    Raises StudyError if a folder holds no verdicts, or none on that metric.
    """
    metric_name = metric or _read(a, "comparison.json")["metric"]
    one, other = _side(a, metric_name), _side(b, metric_name)
    first = next(iter({**one.rows, **other.rows}.values()))
    return {
        "a": str(a),
        "b": str(b),
        "metric": metric_name,
        "unit": first["unit"],
        "decimals": first["decimals"],
        "both": [_pair(arm, row, other.rows[arm]) for arm, row in one.rows.items() if arm in other.rows],
        "only_a": [arm for arm in one.rows if arm not in other.rows],
        "only_b": [arm for arm in other.rows if arm not in one.rows],
        "differences": _differences(one, other),
    }


def changed_in(diff: VerdictDiff) -> list[VerdictPair]:
    """The ablations whose verdict is another one."""
    return [pair for pair in diff["both"] if pair["changed"]]


def moved_in(diff: VerdictDiff) -> list[VerdictPair]:
    """The ablations that keep their verdict, though their intervals have nothing in common."""
    return [pair for pair in diff["both"] if not pair["changed"] and pair["overlap"] is False]


def _side(folder: Path, metric: str) -> Side:
    comparison, rows = _read(folder, "comparison.json"), _read(folder, "contrasts.json")
    by_arm = {row["arm"]: row for row in rows if row["metric"] == metric}
    if not by_arm:
        known = ", ".join(dict.fromkeys(row["metric"] for row in rows)) or "none"
        raise StudyError(
            f"{folder}: expected verdicts on {metric}, received those on {known}. Write --metric and one of both."
        )
    return Side(folder, by_arm, comparison, _devices(folder))


def _pair(arm: str, a: ContrastRow, b: ContrastRow) -> VerdictPair:
    sides = [{name: row[name] for name in SHOWN} for row in (a, b)]  # type: ignore[literal-required]
    ends = [a["low"], a["high"], b["low"], b["high"]]
    overlap = None if None in ends else bool(ends[0] <= ends[3] and ends[2] <= ends[1])  # type: ignore[operator]
    return {"arm": arm, "changed": a["verdict"] != b["verdict"], "overlap": overlap, "a": sides[0], "b": sides[1]}


def _differences(a: Side, b: Side) -> list[str]:
    """What else differs, so that a changed verdict may be due to it."""
    sentences = []
    for what, one, other in (
        ("the margin is", _margin(a), _margin(b)),
        ("verdicts are asked by", _decides(a), _decides(b)),
        ("there are", f"{a.comparison['runs']} runs", f"{b.comparison['runs']} runs"),
        ("runs were made on", a.devices, b.devices),
    ):
        if one != other and one and other:
            sentences.append(f"In {a.folder}, {what} {one}; in {b.folder}, {other}.")
    references = {
        arm: (row["reference"], b.rows[arm]["reference"])
        for arm, row in a.rows.items()
        if arm in b.rows and row["reference"] != b.rows[arm]["reference"]
    }
    sentences += [
        f"{arm} is compared with {one} in {a.folder} and with {other} in {b.folder}."
        for arm, (one, other) in references.items()
    ]
    changes = {arm: (_changes(a, arm), _changes(b, arm)) for arm in a.rows if arm in b.rows}
    sentences += [
        f"{arm} changes {one} in {a.folder} and {other} in {b.folder}."
        for arm, (one, other) in changes.items()
        if one != other and one and other
    ]
    return sentences


def _changes(side: Side, arm: str) -> str:
    """What an ablation changes in its reference; nothing where that is not known."""
    return next((", ".join(row["changes"]) for row in side.comparison.get("arms", []) if row["arm"] == arm), "")


def _margin(side: Side) -> str:
    margins = sorted({row["margin"] for row in side.rows.values() if row["margin"] is not None})
    return ", ".join(f"±{margin:g}" for margin in margins) or "none"


def _decides(side: Side) -> str:
    return side.comparison["metric"]


def _devices(folder: Path) -> str:
    """The devices that runs were made on, as tables/runs.csv has them."""
    try:
        with (folder / "tables" / "runs.csv").open(newline="") as table:
            rows: list[Mapping[str, str]] = list(csv.DictReader(table))
    except OSError:
        return ""
    return ", ".join(sorted({row.get("device", "") for row in rows} - {""}))


def _read(folder: Path, name: str) -> Any:
    path = folder / name
    try:
        return json.loads(path.read_text())
    except OSError as failure:
        raise StudyError(
            f"{folder}: expected the results folder of a finished study, with {name} in it, received none"
            f" ({failure.strerror}). Of one that is not finished, name its folder partial, which `butfor report` makes."
        ) from failure
    except ValueError as failure:
        raise StudyError(f"{path}: expected JSON, received what cannot be read ({failure}).") from failure
